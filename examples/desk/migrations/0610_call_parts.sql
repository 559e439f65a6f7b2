-- What is each agent's own of a call that has had more than one.

-- Notes as they are typed, by agent. What was typed before is of the call's agent.
CREATE TABLE desk_note_draft (
    call     TEXT   NOT NULL,
    agent    TEXT   NOT NULL,
    typed_by TEXT   NOT NULL,
    notes    TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (call, agent)
);
INSERT INTO desk_note_draft (call, agent, typed_by, notes, at)
    SELECT d.call, c.agent, d.typed_by, d.notes, d.at
    FROM desk_draft d JOIN desk_call c ON c.id = d.call WHERE c.agent IS NOT NULL;

-- 'owes' is 1 while an agent who handed a call on has said nothing about the own part, which ended at 'ended';
-- 'taken_by' is who has taken over what an agent owes of a call, also of one that the agent has.
CREATE TABLE desk_call_part (
    call     TEXT   NOT NULL,
    agent    TEXT   NOT NULL,
    ended    BIGINT,
    owes     BIGINT NOT NULL,
    taken_by TEXT,
    PRIMARY KEY (call, agent)
) /* WITHOUT ROWID */;
CREATE INDEX desk_call_part_owes ON desk_call_part (agent) WHERE owes = 1;
INSERT INTO desk_call_part (call, agent, owes, taken_by)
    SELECT id, agent, 0, owed_by FROM desk_call WHERE agent IS NOT NULL AND owed_by IS NOT NULL;
