-- Finished calls as the platform is told of them.

-- One row per phone call, whoever told of it first: the platform's record in the desk's own tables.
CREATE TABLE desk_report (
    call       TEXT   NOT NULL PRIMARY KEY,
    revision   BIGINT NOT NULL,
    lead       TEXT,
    number_key TEXT,
    body       TEXT   NOT NULL
);
CREATE INDEX desk_report_number ON desk_report (number_key);

-- Every id under which a phone call was reported.
CREATE TABLE desk_report_id (
    alias TEXT NOT NULL PRIMARY KEY,
    call  TEXT NOT NULL
) /* WITHOUT ROWID */;
CREATE INDEX desk_report_id_call ON desk_report_id (call);

-- Days of the call-detail records, each with the reading whose calls have been taken over.
CREATE TABLE desk_report_day (
    day     TEXT   NOT NULL PRIMARY KEY,
    reading BIGINT NOT NULL
);
