-- What was used of a call, of what may be used of one.
ALTER TABLE desk_assisted ADD COLUMN audio_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE desk_assisted ADD COLUMN tokens BIGINT NOT NULL DEFAULT 0;
