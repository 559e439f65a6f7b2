-- What all desks of an account know together: its token, sealed, and when limited requests went out. A row changes only
-- from the version that was seen.
CREATE TABLE desk_account_state (
    name    TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    value   TEXT   NOT NULL
);
