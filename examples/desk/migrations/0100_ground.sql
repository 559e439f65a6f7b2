-- What the store is, the log of events, and who holds what.

-- Facts about the store itself: whose it is ('owner'), how often it was opened ('starts').
CREATE TABLE desk_meta (
    name   TEXT   NOT NULL PRIMARY KEY,
    value  TEXT   NOT NULL DEFAULT '',
    number BIGINT NOT NULL DEFAULT 0
);

-- One row: the number of the newest event. Taking it locks it until the transaction ends, so that events become
-- visible in the order of their numbers.
CREATE TABLE desk_event_head (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    id  BIGINT NOT NULL
);
INSERT INTO desk_event_head (one, id) VALUES (1, 0);

-- What happened, for whom, append-only; only age removes rows.
CREATE TABLE desk_event (
    id       BIGINT NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    audience TEXT   NOT NULL,
    agent    TEXT,
    body     TEXT   NOT NULL,
    masked   TEXT
);

-- Who does what only one desk may do. The fence rises with each holder and never falls.
CREATE TABLE desk_lease (
    name   TEXT   NOT NULL PRIMARY KEY,
    holder TEXT   NOT NULL,
    fence  BIGINT NOT NULL,
    until  BIGINT NOT NULL
);
