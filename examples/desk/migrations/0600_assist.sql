-- What was said in a call, as far as it may be kept: numbers of cards and identities are masked before a row is written.
CREATE TABLE desk_transcript (
    call     TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    speaker  TEXT   NOT NULL,
    start_ms BIGINT NOT NULL,
    end_ms   BIGINT NOT NULL,
    said     TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (call, id)
);
CREATE INDEX desk_transcript_at ON desk_transcript (at);
CREATE TABLE desk_suggestion (
    call      TEXT   NOT NULL,
    id        TEXT   NOT NULL,
    said      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    dismissed BIGINT NOT NULL,
    PRIMARY KEY (call, id)
);
CREATE INDEX desk_suggestion_at ON desk_suggestion (at);
-- When a call's first audio came, and what its summary is.
CREATE TABLE desk_assisted (
    call    TEXT   NOT NULL PRIMARY KEY,
    since   BIGINT NOT NULL,
    summary TEXT,
    at      BIGINT NOT NULL
);
CREATE INDEX desk_assisted_at ON desk_assisted (at);
-- Whether calls of a campaign may be listened to.
CREATE TABLE desk_assist_consent (
    campaign TEXT   NOT NULL PRIMARY KEY,
    consent  BIGINT NOT NULL
);
-- What was used on a day.
CREATE TABLE desk_assist_use (
    day    TEXT   NOT NULL,
    what   TEXT   NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (day, what)
);
