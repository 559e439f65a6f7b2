-- What is to be done: leads, missed calls, follow-ups.

-- A person to call. One row per number, by what all its spellings have in common.
CREATE TABLE desk_lead (
    id               TEXT   NOT NULL PRIMARY KEY,
    number_key       TEXT   NOT NULL UNIQUE,
    number           TEXT   NOT NULL,
    name             TEXT   NOT NULL,
    source           TEXT   NOT NULL,
    agent            TEXT,
    added            BIGINT NOT NULL,
    last_interaction BIGINT,
    done             BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX desk_lead_open ON desk_lead (done, added, id);

-- The rows of an import that had no number: left out of the worklist, and counted.
CREATE TABLE desk_lead_left (
    import TEXT   NOT NULL,
    line   BIGINT NOT NULL,
    reason TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (import, line)
);

-- The missed calls of one number, as JSON; the columns are what is searched for.
CREATE TABLE desk_missed (
    number_key TEXT   NOT NULL PRIMARY KEY,
    version    BIGINT NOT NULL,
    open       BIGINT NOT NULL,
    last       BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX desk_missed_open ON desk_missed (open, last);

-- What someone has promised to do, as JSON.
CREATE TABLE desk_follow_up (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    agent   TEXT   NOT NULL,
    open    BIGINT NOT NULL,
    due     BIGINT NOT NULL,
    body    TEXT   NOT NULL
);
CREATE INDEX desk_follow_up_open ON desk_follow_up (open, due);
