-- The rule by which the number keys of all rows are made, and the row up to which those of an older rule are made anew.
alter table cdr_store add column number_keys bigint;
alter table cdr_store add column keyed_to text;
