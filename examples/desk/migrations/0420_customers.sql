-- Leads with all that is known of them, and appointments: the platform's own tables.

ALTER TABLE desk_lead ADD COLUMN email TEXT;
-- What else is known, as a JSON object.
ALTER TABLE desk_lead ADD COLUMN fields TEXT;

ALTER TABLE desk_follow_up ADD COLUMN number_key TEXT;
CREATE INDEX desk_follow_up_number ON desk_follow_up (number_key, due);
CREATE INDEX desk_call_number ON desk_call (number_key, began);

CREATE TABLE desk_department (
    id   TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE desk_doctor (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    department TEXT NOT NULL
);

CREATE TABLE desk_slot (
    id     TEXT   NOT NULL PRIMARY KEY,
    doctor TEXT   NOT NULL,
    starts BIGINT NOT NULL,
    ends   BIGINT NOT NULL
);
CREATE UNIQUE INDEX desk_slot_start ON desk_slot (doctor, starts);

-- 'body' is the appointment as JSON; the other columns are parts of it, to be searched by.
CREATE TABLE desk_appointment (
    id         TEXT   NOT NULL PRIMARY KEY,
    version    BIGINT NOT NULL,
    slot       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    lead       TEXT,
    number_key TEXT   NOT NULL,
    call       TEXT,
    starts     BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
-- Two agents, one time: one of them.
CREATE UNIQUE INDEX desk_appointment_slot ON desk_appointment (slot) WHERE state <> 'cancelled';
CREATE INDEX desk_appointment_number ON desk_appointment (number_key, starts);
CREATE INDEX desk_appointment_lead ON desk_appointment (lead, starts);
CREATE INDEX desk_appointment_call ON desk_appointment (call);
CREATE INDEX desk_appointment_starts ON desk_appointment (starts);
