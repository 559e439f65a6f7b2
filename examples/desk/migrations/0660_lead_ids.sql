-- Ids of leads that became one with another of the same number, and which lead that is.
CREATE TABLE desk_lead_id (
    alias TEXT NOT NULL PRIMARY KEY,
    lead  TEXT NOT NULL
) /* WITHOUT ROWID */;
CREATE INDEX desk_lead_id_lead ON desk_lead_id (lead);
