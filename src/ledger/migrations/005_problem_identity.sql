-- The id of the record that a problem is about; empty where there is none.
ALTER TABLE problem ADD COLUMN identity TEXT NOT NULL DEFAULT '';
