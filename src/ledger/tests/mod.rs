//! What the tests of the ledger share, and the tests of the ledger as a whole.

mod crash;
mod earlier;
mod reading;
mod refusing;

use std::path::PathBuf;

use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;

use super::side_files::beside as side_file;
use super::{
    CallFact, CallState, ContentKey, Fact, Ledger, LedgerEntry, LedgerReader, SentContent, Stage,
    apply_fact,
};
use crate::domain::call::{Call, Draft, Field, Value};
use crate::domain::{Code, Party};

const DESTINATION: &str = "https://integrations.example.com v2";

/// Any fact, out of few enough that they meet.
pub(in crate::ledger) fn facts() -> impl Strategy<Value = CallFact> {
    let fingerprint = 1..4_u128;
    let uid = || prop::option::of("u-[1-3]");
    let stage = || prop_oneof![Just(Stage::Create), Just(Stage::Upload)];
    prop_oneof![
        (fingerprint.clone(), 0..3_u32).prop_map(|(fingerprint, party)| CallFact::CreateIntended {
            fingerprint,
            party: Party::from_bits(party),
            content: content(fingerprint),
        }),
        (fingerprint.clone(), uid())
            .prop_map(|(fingerprint, uid)| CallFact::Created { fingerprint, uid }),
        (fingerprint.clone(), uid())
            .prop_map(|(fingerprint, uid)| CallFact::Adopted { fingerprint, uid }),
        fingerprint
            .clone()
            .prop_map(|fingerprint| CallFact::LeftAlone { fingerprint }),
        any::<bool>().prop_map(|was_sought| CallFact::WithoutRecording { was_sought }),
        (1..4_u64).prop_map(|bytes| CallFact::UploadIntended { bytes }),
        (1..4_u32).prop_map(|times| CallFact::UploadResent { times }),
        (1..4_u8, 1..4_u64, 0..3_u32, prop::option::of(1..4_u64)).prop_map(
            |(byte, bytes, in_doubt_resends, source)| CallFact::Uploaded {
                hash: [byte; 32],
                bytes,
                in_doubt_resends,
                source,
            }
        ),
        fingerprint.clone().prop_map(held),
        fingerprint.clone().prop_map(|fingerprint| CallFact::Held {
            fingerprint,
            why: Code::RecordingTruncated,
        }),
        (fingerprint.clone(), stage(), 400..500_u16).prop_map(|(fingerprint, stage, status)| {
            CallFact::Refused {
                fingerprint,
                stage,
                status,
                message: "no".into(),
            }
        }),
        (fingerprint, stage(), prop::option::of(500..600_u16)).prop_map(
            |(fingerprint, stage, status)| CallFact::Failed {
                fingerprint,
                stage,
                status,
                why: "too often".into(),
            }
        ),
    ]
}

/// A content of its own for each fingerprint.
pub(in crate::ledger) fn content(fingerprint: u128) -> SentContent {
    let mut draft = Draft::new();
    let fields = Field::REQUIRED.map(|field| (field, "+4512345678".to_owned()));
    for (field, text) in fields.into_iter().chain([
        (Field::DateTime, "2024-03-15T09:12:03+01:00".to_owned()),
        (Field::AgentEmail, "testine@example.com".to_owned()),
        (Field::Subject, format!("call {fingerprint}")),
    ]) {
        draft.set(field, Value::Text(text.into()));
    }
    let call = Call::new(draft, &mut Vec::new()).unwrap();
    let fields = ContentKey::derive(&[1; 32]).sent_fields(&call, |_| true);
    SentContent {
        fields,
        origin: None,
    }
}

/// A call that waits for its recording.
pub(in crate::ledger) fn held(fingerprint: u128) -> CallFact {
    CallFact::Held {
        fingerprint,
        why: Code::RecordingMissing,
    }
}

/// So many milliseconds after 1970 began.
pub(in crate::ledger) fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap()
}

/// The state of a call after these facts, a millisecond apart.
pub(in crate::ledger) fn after(facts: &[CallFact]) -> CallState {
    let mut state = CallState::new(at(0));
    for (millisecond, fact) in (1..).zip(facts) {
        apply_fact(&mut state, fact.clone(), at(millisecond));
    }
    state
}

/// A folder with room for one ledger.
struct Fixture {
    folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        Fixture {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("calls.db")
    }

    fn open(&self) -> Ledger {
        Ledger::open(&self.path(), DESTINATION).unwrap()
    }

    fn read(&self) -> LedgerReader {
        Ledger::read(&self.path()).unwrap()
    }

    /// A ledger in which these facts were written and acknowledged, closed again.
    fn written(entries: Vec<LedgerEntry>) -> Self {
        let fixture = Fixture::new();
        let ledger = fixture.open();
        ledger.writer().write_blocking(entries).unwrap();
        ledger.close().unwrap();
        fixture
    }
}

/// The facts of a call that went well.
fn complete(identity: &str, fingerprint: u128) -> Vec<LedgerEntry> {
    [
        CallFact::CreateIntended {
            fingerprint,
            party: Party::default(),
            content: content(fingerprint),
        },
        CallFact::Created {
            fingerprint,
            uid: Some(format!("uid of {identity}")),
        },
        CallFact::UploadIntended { bytes: 44 },
        CallFact::Uploaded {
            hash: [7; 32],
            bytes: 44,
            in_doubt_resends: 0,
            source: Some(44),
        },
    ]
    .map(|fact| LedgerEntry::new(identity, fact))
    .into()
}

/// A state without its times, which a test cannot know.
fn timeless(mut state: CallState) -> CallState {
    state.first_at = Timestamp::UNIX_EPOCH;
    state.last_at = Timestamp::UNIX_EPOCH;
    state.held_at = state.held_at.map(|_| Timestamp::UNIX_EPOCH);
    state
}
