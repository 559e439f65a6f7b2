-- Whether the call of an entry that was waiting is forgotten: its notes go when it has ended.
ALTER TABLE desk_outbox ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0;
