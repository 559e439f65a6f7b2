-- The version of the oldest program that may go on with these tables.
alter table cdr_store add column opens_from bigint;
