-- Rows that were left out go when they are old.
CREATE INDEX desk_lead_left_at ON desk_lead_left (at);
