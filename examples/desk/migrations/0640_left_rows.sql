-- Whose a row is that was left out, and what is the same of it in a file in which it has a number.
ALTER TABLE desk_lead_left ADD COLUMN agent TEXT;
ALTER TABLE desk_lead_left ADD COLUMN row_key TEXT;
CREATE INDEX desk_lead_left_row ON desk_lead_left (row_key);
