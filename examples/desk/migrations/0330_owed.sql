-- Calls that wait for a word of their agent, and what was kept of the others.

-- 'owes' is 1 while a call is over and nothing was said about it; 'owed_by' is who has taken that over.
ALTER TABLE desk_call ADD COLUMN owes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE desk_call ADD COLUMN owed_by TEXT;
CREATE INDEX desk_call_owes ON desk_call (ended) WHERE owes = 1;
CREATE INDEX desk_call_owes_agent ON desk_call (agent) WHERE owes = 1;

-- The front end's own code and lead of the disposition that counts.
ALTER TABLE desk_call ADD COLUMN code TEXT;
ALTER TABLE desk_call ADD COLUMN lead TEXT;
-- Whether an appointment that was not cancelled names the call.
ALTER TABLE desk_call ADD COLUMN booked BIGINT NOT NULL DEFAULT 0;
CREATE INDEX desk_call_code ON desk_call (began) WHERE code IS NOT NULL OR booked = 1;
