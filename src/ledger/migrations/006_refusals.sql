-- Earlier programs kept a refusal also where an earlier try of the same call may have arrived, and did
-- not say which: those calls stay in doubt, as they were treated.
UPDATE call SET create_state = 1 WHERE create_state = 2;

-- The states of a case that were sent and that another of the same time has replaced; 16 bytes each.
ALTER TABLE desk_case ADD COLUMN replaced BLOB;
