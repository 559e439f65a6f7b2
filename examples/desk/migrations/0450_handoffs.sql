-- Calls that voice assistants hand to agents, with what is known of the caller. 'body' is the whole row as JSON; the
-- other columns are parts of it, to be searched by; an id that is not known is empty.
CREATE TABLE desk_handoff (
    id         TEXT   NOT NULL PRIMARY KEY,
    maker      TEXT   NOT NULL,
    session    TEXT   NOT NULL,
    extension  TEXT   NOT NULL,
    agent_key  TEXT   NOT NULL,
    call_sid   TEXT   NOT NULL,
    call_id    TEXT   NOT NULL,
    leg_sid    TEXT,
    number_key TEXT,
    state      TEXT   NOT NULL,
    call       TEXT,
    made       BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
-- The same call is handed over once while that goes on.
CREATE UNIQUE INDEX desk_handoff_open ON desk_handoff (maker, session, call_sid, call_id)
    WHERE state NOT IN ('failed', 'ended');
CREATE UNIQUE INDEX desk_handoff_joined ON desk_handoff (call);
CREATE INDEX desk_handoff_agent ON desk_handoff (agent_key, made);
CREATE INDEX desk_handoff_sid ON desk_handoff (call_sid);
CREATE INDEX desk_handoff_leg ON desk_handoff (leg_sid);
CREATE INDEX desk_handoff_call_id ON desk_handoff (call_id);
CREATE INDEX desk_handoff_number ON desk_handoff (number_key);
