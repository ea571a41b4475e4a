//! What status, reports and the next run see.

use std::num::NonZeroU64;
use std::sync::Arc;

use super::*;
use crate::domain::call::Field;
use crate::domain::{Code, Location, Party, Problem};
use crate::ledger::{
    Blocker, CallStatus, CreateState, DoneKind, Error, ExportOrigin, Failure, FailureKind,
    MappingOrigin, RecordOrigin, SentContent, purge,
};

fn entry(identity: &str, fact: impl Into<Fact>) -> LedgerEntry {
    LedgerEntry::new(identity, fact)
}

fn refused(identity: &str, message: &str) -> LedgerEntry {
    let fact = CallFact::Refused {
        fingerprint: 1,
        stage: Stage::Create,
        status: 400,
        message: message.into(),
    };
    entry(identity, fact)
}

/// One call in each state, but three refused: two for the same reason, one at the upload.
fn one_of_each() -> Fixture {
    let created = |identity: &str| {
        let fact = CallFact::Created {
            fingerprint: 1,
            uid: None,
        };
        entry(identity, fact)
    };
    let failed = CallFact::Failed {
        fingerprint: 1,
        stage: Stage::Upload,
        status: Some(503),
        why: "service unavailable".into(),
    };
    let upload_refused = CallFact::Refused {
        fingerprint: 1,
        stage: Stage::Upload,
        status: 413,
        message: "too large".into(),
    };
    let adopted = CallFact::Adopted {
        fingerprint: 1,
        uid: None,
    };
    let mut entries = complete("complete", 1);
    entries.extend([
        created("without"),
        entry("without", CallFact::WithoutRecording { was_sought: false }),
        entry("left", CallFact::LeftAlone { fingerprint: 1 }),
        refused(
            "refused-1",
            "refused-1: agentEmail a.b@example.com is no address",
        ),
        refused(
            "refused-2",
            "refused-2: agentEmail c.d@example.com is no address",
        ),
        created("no-upload"),
        entry("no-upload", upload_refused),
        created("failed"),
        entry("failed", CallFact::UploadIntended { bytes: 9 }),
        entry("failed", failed),
        entry("held", held(1)),
        entry(
            "doubt",
            CallFact::CreateIntended {
                fingerprint: 1,
                party: Party::default(),
                content: SentContent::default(),
            },
        ),
        entry("unfinished", adopted),
    ]);
    Fixture::written(entries)
}

#[test]
fn every_call_is_counted_in_one_state() {
    let summary = one_of_each().read().summary().unwrap();
    for state in CallStatus::ALL {
        let expected = if state == CallStatus::Refused { 3 } else { 1 };
        assert_eq!(summary.calls.count(state), expected, "{}", state.name());
    }
    assert_eq!(summary.calls.total(), 10);
    assert_eq!(summary.adopted, 1);
    assert_eq!(summary.bytes, 44);
    assert_eq!(summary.destination, DESTINATION);
}

#[test]
fn what_the_server_has_is_known_until_it_is_purged() {
    let mut entries = complete("complete", 1);
    entries.extend([
        entry("open", complete("open", 2).remove(0).fact),
        entry("adopted", complete("adopted", 3).remove(0).fact),
        entry(
            "adopted",
            CallFact::Adopted {
                fingerprint: 3,
                uid: None,
            },
        ),
    ]);
    let fixture = Fixture::written(entries);
    let calls = ["complete", "open", "adopted", "nobody"];
    let reader = fixture.read();
    let sent = content(1).fields;
    let known = reader.sent_fields(&calls).unwrap();
    assert_eq!(known, [Some(sent.clone()), None, None, None]);
    assert_eq!(
        sent.fields_that_differ(&content(2).fields),
        [Field::Subject]
    );
    assert!(reader.inspect().unwrap().faults.is_empty());
    drop(reader);
    purge(&fixture.path()).unwrap();
    let known = fixture.read().sent_fields(&calls).unwrap();
    assert_eq!(known, [None, None, None, None]);
    let connection = rusqlite::Connection::open(fixture.path()).unwrap();
    let left = |sql: &str| connection.query_row(sql, (), |row| row.get::<_, i64>(0));
    // That of the call that is in doubt.
    assert_eq!(left("SELECT count(*) FROM sent_content"), Ok(1));
    connection
        .execute("UPDATE sent_content SET fields = x'01'", ())
        .unwrap();
    drop(connection);
    let check = fixture.read().inspect().unwrap();
    assert_eq!(check.faults.len(), 1, "{:?}", check.faults);
}

#[test]
fn the_same_reason_is_told_once() {
    let summary = one_of_each().read().summary().unwrap();
    assert_eq!(summary.calls.failures.len(), 4);
    let first = &summary.calls.failures[0];
    assert_eq!((first.count, first.examples.len()), (2, 2));
    assert_eq!(first.examples[0], "refused-1");
    assert_eq!(
        first.blocker,
        Blocker::Failed(Failure {
            kind: FailureKind::Refused,
            request: Some(Stage::Create),
            status: Some(400),
            message: "<id>: agentEmail <e-mail> is no address".into(),
        })
    );
}

