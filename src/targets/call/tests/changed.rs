//! Records that changed after their calls were sent, held against a ledger that knows what was sent.

use super::*;
use crate::domain::ChangedRecord;
use crate::ledger::{CallFact, Ledger, LedgerEntry, SentContent};
use crate::pipeline::EarlierRuns;
use crate::targets::call::job::CallJob;
use crate::targets::call::plan::Step;

const CHANGING: &str = r#"
[fields]
externalIdentity = "id"
agentId = "agent"
agentName = "agent"
agentEmail = { value = "a@example.com" }
customer = { value = "+4512345601" }
dateTime = { value = "2024-03-15T08:00:00Z" }
subject = "subject"
customProp1 = "outcome"
customProp2 = "reason"
teamId = "team"
"#;

const HEADER: &str = "id,agent,subject,outcome,reason,team\n";
const AS_SENT: &str = "a,7,Faktura,lost,price,t-1\n";

/// What the ledger knows of the row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowKnowledge {
    /// That we made its conversation, and of what.
    Ours,
    /// That somebody else made it.
    Adopted,
    /// That we made it, and not of what.
    WithoutFields,
}

/// A ledger that knows that a row was sent by version 2.
struct SentRow {
    folder: tempfile::TempDir,
    fingerprint: u128,
}

impl SentRow {
    fn new() -> SentRow {
        SentRow::by(ApiVersion::V2, RowKnowledge::Ours)
    }

    fn by(version: ApiVersion, known: RowKnowledge) -> SentRow {
        let rows = format!("{HEADER}{AS_SENT}");
        let call = csv(CHANGING, &rows).calls.remove(0);
        // How many channels there are was settled from a recording, and the record does not say it.
        let settled = format!("{CHANGING}audioChannels = {{ value = \"Mono2Speaker\" }}\n");
        let settled = csv(&settled, &rows).calls.remove(0);
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("a.db"), "x").unwrap();
        let key = ledger.reader().unwrap().content_key().unwrap();
        let fingerprint = call.fingerprint(&mut Vec::new());
        let uid = Some("u-1".to_owned());
        let is_sent =
            |field| known != RowKnowledge::WithoutFields && crate::api::has_field(field, version);
        let fields = key.sent_fields(&settled, is_sent);
        let intended = CallFact::CreateIntended {
            fingerprint,
            party: call.party(),
            content: SentContent {
                fields,
                origin: None,
            },
        };
        let made = if known == RowKnowledge::Adopted {
            CallFact::Adopted { fingerprint, uid }
        } else {
            CallFact::Created { fingerprint, uid }
        };
        let nothing = CallFact::WithoutRecording { was_sought: true };
        let facts = [intended, made, nothing].map(|fact| LedgerEntry::new("a", fact));
        ledger.writer().write_blocking(facts.into()).unwrap();
        ledger.close().unwrap();
        SentRow {
            folder,
            fingerprint,
        }
    }

    /// What becomes of a row that is like this by now.
    fn now(&self, row: &str, alter: impl FnOnce(&mut Pipeline<CallTarget>)) -> Now {
        let exports = [export(&format!("{HEADER}{row}\n"), ".csv")];
        let mut pipeline = pipeline(CHANGING, &exports);
        let path = self.folder.path().join("a.db");
        let reader = Ledger::read(&path).unwrap();
        pipeline.earlier = Some(EarlierRuns {
            done: reader.load_done().unwrap(),
            sent: reader.sent_until().unwrap(),
            path,
        });
        pipeline.target.policy.changed = ChangedRecord::Send;
        alter(&mut pipeline);
        let (mut job, mut is_ready, mut requests) = (None, false, 0);
        let run = pipeline.run(|decided| {
            for decision in &decided.decisions {
                match decision.action() {
                    Action::Send(sent) => job = Some(CallJob::clone(sent)),
                    Action::Ready => is_ready = true,
                    _ => {}
                }
            }
            decided.tell(&mut |event| {
                if let Event::Checked(totals) = event {
                    requests += totals.requests;
                }
            });
            ControlFlow::Continue(())
        });
        run.unwrap();
        Now {
            job,
            is_ready,
            requests,
            ended: walk(&pipeline).unwrap().ended.remove(0),
        }
    }

    fn job(&self, row: &str) -> Option<CallJob> {
        self.now(row, |_| {}).job
    }
}

