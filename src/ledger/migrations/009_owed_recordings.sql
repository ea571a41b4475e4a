-- `upload_state` gets two numbers: 5 for calls whose recording was looked for and that go without it as
-- the operator said, and 6 for calls that went without and whose recording is looked for since. What
-- earlier programs wrote is 3: they did not keep whether anybody had looked.
SELECT 1;
