-- The reading that a row was last seen in, and a digest of the row: apart from the rows, which a reading of a day
-- mostly finds as they are.
create table cdr_seen (
    key text not null primary key,
    reading bigint not null,
    digest text
) without rowid;
insert into cdr_seen (key, reading) select key, reading from cdr_row;
alter table cdr_row drop column reading;
