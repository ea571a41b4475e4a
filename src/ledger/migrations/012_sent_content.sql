-- What the create requests of a call carried that the server may have: of each field a short keyed hash,
-- never its text (`call/sent_fields.rs`). The row whose fingerprint is that of the call is what the server has.
CREATE TABLE export_file (
    id   INTEGER PRIMARY KEY,
    name INTEGER NOT NULL, -- keyed hash of its name
    hash BLOB    NOT NULL  -- SHA-256 of its bytes
) STRICT;
CREATE TABLE mapping_used (
    id             INTEGER PRIMARY KEY,
    hash           BLOB NOT NULL, -- SHA-256 of the mapping file
    consent_column TEXT           -- the column that consent came from
) STRICT;
CREATE TABLE sent_content (
    call        INTEGER NOT NULL REFERENCES call (id) ON DELETE CASCADE,
    fingerprint BLOB    NOT NULL, -- 16 bytes, big-endian, as in `call`
    fields      BLOB    NOT NULL,
    record      BLOB,             -- SHA-256 of each record of the export that the call was made of, one after the other
    export      INTEGER REFERENCES export_file (id),
    mapping     INTEGER REFERENCES mapping_used (id),
    PRIMARY KEY (call, fingerprint)
) STRICT, WITHOUT ROWID;

-- What is known of the recording that arrived, beside its BLAKE3 and its size in `call`.
CREATE TABLE sent_audio (
    call   INTEGER PRIMARY KEY REFERENCES call (id) ON DELETE CASCADE,
    length INTEGER, -- milliseconds
    sha256 BLOB
) STRICT;

-- What was last seen of a call at its destination. The numbers are those of `verify/rows.rs`.
CREATE TABLE verified (
    call    INTEGER PRIMARY KEY REFERENCES call (id) ON DELETE CASCADE,
    pass    INTEGER NOT NULL, -- which comparison saw it
    at      INTEGER NOT NULL, -- unix milliseconds
    outcome INTEGER NOT NULL,
    state   INTEGER,          -- of the conversation; nothing where there is none
    day     INTEGER,          -- of the conversation, from 1970-01-01
    seen    INTEGER NOT NULL, -- what was found: bits
    differs INTEGER NOT NULL, -- a bit for each field that is not as it was sent
    uid     INTEGER           -- xxh3_64 of the uid that was seen
) STRICT;
-- The comparison that is under way, or was last: one row.
CREATE TABLE verify_pass (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    pass     INTEGER NOT NULL,
    asked    INTEGER NOT NULL, -- xxh3_64 of what was asked for
    started  INTEGER NOT NULL, -- unix milliseconds
    finished INTEGER,
    pages    INTEGER NOT NULL,
    token    TEXT CHECK (length(token) <= 8192) -- of the page that comes next; the server's word
) STRICT;
