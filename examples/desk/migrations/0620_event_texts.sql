-- Of the masked text of an event, 'masked' is what comes after its first 'shared' bytes, which are those of 'body'.
ALTER TABLE desk_event ADD COLUMN shared BIGINT NOT NULL DEFAULT 0;
