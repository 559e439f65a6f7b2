-- Whether a row that was left out has a number by now. It stays, so that its file again does not count it again.
ALTER TABLE desk_lead_left ADD COLUMN numbered BIGINT NOT NULL DEFAULT 0;
-- All that a count reads.
CREATE INDEX desk_lead_left_count ON desk_lead_left (row_key, agent, reason, numbered);
