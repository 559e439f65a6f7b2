-- For which due time of a follow-up its agent has been reminded.
ALTER TABLE desk_follow_up ADD COLUMN told BIGINT NOT NULL DEFAULT 0;
