-- The call that was sent under this id: 16 bits of a hash of the customer above the number of the day.
-- Few bits on purpose: they tell an id that was used again, and no person. Nothing where not known.
ALTER TABLE call ADD COLUMN party INTEGER;
