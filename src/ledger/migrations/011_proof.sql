-- Whether the ledger was shown to be the right one for its destination, of calls and of cases: 0 not yet,
-- 1 a run stopped because it seems to be the wrong one, 2 a run reached the end of its export, or the
-- operator said so. It stands here because a purge forgets the runs.
ALTER TABLE ledger ADD COLUMN call_proof INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN case_proof INTEGER NOT NULL DEFAULT 0;
-- Of earlier programs, what a ledger knew was its proof, unless its last run that told had that doubt.
UPDATE ledger SET
    call_proof = 2 * EXISTS (SELECT 1 FROM call WHERE create_state = 5 AND uid IS NOT NULL),
    case_proof = 2 * EXISTS (SELECT 1 FROM desk_case WHERE state >= 2);
UPDATE ledger SET call_proof = min(call_proof, 1), case_proof = min(case_proof, 1)
WHERE (SELECT tally FROM run WHERE finished IS NOT NULL
       AND (tally NOT LIKE '%"stop":%' OR tally LIKE '%"stop":"wrong_ledger"%')
       ORDER BY id DESC LIMIT 1) LIKE '%"stop":"wrong_ledger"%';
UPDATE ledger SET call_proof = 2 WHERE EXISTS (SELECT 1 FROM call WHERE create_state IN (3, 4));
