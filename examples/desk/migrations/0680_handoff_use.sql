-- When a hand-off last changed: for so long a call is looked for, and what no call was found for is kept. Of a row that a
-- desk wrote which did not know it, the time it was made counts.
ALTER TABLE desk_handoff ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX desk_handoff_changed ON desk_handoff (agent_key, changed);
CREATE INDEX desk_handoff_alone ON desk_handoff (changed) WHERE call IS NULL;
