-- Which record of the file a problem is about, where a line may hold several; else nothing.
ALTER TABLE problem ADD COLUMN record INTEGER;
