-- Rows of cases that may have been cut at the end of their file, as a run found them. The next run that
-- finds the same row knows that it is whole. `message` is the hash of the message's id.
CREATE TABLE cut_row (
    hash     INTEGER PRIMARY KEY, -- xxh3_64 of what the row says
    identity TEXT    NOT NULL,    -- of its case, as the row says it
    message  INTEGER NOT NULL,
    held_at  INTEGER NOT NULL     -- unix milliseconds
) STRICT;
