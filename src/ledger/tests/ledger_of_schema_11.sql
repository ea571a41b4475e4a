BEGIN TRANSACTION;
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
, held_at INTEGER, source_bytes INTEGER, party INTEGER) STRICT;
INSERT INTO "call" VALUES(1,-8932426545083296038,X'FE12B8F55210B07DBB6C8A43EF174E5F',5,4,0,'SAMPLE-0002','a017c40a-23f1-44cb-baf8-c8a5257f5343',X'CA87E9402841EA99E91809026E997A07D5B91AFC66133DD2862F9E5F004277D4',3386,0,1796097071173,1796097071248,NULL,NULL,NULL,3386,94915925);
INSERT INTO "call" VALUES(2,-6440234551940898387,X'04A0678CFC497A829934CAF4F81D5B68',5,4,0,'SAMPLE-0001','5fbb4b6c-b3b7-4ea0-9470-895be9aa7939',X'6442C2CF9D61F794CACE61EFCC8D609D8B49BB70A8A06EBF14ED2CD80EC95AF5',1644,0,1796097071173,1796097071249,NULL,NULL,NULL,1644,1735478613);
INSERT INTO "call" VALUES(3,-8403582614188686839,X'9303D530C11D3A457FE6C2659AB9CC36',5,5,0,'SAMPLE-0003','b35c1047-030e-4179-a0a8-806512a944b9',NULL,NULL,0,1796097071872,1796097071879,NULL,NULL,NULL,NULL,3681176917);
INSERT INTO "call" VALUES(4,-6213941020501677746,X'6990E16CD38FB217B24E9131E039AB69',5,3,0,'SAMPLE-0004','1d93faa8-81fe-410a-b6f3-8a50d5e21a6a',NULL,NULL,0,1796097072619,1796097072666,NULL,NULL,NULL,NULL,2949926229);
INSERT INTO "call" VALUES(5,-4507661168495736777,X'F029092BEA82E3FBC8EB6DB6B4E0FAEA',5,6,1,'1729989000.42','a81d1f7a-abcc-4e2e-9308-3d3e92865bda',NULL,NULL,0,1796097072619,1796097073260,NULL,'recording-missing',1796097073260,NULL,1184190007);
INSERT INTO "call" VALUES(6,3354909091015554175,X'2577848B355D179FCB00A97F01D1E7FC',3,0,0,'SAMPLE-0006',NULL,NULL,NULL,0,1796097073757,1796097073780,NULL,NULL,NULL,NULL,448024119);
INSERT INTO "call" VALUES(7,4701976523980626210,X'2381CA1372BC712F26C5729B3A35721E',4,2,3,'SAMPLE-0007',NULL,NULL,NULL,0,1796097074468,1796097074727,404,'the server answered 404: There is no such conversation',NULL,NULL,482233670);
INSERT INTO "call" VALUES(8,-3133126456132718767,X'B7660D0E30F267A4195A069B27887C1D',2,0,2,'SAMPLE-0008',NULL,NULL,NULL,0,1796097075673,1796097075756,422,'the server answered 422: This answer is a fault that the sandbox was told to give',NULL,NULL,682773770);
INSERT INTO "call" VALUES(9,5682443731347282705,X'882355D1DAC8B8B37D0F81E8ED039C68',5,1,5,'1710490323000000042','afd203ff-cc87-4157-82c3-5da8d52601c5',NULL,2234,0,1796097077493,1796097077538,NULL,'the connection broke: connection closed before message completed',NULL,NULL,4150545857);
INSERT INTO "call" VALUES(10,2639769720733835249,X'487D6798A1CB6B9CEEAE01A95D6479FB',0,0,1,'SAMPLE-0011',NULL,NULL,NULL,0,1796097078084,1796097078084,NULL,'recording-missing',1796097078084,NULL,NULL);
CREATE TABLE cut_row (
    hash     INTEGER PRIMARY KEY, -- xxh3_64 of what the row says
    identity TEXT    NOT NULL,    -- of its case, as the row says it
    in_case  INTEGER NOT NULL,    -- xxh3_64 of that
    message  INTEGER NOT NULL,
    held_at  INTEGER NOT NULL     -- unix milliseconds
) STRICT;
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
, replaced BLOB) STRICT;
INSERT INTO "desk_case" VALUES(1,7880324714686443243,2,1,1710581400000,X'B410FFBC17AF6C066682009FBDF4EFE8',X'00000000000000000000000000000000','3001',1796097078657,1796097079022,422,'the server answered 422: This answer is a fault that the sandbox was told to give',NULL);
INSERT INTO "desk_case" VALUES(2,-4390806114749114014,2,0,1729992600000,X'BF4FA35744EA50CE127D6492E4C32054',X'00000000000000000000000000000000','3003',1796097078670,1796097078722,NULL,NULL,NULL);
INSERT INTO "desk_case" VALUES(3,-751463875709696427,0,1,0,X'00000000000000000000000000000000',X'00000000000000000000000000000000','3004',1796097078951,1796097079022,422,'the server answered 422: This answer is a fault that the sandbox was told to give',NULL);
CREATE TABLE desk_message (
    in_case INTEGER NOT NULL REFERENCES desk_case (id),
    hash    INTEGER NOT NULL, -- xxh3_64 of the message's id
    mark    INTEGER NOT NULL, -- half of its fingerprint
    state   INTEGER NOT NULL,
    PRIMARY KEY (in_case, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO "desk_message" VALUES(1,6322987828287598976,3007892750704979907,1);
INSERT INTO "desk_message" VALUES(2,-8735458760832065892,-7633418699010250688,1);
INSERT INTO "desk_message" VALUES(2,8905636884433304462,-3101350055209156781,1);
CREATE TABLE ledger (
    destination TEXT    NOT NULL,
    since       INTEGER NOT NULL -- unix milliseconds
, call_proof INTEGER NOT NULL DEFAULT 0, case_proof INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "ledger" VALUES('sandbox',1796097071027,2,2);
CREATE TABLE name_key (key BLOB NOT NULL) STRICT;
INSERT INTO "name_key" VALUES(X'64F563B0907783E9F67F0FCE749C5A8906F865AEA8824B5AC48F4AE217314F23');
CREATE TABLE problem (
    file     TEXT    NOT NULL,
    line     INTEGER NOT NULL,
    name     TEXT    NOT NULL, -- of the column
    code     TEXT    NOT NULL,
    severity TEXT    NOT NULL,
    message  TEXT    NOT NULL
, record INTEGER, identity TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "problem" VALUES('N.csv',3,'','server-refused','error','the server answered 422: This answer is a fault that the sandbox was told to give',NULL,'3001');
INSERT INTO "problem" VALUES('N.csv',5,'','server-refused','error','the server answered 422: This answer is a fault that the sandbox was told to give',NULL,'3001');
INSERT INTO "problem" VALUES('N.csv',2,'','server-refused','error','the server answered 422: This answer is a fault that the sandbox was told to give',NULL,'3004');
INSERT INTO "problem" VALUES('N.csv',4,'','server-refused','error','the server answered 422: This answer is a fault that the sandbox was told to give',NULL,'3004');
CREATE TABLE run (
    id       INTEGER PRIMARY KEY,
    options  TEXT    NOT NULL,
    started  INTEGER NOT NULL,
    finished INTEGER,
    exit     INTEGER,
    tally    TEXT
) STRICT;
INSERT INTO "run" VALUES(1,'capturi-v1 to sandbox',1796097071065,1796097071296,0,'{"read":2,"created":2,"already_there":0,"skipped":0,"held":0,"rejected":0,"failed":0,"not_attempted":0,"records":2,"records_are_estimated":false,"to_send":0,"calls_per_second":8.129121733996293,"seconds_left":null,"counted_at":"2026-12-01T03:51:11.293836488Z"}');
INSERT INTO "run" VALUES(2,'capturi-v1 to sandbox',1796097071496,1796097071936,0,'{"read":1,"created":1,"already_there":0,"skipped":0,"held":0,"rejected":0,"failed":0,"not_attempted":0,"records":1,"records_are_estimated":false,"to_send":0,"calls_per_second":2.2655082153524053,"seconds_left":null,"counted_at":"2026-12-01T03:51:11.928934559Z"}');
INSERT INTO "run" VALUES(3,'capturi-v1 to sandbox',1796097072199,1796097072721,0,'{"read":2,"created":2,"already_there":0,"skipped":0,"held":0,"rejected":0,"failed":0,"not_attempted":0,"records":2,"records_are_estimated":false,"to_send":0,"calls_per_second":3.8721562690752096,"seconds_left":null,"counted_at":"2026-12-01T03:51:12.707779116Z"}');
INSERT INTO "run" VALUES(4,'capturi-v1 to sandbox',1796097073076,1796097073279,0,'{"read":1,"created":0,"already_there":0,"skipped":0,"held":1,"rejected":0,"failed":0,"not_attempted":0,"records":1,"records_are_estimated":false,"to_send":0,"calls_per_second":0.0,"seconds_left":null,"counted_at":"2026-12-01T03:51:13.277059643Z"}');
INSERT INTO "run" VALUES(5,'capturi-v1 to sandbox',1796097073556,1796097073796,0,'{"read":1,"created":0,"already_there":1,"skipped":0,"held":0,"rejected":0,"failed":0,"not_attempted":0,"records":1,"records_are_estimated":false,"to_send":0,"calls_per_second":3.9293510076013174,"seconds_left":null,"counted_at":"2026-12-01T03:51:13.793866123Z"}');
INSERT INTO "run" VALUES(6,'capturi-v1 to sandbox',1796097074120,1796097074836,3,'{"read":1,"created":0,"already_there":0,"skipped":0,"held":0,"rejected":0,"failed":1,"not_attempted":0,"records":1,"records_are_estimated":false,"to_send":0,"calls_per_second":1.424921226186722,"seconds_left":null,"counted_at":"2026-12-01T03:51:14.816859862Z"}');
INSERT INTO "run" VALUES(7,'capturi-v1 to sandbox',1796097075228,1796097075812,3,'{"read":1,"created":0,"already_there":0,"skipped":0,"held":0,"rejected":0,"failed":1,"not_attempted":0,"records":1,"records_are_estimated":false,"to_send":0,"calls_per_second":1.7375932057158698,"seconds_left":null,"counted_at":"2026-12-01T03:51:15.794724544Z"}');
INSERT INTO "run" VALUES(8,'capturi-v1 to sandbox',1796097076236,1796097076300,3,'{"read":1,"created":0,"already_there":0,"skipped":0,"held":0,"rejected":1,"failed":0,"not_attempted":0,"records":1,"records_are_estimated":false,"to_send":0,"calls_per_second":0.0,"seconds_left":null,"counted_at":"2026-12-01T03:51:16.292832193Z"}');
INSERT INTO "run" VALUES(9,'capturi-v1 to sandbox',1796097076608,1796097076886,3,'{"read":1,"created":0,"already_there":0,"skipped":0,"held":0,"rejected":1,"failed":0,"not_attempted":0,"records":1,"records_are_estimated":false,"to_send":0,"calls_per_second":0.0,"seconds_left":null,"counted_at":"2026-12-01T03:51:16.820963706Z"}');
INSERT INTO "run" VALUES(10,'capturi-v1 to sandbox',1796097077376,1796097077560,3,'{"read":1,"created":0,"already_there":0,"skipped":0,"held":0,"rejected":0,"failed":1,"not_attempted":0,"records":1,"records_are_estimated":false,"to_send":0,"calls_per_second":5.368267527526342,"seconds_left":null,"counted_at":"2026-12-01T03:51:17.545637913Z"}');
INSERT INTO "run" VALUES(11,'capturi-v1 to sandbox',1796097077828,1796097078136,0,'{"read":1,"created":0,"already_there":0,"skipped":0,"held":1,"rejected":0,"failed":0,"not_attempted":0,"records":1,"records_are_estimated":false,"to_send":0,"calls_per_second":0.0,"seconds_left":null,"counted_at":"2026-12-01T03:51:18.116977987Z"}');
INSERT INTO "run" VALUES(12,'zendesk-messages to sandbox',1796097078544,1796097078731,0,'{"read":5,"created":3,"already_there":0,"skipped":2,"held":0,"rejected":0,"failed":0,"not_attempted":0,"records":5,"records_are_estimated":false,"to_send":0,"calls_per_second":14.73447192327957,"seconds_left":null,"counted_at":"2026-12-01T03:51:18.72702418Z"}');
INSERT INTO "run" VALUES(13,'zendesk-messages to sandbox',1796097078800,1796097079085,3,'{"read":4,"created":0,"already_there":0,"skipped":0,"held":0,"rejected":0,"failed":4,"not_attempted":0,"records":4,"records_are_estimated":false,"to_send":0,"calls_per_second":14.056229521501175,"seconds_left":null,"counted_at":"2026-12-01T03:51:19.083107943Z"}');
CREATE TABLE sent_recording (
    id    INTEGER PRIMARY KEY,
    name  INTEGER NOT NULL,
    call  INTEGER NOT NULL,
    bytes INTEGER NOT NULL, -- of the file
    UNIQUE (name, call)
) STRICT;
INSERT INTO "sent_recording" VALUES(1,5823097021372243947,-8932426545083296038,3386);
INSERT INTO "sent_recording" VALUES(2,-1555996912173335071,-6440234551940898387,1644);
INSERT INTO "sent_recording" VALUES(3,-4525517146356847078,4701976523980626210,2042);
INSERT INTO "sent_recording" VALUES(4,-7321334426055751800,5682443731347282705,2234);
CREATE INDEX call_by_hash ON call (hash);
CREATE INDEX desk_case_by_hash ON desk_case (hash);
CREATE INDEX cut_row_by_case ON cut_row (identity);
CREATE INDEX call_held ON call (held_at) WHERE obstacle = 1;
COMMIT;
