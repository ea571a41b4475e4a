-- The part of an export that the ledger is kept for, where several processes share one: one row then.
CREATE TABLE shard (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    number       INTEGER NOT NULL, -- from 0
    parts        INTEGER NOT NULL,
    hash_version INTEGER NOT NULL, -- of what tells which part a record belongs to
    export       BLOB,             -- SHA-256 over those of the files, sorted; nothing until the first run
    mapping      BLOB              -- SHA-256 of the mapping, its tables and flags; nothing until the first run
) STRICT;
