//! A ledger that an earlier program made is read as that program meant it.

use rusqlite::Connection;

use super::*;
use crate::ledger::{
    AcceptedCall, Blocker, CallStatus, CreateProgress, DoneKind, Error, Failure, FailureKind,
    UploadProgress,
};

/// What rehearsals of an earlier program left, as `sqlite3 .dump` writes it: one call or more in each
/// state that a run can end with, and cases.
const DUMP: &str = include_str!("ledger_of_schema_11.sql");

/// The number of ledgers in the header of a database.
const APPLICATION_ID: i64 = 1_130_459_252;

fn earlier() -> Fixture {
    let fixture = Fixture::new();
    let connection = Connection::open(fixture.path()).unwrap();
    connection.execute_batch(DUMP).unwrap();
    for (name, number) in [("application_id", APPLICATION_ID), ("user_version", 11)] {
        connection.pragma_update(None, name, number).unwrap();
    }
    // A run brings it to the form of today.
    Ledger::open(&fixture.path(), "sandbox")
        .unwrap()
        .close()
        .unwrap();
    fixture
}

fn failed(kind: FailureKind, request: Stage, status: Option<u16>, message: &str) -> Blocker {
    Blocker::Failed(Failure {
        kind,
        request: Some(request),
        status,
        message: message.to_owned(),
    })
}

fn state_of(reader: &LedgerReader, id: &str) -> CallState {
    reader.call_states(&[id]).unwrap().remove(0).unwrap()
}

#[test]
fn each_call_is_in_the_state_that_was_written() {
    use CreateProgress::{Adopted, Created, LeftAlone};
    use UploadProgress::{Done, Intended, NotSought, Owed, Waived};
    let told = "the server answered 422: This answer is a fault that the sandbox was told to give";
    let lost = "the connection broke: connection closed before message completed";
    let none = "the server answered 404: There is no such conversation";
    let refused =
        |request, status, message| failed(FailureKind::Refused, request, Some(status), message);
    let missing = Blocker::Held {
        why: Code::RecordingMissing,
    };
    let reader = earlier().read();
    for (id, create, upload, blocker) in [
        ("SAMPLE-0001", Created, Done, None),
        ("SAMPLE-0003", Created, Waived, None),
        ("SAMPLE-0004", Created, NotSought, None),
        ("1729989000.42", Created, Owed, Some(missing.clone())),
        ("SAMPLE-0006", LeftAlone, UploadProgress::Never, None),
        (
            "SAMPLE-0007",
            Adopted,
            UploadProgress::Refused,
            Some(refused(Stage::Upload, 404, none)),
        ),
        (
            "SAMPLE-0008",
            CreateProgress::Refused,
            UploadProgress::Never,
            Some(refused(Stage::Create, 422, told)),
        ),
        (
            "1710490323000000042",
            Created,
            Intended,
            Some(failed(FailureKind::GaveUp, Stage::Upload, None, lost)),
        ),
        (
            "SAMPLE-0011",
            CreateProgress::Never,
            UploadProgress::Never,
            Some(missing),
        ),
    ] {
        let state = state_of(&reader, id);
        let checkpoint = state.checkpoint();
        assert_eq!(checkpoint.create(), create, "{id}");
        assert_eq!(checkpoint.upload(), upload, "{id}");
        assert_eq!(state.blocker, blocker, "{id}");
        let is_held = matches!(state.blocker, Some(Blocker::Held { .. }));
        assert_eq!(state.held_at.is_some(), is_held, "{id}");
    }
}

#[test]
fn its_calls_and_cases_are_counted_as_before() {
    let reader = earlier().read();
    let summary = reader.summary().unwrap();
    let of = |status| (summary.calls.count(status), summary.cases.count(status));
    assert_eq!(
        CallStatus::ALL.map(of),
        [
            (2, 1),
            (2, 0),
            (1, 0),
            (2, 2),
            (1, 0),
            (2, 0),
            (0, 0),
            (0, 0)
        ]
    );
    assert_eq!((summary.adopted, summary.bytes), (1, 5_030));
    assert_eq!((summary.messages, summary.runs.len()), (3, 10));
    assert_eq!(summary.calls.in_doubt.examples, ["1710490323000000042"]);
    let [of_cases] = &summary.cases.failures[..] else {
        panic!("{:?}", summary.cases.failures);
    };
    assert_eq!((of_cases.count, &*of_cases.examples[0]), (2, "3001"));
    let mut accepted = Vec::new();
    let each = |call: AcceptedCall| {
        accepted.push(call.identity);
        Ok::<(), Error>(())
    };
    reader.accepted(each).unwrap();
    assert_eq!(
        accepted,
        ["SAMPLE-0002", "SAMPLE-0001", "SAMPLE-0003", "SAMPLE-0004"]
    );
}

#[test]
fn what_is_done_in_it_is_not_done_again() {
    let fixture = earlier();
    let reader = fixture.read();
    let done = reader.load_done().unwrap();
    assert_eq!(done.len(), 5);
    for (id, kind) in [
        ("SAMPLE-0001", Some(DoneKind::Complete)),
        ("SAMPLE-0003", Some(DoneKind::Waived)),
        ("SAMPLE-0004", Some(DoneKind::WithoutRecording)),
        ("SAMPLE-0006", Some(DoneKind::LeftAlone)),
        ("SAMPLE-0007", None),
        ("1729989000.42", None),
    ] {
        let hash = xxhash_rust::xxh3::xxh3_64(id.as_bytes());
        let state = state_of(&reader, id);
        assert_eq!(done.kind(hash, state.fingerprint), kind, "{id}");
        assert_eq!(state.done(), kind, "{id}");
    }
}

#[test]
fn a_run_goes_on_with_it() {
    let fixture = earlier();
    let ledger = Ledger::open(&fixture.path(), "sandbox").unwrap();
    let uploaded = CallFact::Uploaded {
        hash: [7; 32],
        bytes: 44,
        in_doubt_resends: 0,
        source: Some(44),
    };
    let entry = LedgerEntry::new("1729989000.42", uploaded);
    ledger.writer().write_blocking(vec![entry]).unwrap();
    ledger.close().unwrap();
    let reader = fixture.read();
    let state = state_of(&reader, "1729989000.42");
    assert_eq!(state.done(), Some(DoneKind::Complete));
    // What it carried nobody kept.
    let sent = reader.sent_fields(&["1729989000.42"]).unwrap();
    assert_eq!(sent, [None]);
    assert!(reader.inspect().unwrap().faults.is_empty());
}