#[test]
fn reasons_beyond_the_limit_are_counted_without_their_words() {
    let words = |number: u32| format!("reason {}", "x".repeat(number as usize));
    let entries = (0..250).map(|number| refused(&format!("call {number}"), &words(number)));
    let summary = Fixture::written(entries.collect())
        .read()
        .summary()
        .unwrap();
    assert_eq!(summary.calls.failures.len(), 201);
    assert_eq!(summary.calls.failures[0].count, 50);
    assert_eq!(summary.calls.count(CallStatus::Refused), 250);
}

#[test]
fn a_failed_call_may_be_in_doubt_as_well() {
    let in_doubt = one_of_each().read().summary().unwrap().calls.in_doubt;
    assert_eq!(in_doubt.count, 2);
    assert_eq!(in_doubt.examples, ["failed", "doubt"]);
}

#[test]
fn the_accepted_calls_come_in_the_order_of_the_export() {
    let fixture = one_of_each();
    let mut accepted = Vec::new();
    fixture
        .read()
        .accepted(|call| {
            accepted.push(call);
            Ok::<(), Error>(())
        })
        .unwrap();
    let identities: Vec<&str> = accepted.iter().map(|call| &*call.identity).collect();
    assert_eq!(identities, ["complete", "without"]);
    assert_eq!(accepted[0].recording, Some(([7; 32], 44)));
    assert_eq!(accepted[0].uid.as_deref(), Some("uid of complete"));
    assert_eq!(accepted[1].recording, None);
}

#[test]
fn a_stream_ends_with_the_first_error_of_its_listener() {
    let fixture = one_of_each();
    let mut heard = 0;
    let error = fixture
        .read()
        .accepted(|_| {
            heard += 1;
            Err::<(), Error>(Error::Closed)
        })
        .unwrap_err();
    assert!(matches!(error, Error::Closed), "{error}");
    assert_eq!(heard, 1);
}

#[test]
fn calls_are_done_with_their_very_content() {
    let fixture = one_of_each();
    let done = fixture.read().load_done().unwrap();
    let hash = |identity: &str| xxhash_rust::xxh3::xxh3_64(identity.as_bytes());
    assert_eq!(done.len(), 3);
    assert_eq!(done.kind(hash("complete"), 1), Some(DoneKind::Complete));
    assert_eq!(
        done.kind(hash("without"), 1),
        Some(DoneKind::WithoutRecording)
    );
    assert_eq!(done.kind(hash("left"), 1), Some(DoneKind::LeftAlone));
    assert!(!done.contains(hash("complete"), 1 << 40));
    for identity in [
        "refused-1",
        "no-upload",
        "failed",
        "held",
        "doubt",
        "unfinished",
    ] {
        assert!(!done.contains(hash(identity), 1), "{identity}");
    }
}

#[test]
fn a_call_is_known_by_its_exact_identity() {
    let fixture = Fixture::written(complete("Call-1", 1));
    let states = fixture
        .read()
        .call_states(&["call-1", "Call-1", "Call-1 ", ""])
        .unwrap();
    let known: Vec<bool> = states.iter().map(Option::is_some).collect();
    assert_eq!(known, [false, true, false, false]);
}

#[test]
fn two_calls_of_one_hash_are_two_calls() {
    let fixture = Fixture::written([complete("call-1", 1), complete("call-2", 2)].concat());
    let connection = rusqlite::Connection::open(fixture.path()).unwrap();
    connection
        .execute(
            "UPDATE call SET hash = (SELECT hash FROM call WHERE identity = 'call-2')",
            (),
        )
        .unwrap();
    drop(connection);
    let state = fixture.read().call_states(&["call-2"]).unwrap().remove(0);
    assert_eq!(state.unwrap().fingerprint, 2);
}

