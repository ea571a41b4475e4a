-- One row a case (a ticket), in the order in which the cases were first seen. `case` is a word of
-- SQL, hence the name. The numbers of the states are those of `cases.rs`.
CREATE TABLE desk_case (
    id          INTEGER PRIMARY KEY,
    hash        INTEGER NOT NULL, -- xxh3_64 of the identity
    state       INTEGER NOT NULL,
    obstacle    INTEGER NOT NULL,
    updated     INTEGER NOT NULL, -- the case's own `updated` that the server has, unix milliseconds
    fingerprint BLOB    NOT NULL, -- of the case's own fields that the server has; 16 bytes
    content     BLOB    NOT NULL, -- the same with all messages, when they went out together; else 0
    identity    TEXT    NOT NULL,
    first_at    INTEGER NOT NULL, -- unix milliseconds
    last_at     INTEGER NOT NULL,
    status      INTEGER,
    message     TEXT
) STRICT;

CREATE INDEX desk_case_by_hash ON desk_case (hash);

-- One row a message. Of its id only a hash is kept: nobody looks a message up by hand.
CREATE TABLE desk_message (
    in_case INTEGER NOT NULL REFERENCES desk_case (id),
    hash    INTEGER NOT NULL, -- xxh3_64 of the message's id
    mark    INTEGER NOT NULL, -- half of its fingerprint
    state   INTEGER NOT NULL,
    PRIMARY KEY (in_case, hash)
) STRICT, WITHOUT ROWID;
