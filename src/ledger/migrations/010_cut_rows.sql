-- Rows of cases that may have been cut at the end of their file, as a run found them. The next run that
-- finds the same row knows that it is whole. `message` is the hash of the message's id.
CREATE TABLE cut_row (
    hash     INTEGER PRIMARY KEY, -- xxh3_64 of what the row says
    identity TEXT    NOT NULL,    -- of its case, as the row says it
    in_case  INTEGER NOT NULL,    -- xxh3_64 of that
    message  INTEGER NOT NULL,
    held_at  INTEGER NOT NULL     -- unix milliseconds
) STRICT;
CREATE INDEX cut_row_by_case ON cut_row (identity);

-- Every run asks at its end which calls are held for too long; most calls are not held.
CREATE INDEX call_held ON call (held_at) WHERE obstacle = 1;
