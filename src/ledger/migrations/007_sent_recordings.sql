-- Which call each recording went to: one recording goes to one call. Of the name below the audio
-- folder there is only a hash with the key below, and of the call's id the same as in `call`.
CREATE TABLE sent_recording (
    id    INTEGER PRIMARY KEY,
    name  INTEGER NOT NULL,
    call  INTEGER NOT NULL,
    bytes INTEGER NOT NULL, -- of the file
    UNIQUE (name, call)
) STRICT;
CREATE TABLE name_key (key BLOB NOT NULL) STRICT;
INSERT INTO name_key VALUES (randomblob(32));
