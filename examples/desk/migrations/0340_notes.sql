-- Whether the notes of a call have gone because they were kept long enough; a call that changes is looked at again.
ALTER TABLE desk_call ADD COLUMN notes_gone BIGINT NOT NULL DEFAULT 0;
CREATE INDEX desk_call_notes ON desk_call (began) WHERE notes_gone = 0 AND phase = 'closed';
