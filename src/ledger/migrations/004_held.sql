-- When a call was first held, until it is complete; unix milliseconds.
ALTER TABLE call ADD COLUMN held_at INTEGER;
-- Bytes of the file of which the recording was made that arrived: it may have grown since.
ALTER TABLE call ADD COLUMN source_bytes INTEGER;
UPDATE call SET held_at = last_at WHERE obstacle = 1;