/// What becomes of a row.
struct Now {
    job: Option<CallJob>,
    /// A check would send it.
    is_ready: bool,
    requests: u64,
    ended: Ended,
}

#[test]
fn what_changed_is_sent_and_the_rest_of_the_call_stays() {
    let sent = SentRow::new();
    let job = sent.job("a,7,Faktura,won,price,t-1").expect("a job");
    let change = job.change.expect("a change");
    assert_eq!(change.fields, [Field::CustomProp1]);
    assert_eq!(
        (change.uid.as_str(), change.fingerprint),
        ("u-1", sent.fingerprint)
    );
    assert_eq!((job.step, job.is_recording_missing), (Step::Change, false));
    assert!(job.upload.is_none() && job.state.is_some());
    assert_eq!(job.call.text(Field::CustomProp1), "won");
    assert_eq!(job.fingerprint, job.call.fingerprint(&mut Vec::new()));
    assert_ne!(job.fingerprint, sent.fingerprint);
    // What the server then has is what it had, but for this field.
    assert_eq!(
        change.now.fields_that_differ(&change.sent),
        [Field::CustomProp1]
    );
    let channels = change.sent.hash(Field::AudioChannels);
    assert!(channels.is_some());
    assert_eq!(change.now.hash(Field::AudioChannels), channels);
    assert!(change.now.hash(Field::CustomProp1).is_some());
}

#[test]
fn each_custom_property_is_named_and_one_that_is_gone_too() {
    let sent = SentRow::new();
    let job = sent.job("a,7,Faktura,won,,t-1").expect("a job");
    let change = job.change.expect("a change");
    assert_eq!(change.fields, [Field::CustomProp1, Field::CustomProp2]);
    assert_eq!(change.now.hash(Field::CustomProp2), None);
}

#[test]
fn a_row_as_it_was_sent_and_one_that_changed_elsewhere_send_nothing() {
    let sent = SentRow::new();
    let now = sent.now("a,7,Faktura,lost,price,t-1", |_| {});
    assert!(now.job.is_none());
    assert_eq!(now.ended.outcome, Outcome::AlreadyThere);
    assert_eq!((now.ended.codes, now.requests), (vec![], 0));
    // A subject cannot be changed there, nor beside it what could be.
    let now = sent.now("a,7,Rykker,won,price,t-1", |_| {});
    assert!(now.job.is_none());
    assert_eq!(now.ended.codes, ["changed-since-sent"]);
    let message = &now.ended.messages[0];
    assert!(
        message.contains("subject and customProp1 are no longer"),
        "{message}"
    );
}

#[test]
fn nothing_is_sent_unasked_nor_to_the_conversation_of_somebody_else() {
    let sent = SentRow::new();
    let row = "a,7,Faktura,won,price,t-1";
    let now = sent.now(row, |pipeline| {
        pipeline.target.policy.changed = ChangedRecord::Report;
    });
    assert!(now.job.is_none());
    assert_eq!(now.ended.codes, ["changed-since-sent"]);
    assert!(
        SentRow::by(ApiVersion::V2, RowKnowledge::Adopted)
            .job(row)
            .is_none()
    );
}

#[test]
fn a_check_tells_that_it_would_be_sent_with_one_request() {
    let sent = SentRow::new();
    let now = sent.now("a,7,Faktura,won,price,t-1", |pipeline| {
        pipeline.purpose = Purpose::Check;
    });
    assert!(now.is_ready && now.job.is_none());
    assert_eq!((now.requests, now.ended.codes), (1, vec![]));
}

#[test]
fn a_field_that_the_version_does_not_send_has_not_changed() {
    let sent = SentRow::by(ApiVersion::V3, RowKnowledge::Ours);
    // v3 has no `teamId`.
    let now = sent.now("a,7,Faktura,won,price,t-2", |pipeline| {
        pipeline.target.version = ApiVersion::V3;
    });
    let change = now.job.and_then(|job| job.change).expect("a change");
    assert_eq!(change.fields, [Field::CustomProp1]);
}

#[test]
fn of_a_call_whose_fields_nobody_knows_nothing_is_sent() {
    let sent = SentRow::by(ApiVersion::V2, RowKnowledge::WithoutFields);
    let now = sent.now("a,7,Faktura,won,price,t-1", |_| {});
    assert!(now.job.is_none());
    assert_eq!(now.ended.codes, ["changed-since-sent"]);
}
