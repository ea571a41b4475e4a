-- Which server everything below speaks about. One row, written once.
CREATE TABLE ledger (
    destination TEXT    NOT NULL,
    since       INTEGER NOT NULL -- unix milliseconds
) STRICT;

-- One row a call, in the order in which the calls were first seen: new rows then fill the last
-- page instead of touching a random one each. Short columns that every start reads come first.
-- The numbers of the states are those of `rows.rs`.
CREATE TABLE call (
    id           INTEGER PRIMARY KEY,
    hash         INTEGER NOT NULL, -- xxh3_64 of the identity
    fingerprint  BLOB    NOT NULL, -- 16 bytes, big-endian
    create_state INTEGER NOT NULL,
    upload_state INTEGER NOT NULL,
    obstacle     INTEGER NOT NULL,
    identity     TEXT    NOT NULL,
    uid          TEXT,
    recording    BLOB,             -- BLAKE3 of the bytes that were sent
    bytes        INTEGER,
    resends      INTEGER NOT NULL,
    first_at     INTEGER NOT NULL, -- unix milliseconds
    last_at      INTEGER NOT NULL,
    status       INTEGER,
    message      TEXT
) STRICT;

-- Eight bytes instead of the whole identity; a look-up compares the identity as well.
CREATE INDEX call_by_hash ON call (hash);

CREATE TABLE run (
    id       INTEGER PRIMARY KEY,
    options  TEXT    NOT NULL,
    started  INTEGER NOT NULL,
    finished INTEGER,
    exit     INTEGER,
    tally    TEXT
) STRICT;

-- Of the last run only.
CREATE TABLE problem (
    file     TEXT    NOT NULL,
    line     INTEGER NOT NULL,
    name     TEXT    NOT NULL, -- of the column
    code     TEXT    NOT NULL,
    severity TEXT    NOT NULL,
    message  TEXT    NOT NULL
) STRICT;
