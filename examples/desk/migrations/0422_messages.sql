-- Messages to leads, written before anything is sent. 'body' is the message as JSON.
CREATE TABLE desk_message (
    id         TEXT   NOT NULL PRIMARY KEY,
    asker      TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    body_hash  TEXT   NOT NULL,
    number_key TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    body       TEXT   NOT NULL
);
CREATE UNIQUE INDEX desk_message_key ON desk_message (asker, key);
CREATE INDEX desk_message_number ON desk_message (number_key, at);
