-- Appointments that are being written and that their call does not mention yet. 'version' is the one that is being
-- written.
CREATE TABLE desk_booking (
    id          TEXT   NOT NULL PRIMARY KEY,
    appointment TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    call        TEXT   NOT NULL,
    booker      TEXT   NOT NULL,
    at          BIGINT NOT NULL
);
CREATE INDEX desk_booking_at ON desk_booking (at, id);
