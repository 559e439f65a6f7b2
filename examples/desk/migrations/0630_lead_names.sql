-- The name of a lead in small letters, to be searched by: SQLite knows small letters of ASCII alone.
ALTER TABLE desk_lead ADD COLUMN folded TEXT;