#[test]
fn a_reader_sees_what_was_acknowledged_while_the_run_goes_on() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let reader = fixture.read();
    assert_eq!(reader.summary().unwrap().calls.total(), 0);
    let writer = ledger.writer();
    writer.write_blocking(complete("call-1", 1)).unwrap();
    assert_eq!(reader.summary().unwrap().calls.total(), 1);
    assert_eq!(ledger.reader().unwrap().load_done().unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_ledger_can_be_read_where_no_side_file_can_be_made() {
    let fixture = Fixture::new();
    let path = fixture.folder.path().join("50% done? #2 æ.db");
    let ledger = Ledger::open(&path, DESTINATION).unwrap();
    ledger
        .writer()
        .write_blocking(complete("call-1", 1))
        .unwrap();
    ledger.close().unwrap();
    // A link to nowhere stands in for a disk that cannot be written: it stops root as well.
    std::os::unix::fs::symlink("/nowhere/at/all", side_file(&path, "-shm")).unwrap();
    let reader = Ledger::read(&path).unwrap();
    assert_eq!(reader.summary().unwrap().calls.total(), 1);
}

fn problem(line: u64, code: Code) -> Problem {
    let location = Location::on_line("calls.csv", line);
    Problem::new(code, location, "no phone number").at("phone", "+4520123456")
}

#[test]
fn the_problems_of_a_run_replace_those_of_the_one_before() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let writer = ledger.writer();
    writer.start_run("first").unwrap();
    writer.note(&[problem(9, Code::BadJson)]).unwrap();
    let run = writer.start_run("second").unwrap();
    let problems = [2, 3, 4].map(|line| problem(line, Code::CustomerNotAPhone));
    writer.note(&problems).unwrap();
    let mut numbered = problem(5, Code::MissingField);
    numbered.location.record = NonZeroU64::new(17);
    writer.note(&[numbered]).unwrap();
    writer.finish_run(run, 3, r#"{"read":4}"#).unwrap();

    let reader = fixture.read();
    let summary = reader.summary().unwrap();
    assert_eq!(
        summary.problems,
        [
            ("customer-not-a-phone".into(), "warning".into(), 3),
            ("missing-field".into(), "error".into(), 1)
        ]
    );
    let mut lines = Vec::new();
    reader
        .problems(|problem| {
            lines.push((problem.line, problem.record.map(NonZeroU64::get)));
            Ok::<(), Error>(())
        })
        .unwrap();
    assert_eq!(lines, [(2, None), (3, None), (4, None), (5, Some(17))]);
    let [second, first] = &summary.runs[..] else {
        panic!("{:?}", summary.runs);
    };
    assert_eq!((second.id, second.exit), (run, Some(3)));
    assert_eq!(second.tally.as_deref(), Some(r#"{"read":4}"#));
    assert!(second.finished >= Some(second.started));
    assert_eq!((&*first.options, first.finished), ("first", None));
}

#[test]
fn no_person_is_in_the_file() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let writer = ledger.writer();
    writer.note(&[problem(2, Code::CustomerNotAPhone)]).unwrap();
    writer
        .write_blocking(vec![refused(
            "call-1",
            "customer '+4520123456' of anna@example.com",
        )])
        .unwrap();
    ledger.close().unwrap();
    let content = std::fs::read(fixture.path()).unwrap();
    for person in ["20123456", "anna"] {
        let is_there = content
            .windows(person.len())
            .any(|bytes| bytes == person.as_bytes());
        assert!(!is_there, "{person}");
    }
}

fn origin(export: u8, column: Option<&str>) -> RecordOrigin {
    RecordOrigin {
        records: vec![[1; 32], [2; 32]],
        export: Some(Arc::new(ExportOrigin {
            name: "calls of Dorte.csv".to_owned(),
            hash: [export; 32],
        })),
        mapping: Arc::new(MappingOrigin {
            hash: [9; 32],
            consent_column: column.map(str::to_owned),
        }),
    }
}

/// The facts of a call that was made of this.
fn made_of(identity: &str, origin: Option<RecordOrigin>) -> [LedgerEntry; 2] {
    let intended = CallFact::CreateIntended {
        fingerprint: 1,
        party: Party::default(),
        content: SentContent {
            origin,
            ..content(1)
        },
    };
    let created = CallFact::Created {
        fingerprint: 1,
        uid: Some("u-1".to_owned()),
    };
    [entry(identity, intended), entry(identity, created)]
}

#[test]
fn what_a_call_was_made_of_is_kept_and_read() {
    let sha256 = [7; 32];
    let mut entries = made_of("made", Some(origin(3, Some("GDPR")))).to_vec();
    entries.push(entry("made", CallFact::Hashed { sha256 }));
    entries.extend(made_of("again", Some(origin(3, Some("GDPR")))));
    entries.extend(made_of("other", Some(origin(4, None))));
    entries.extend(made_of("unknown", None));
    let fixture = Fixture::written(entries);
    let mut found = Vec::new();
    let reader = fixture.read();
    let read = reader.evidence(|evidence| {
        found.push(evidence);
        Ok::<(), Error>(())
    });
    read.unwrap();
    let ids: Vec<&str> = found.iter().map(|found| &*found.identity).collect();
    assert_eq!(ids, ["made", "again", "other", "unknown"]);
    let (made, other, unknown) = (&found[0], &found[2], &found[3]);
    assert_eq!(made.records, [[1; 32], [2; 32]]);
    assert_eq!((made.export, made.mapping), (Some([3; 32]), Some([9; 32])));
    assert_eq!(made.consent_column.as_deref(), Some("GDPR"));
    assert_eq!((made.sha256, found[1].sha256), (Some(sha256), None));
    assert_eq!(
        (other.export, &other.consent_column),
        (Some([4; 32]), &None)
    );
    assert_eq!((unknown.export, unknown.records.len()), (None, 0));
    assert!(matches!(
        made.state.create,
        CreateState::Done { uid: Some(_), .. }
    ));
    let connection = rusqlite::Connection::open(fixture.path()).unwrap();
    for (table, rows) in [("export_file", 2), ("mapping_used", 2), ("sent_content", 4)] {
        let sql = format!("SELECT count(*) FROM {table}");
        let count: i64 = connection.query_row(&sql, (), |row| row.get(0)).unwrap();
        assert_eq!(count, rows, "{table}");
    }
}
