//! The story of one call: create the conversation, send its recording, and write down what became of
//! each. How often a request is tried, and when, is `attempt`'s.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::RetryLimits;
use super::known_uids::KnownUids;
use super::new_ledger::NewLedger;
use super::read_back::ReadBack;
use super::sender::attempt::{CallError, Facts, Harmless, Intent, SenderNotice, Success};
use super::sender::gate::Gate;
use super::sender::refusals::{Refusal, Refusals};
use super::sender::verdict::RequestKind;
use super::stop::StopSignal;
use super::transcode_queue::{TranscodeError, TranscodeQueue};
use super::upload::UploadResult;
use crate::api::{self, ApiVersion, AudioSettings, Client, Created, Throttle};
use crate::domain::Code;
use crate::domain::call::Field;
use crate::failpoint::{self, Point};
use crate::ledger::{self, CallFact, CallState, CreateState, Entry, Writer};
use crate::pipeline::{self, CallJob, Delivered, Kind, Outcome, RecordingUpload};
use crate::plan::{ExistingConversation, Step};

/// How a call ended.
#[derive(Debug)]
pub(super) struct JobEnd {
    pub(super) outcome: Outcome,
    pub(super) detail: &'static str,
    pub(super) problem: Option<(Code, String)>,
    /// What else there is to be told of a call that arrived.
    pub(super) remarks: Vec<(Code, String)>,
    pub(super) delivered: Option<Delivered>,
    /// It ended so only if the token is not to blame; else it was not attempted.
    pub(super) accused: Option<Box<Accused>>,
}

/// What is to be written of a request that was refused with 401 or 403 once that is known to be about it.
#[derive(Debug)]
pub(super) struct Accused {
    pub(super) refusal: Refusal,
    pub(super) facts: Facts,
}

impl JobEnd {
    /// An end of which nothing more is to be told.
    pub(super) fn plain(outcome: Outcome, detail: &'static str) -> JobEnd {
        JobEnd {
            outcome,
            detail,
            problem: None,
            remarks: Vec::new(),
            delivered: None,
            accused: None,
        }
    }
}

/// Everything that calls under way share.
pub(super) struct Sender {
    pub(super) client: Client,
    pub(super) version: ApiVersion,
    pub(super) settings: AudioSettings,
    pub(super) writer: Writer,
    pub(super) gate: Gate,
    pub(super) stop: Arc<StopSignal>,
    pub(super) effort: RetryLimits,
    /// Where uploads in doubt are looked up.
    pub(super) lookup: Option<ReadBack>,
    pub(super) throttle: Option<Throttle>,
    pub(super) bench: Option<TranscodeQueue>,
    pub(super) on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
    pub(super) notices: mpsc::Sender<SenderNotice>,
    pub(super) refusals: Refusals,
    pub(super) harmless: Mutex<Option<Harmless>>,
    /// Which call each uid belongs to.
    pub(super) uids: KnownUids,
    /// Whether the ledger may be the wrong one, by what it knows of calls.
    pub(super) of_calls: NewLedger,
    /// The same of cases.
    pub(super) of_cases: NewLedger,
}

/// What became of a call or of the records of a case.
pub(super) enum Carried<T> {
    Ended(T),
    /// The destination has it already, and the new ledger may be the wrong one: nothing was done.
    Strange {
        /// An earlier try of the same request may have got through.
        was_tried: bool,
    },
}

impl Sender {
    /// Carries out the step of one call to its end.
    pub(super) async fn deliver(&self, shipment: &CallJob) -> Carried<JobEnd> {
        let prepared = match self.prepare_recording(shipment).await {
            Ok(prepared) => prepared,
            Err(TranscodeError::Stopped) => {
                return Carried::Ended(JobEnd::plain(Outcome::NotAttempted, "stopped"));
            }
            Err(TranscodeError::Changed(change)) => {
                // No intent was written, so there is none to take back.
                return Carried::Ended(self.held(shipment, &change.to_string(), true).await);
            }
            Err(TranscodeError::Failed(error)) => {
                return Carried::Ended(self.unprepared(shipment, &error).await);
            }
        };
        let made = prepared.as_ref().map(|prepared| &prepared.parcel);
        let parcel = made.or(shipment.parcel.as_ref());
        let mut is_there = !matches!(shipment.step, Step::Create { .. });
        Carried::Ended(match self.carry(shipment, parcel, &mut is_there).await {
            Ok(ending) => ending,
            Err(CallError::Strange { was_tried }) => return Carried::Strange { was_tried },
            // The next run sends the recording.
            Err(CallError::Stopped) if is_there => {
                JobEnd::plain(Outcome::NotAttempted, "half done")
            }
            Err(halt) => self.halted(shipment, halt).await,
        })
    }

    /// `is_there` becomes true with the conversation.
    async fn carry(
        &self,
        shipment: &CallJob,
        parcel: Option<&RecordingUpload>,
        is_there: &mut bool,
    ) -> Result<JobEnd, CallError> {
        let (uid, outcome, mut detail) = match shipment.step {
            Step::Create { was_tried, .. } => match self.create(shipment, was_tried).await? {
                CreateResult::Ours(uid) => (uid, Outcome::Created, ""),
                CreateResult::Adopted => (None, Outcome::AlreadyThere, "adopted"),
                CreateResult::LeftAlone => {
                    let message = "somebody else made the conversation; it is left alone";
                    return Ok(JobEnd {
                        problem: Some((Code::AlreadyThere, message.to_owned())),
                        ..JobEnd::plain(Outcome::AlreadyThere, "left alone")
                    });
                }
            },
            _ => (known_uid(shipment), Outcome::AlreadyThere, "completed"),
        };
        *is_there = true;
        let is_adopted = detail == "adopted" || was_adopted(shipment);
        let mut delivered = Delivered {
            kind: Kind::Call,
            identity: shipment.call.identity().to_owned(),
            uid,
            recording: None,
            was_there: false,
            bytes: 0,
            in_doubt: 0,
            is_unproved: false,
        };
        let (mut problem, mut remarks) = (None, Vec::new());
        if let Some(parcel) = parcel {
            let uid = delivered.uid.clone();
            let key = (uid.as_deref(), is_adopted);
            let arrived = self.upload(shipment, parcel, key).await?;
            problem = arrived.problem();
            remarks = self::remarks(shipment, parcel, &arrived, detail == "adopted");
            if arrived.is_found {
                detail = "looked up";
            }
            delivered.recording = Some(parcel.name.clone());
            delivered.was_there = arrived.is_found && is_adopted;
            delivered.bytes = parcel.bytes;
            delivered.in_doubt = arrived.resends;
            delivered.is_unproved = arrived.is_unproved;
            let hash = shipment.call.identity_hash();
            let found = arrived.uid.filter(|uid| self.uids.claim(uid, hash));
            delivered.uid = uid.or(found);
        }
        Ok(JobEnd {
            problem,
            remarks,
            delivered: Some(delivered),
            ..JobEnd::plain(outcome, detail)
        })
    }

    async fn create(&self, shipment: &CallJob, was_tried: bool) -> Result<CreateResult, CallError> {
        let fingerprint = shipment.fingerprint;
        let body = Bytes::from(api::body(&shipment.call, self.version));
        let mut in_doubt = was_tried;
        let answer = self
            .attempt(create_intent(shipment), &mut in_doubt, |_| {
                self.create_once(shipment, body.clone())
            })
            .await?;
        let (made, fact) = match answer {
            Success::Done(created) => {
                self.of_calls.has_made_one();
                *self.harmless() = Some(Harmless::Call(body));
                let fact = CallFact::Created {
                    fingerprint,
                    uid: Some(created.uid.clone()),
                };
                (CreateResult::Ours(Some(created.uid)), fact)
            }
            // A try of this run was heard of a moment later; one of an earlier run may be another ledger's.
            Success::AlreadyThere
                if in_doubt && (!was_tried || self.of_calls.believes_in_tries()) =>
            {
                // What the server has is what was sent when the answer was lost.
                let unheard = shipment.standing.as_ref().and_then(CallState::sent_unheard);
                let fact = CallFact::Created {
                    fingerprint: unheard.unwrap_or(fingerprint),
                    uid: None,
                };
                (CreateResult::Ours(None), fact)
            }
            Success::AlreadyThere if self.of_calls.is_doubtful() => {
                return Err(self.put_by(shipment, in_doubt).await);
            }
            Success::AlreadyThere => match self.effort.existing {
                ExistingConversation::Adopt => (
                    CreateResult::Adopted,
                    CallFact::Adopted {
                        fingerprint,
                        uid: None,
                    },
                ),
                ExistingConversation::Skip => {
                    (CreateResult::LeftAlone, CallFact::LeftAlone { fingerprint })
                }
            },
        };
        let mut facts = vec![fact];
        if shipment.parcel.is_none() && !matches!(made, CreateResult::LeftAlone) {
            facts.push(without_recording(shipment));
        }
        self.write(shipment, facts).await?;
        Ok(made)
    }

    /// Asks for the conversation once. A uid that is another call's is not believed: like an answer that
    /// nobody can read, it leaves open whether there is a conversation.
    async fn create_once(&self, shipment: &CallJob, body: Bytes) -> Result<Created, api::Error> {
        let created = self.client.create(body).await?;
        if self.uids.claim(&created.uid, shipment.call.identity_hash()) {
            Ok(created)
        } else {
            Err(api::Error::ForeignUid)
        }
    }

    /// Leaves a call that is there for when it is known whose it is. The intent of a try that may have got
    /// through is kept.
    async fn put_by(&self, shipment: &CallJob, was_tried: bool) -> CallError {
        let strange = CallError::Strange { was_tried };
        if was_tried {
            return strange;
        }
        let taken_back = self.record(not_sent(shipment, RequestKind::Create)).await;
        taken_back.err().unwrap_or(strange)
    }

    pub(super) async fn write(
        &self,
        shipment: &CallJob,
        facts: Vec<CallFact>,
    ) -> Result<(), CallError> {
        failpoint::reached(Point::FactIsDue);
        self.record(entries(shipment, facts)).await
    }

    /// The words about something that was tried as often as allowed.
    pub(super) fn gave_up(&self, why: &str) -> String {
        format!("not sent after {} tries: {why}", self.effort.retries + 1)
    }

    /// Leaves a call for the run that finds its recording at rest. Nothing can have come of a body that
    /// ended before it was whole, but of an earlier try.
    async fn held(&self, shipment: &CallJob, why: &str, keeps_intent: bool) -> JobEnd {
        let (fingerprint, code) = (shipment.fingerprint, Code::RecordingChanged);
        let held = CallFact::Held {
            fingerprint,
            why: code,
        };
        let mut facts = Vec::new();
        if !keeps_intent {
            let before = shipment.standing.clone().map(Box::new);
            let stage = ledger::Stage::Upload;
            facts.push(CallFact::NotSent { stage, before });
        }
        facts.push(held);
        let held_at = shipment.standing.as_ref().and_then(|known| known.held_at);
        let overdue = pipeline::overdue(held_at, Timestamp::now(), self.effort.hold_for);
        // A ledger that is lost stops the run by itself; this call is held either way.
        let _ = self.write(shipment, facts).await;
        JobEnd {
            problem: Some((code, format!("{why}; the call waits for it"))),
            remarks: overdue
                .map(|age| (Code::HeldTooLong, age))
                .into_iter()
                .collect(),
            ..JobEnd::plain(Outcome::Held, code.name())
        }
    }

    async fn halted(&self, shipment: &CallJob, halt: CallError) -> JobEnd {
        let fingerprint = shipment.fingerprint;
        let (halt, refused) = halt.blamed_on_the_request();
        let (fact, code, message) = match halt {
            CallError::Refused {
                code: Code::RecordingChanged,
                message,
                in_doubt,
                ..
            } => return self.held(shipment, &message, in_doubt).await,
            CallError::Stopped | CallError::Strange { .. } | CallError::Unauthorized { .. } => {
                return JobEnd::plain(Outcome::NotAttempted, "stopped");
            }
            CallError::Refused {
                stage,
                status,
                message,
                code,
                in_doubt,
            } => {
                let stage = stage.into();
                let fact = refusal(fingerprint, stage, (status, message.clone()), in_doubt);
                (fact, code, message)
            }
            CallError::Failed { stage, status, why } => {
                let message = self.gave_up(&why);
                (
                    CallFact::Failed {
                        fingerprint,
                        stage: stage.into(),
                        status,
                        why,
                    },
                    Code::GaveUp,
                    message,
                )
            }
        };
        let facts = entries(shipment, vec![fact]);
        let mut ending = JobEnd {
            problem: Some((code, message)),
            ..JobEnd::plain(Outcome::Failed, "")
        };
        if let Some(refusal) = refused {
            ending.accused = Some(Box::new(Accused { refusal, facts }));
        } else {
            failpoint::reached(Point::FactIsDue);
            // A ledger that is lost stops the run by itself; this call failed either way.
            let _ = self.record(facts).await;
        }
        ending
    }
}

/// What is refused may have arrived before, and only a failure leaves the intent: after a plain refusal a
/// 409 is somebody else's.
fn refusal(
    fingerprint: u128,
    stage: ledger::Stage,
    (status, message): (u16, String),
    in_doubt: bool,
) -> CallFact {
    if in_doubt {
        CallFact::Failed {
            fingerprint,
            stage,
            status: Some(status),
            why: message,
        }
    } else {
        CallFact::Refused {
            fingerprint,
            stage,
            status,
            message,
        }
    }
}

/// What is to be told of a recording that has arrived; `is_adopted` by this run.
fn remarks(
    shipment: &CallJob,
    parcel: &RecordingUpload,
    arrived: &UploadResult,
    is_adopted: bool,
) -> Vec<(Code, String)> {
    let mut remarks = Vec::new();
    if let Some(now) = arrived.bytes_now {
        let sent = parcel.bytes;
        let message =
            format!("it had {sent} bytes when it was sent and has {now} now; it is not sent again");
        remarks.push((Code::RecordingChangedSinceSent, message));
    }
    let said = shipment.call.text(Field::AudioChannels);
    if is_adopted && parcel.channels == Some(1) && !matches!(said, "" | "Stereo") {
        let message = "the conversation was made by somebody else, and may count as stereo; the \
                       recording has one channel";
        remarks.push((Code::RecordingChannels, message.to_owned()));
    }
    remarks
}

pub(super) fn entries(shipment: &CallJob, facts: Vec<CallFact>) -> Facts {
    let identity: Arc<str> = shipment.call.identity().into();
    let entry = |fact| Entry::new(Arc::clone(&identity), fact);
    Facts::OfCall(facts.into_iter().map(entry).collect())
}

/// What the ledger is told before a create leaves.
fn create_intent(shipment: &CallJob) -> Intent {
    let intended = CallFact::CreateIntended {
        fingerprint: shipment.fingerprint,
        party: shipment.call.party(),
    };
    Intent {
        stage: RequestKind::Create,
        facts: entries(shipment, vec![intended]),
        unsent: not_sent(shipment, RequestKind::Create),
        completes: false,
    }
}

/// What the ledger is told of a conversation that gets no recording.
fn without_recording(shipment: &CallJob) -> CallFact {
    CallFact::WithoutRecording {
        was_sought: shipment.is_recording_missing,
    }
}

/// What the ledger is told when nothing can have come of a request.
pub(super) fn not_sent(shipment: &CallJob, stage: RequestKind) -> Facts {
    let before = shipment.standing.clone().map(Box::new);
    let stage = stage.into();
    entries(shipment, vec![CallFact::NotSent { stage, before }])
}

/// Who made a conversation.
enum CreateResult {
    Ours(Option<String>),
    Adopted,
    LeftAlone,
}

impl From<RequestKind> for ledger::Stage {
    fn from(stage: RequestKind) -> Self {
        match stage {
            // A case has no stages in the ledger; it is made by the request that fills it.
            RequestKind::Create | RequestKind::Case | RequestKind::Change => ledger::Stage::Create,
            RequestKind::Upload => ledger::Stage::Upload,
        }
    }
}

/// Whether the conversation is known to be somebody else's.
fn was_adopted(shipment: &CallJob) -> bool {
    let create = shipment.standing.as_ref().map(|standing| &standing.create);
    matches!(
        create,
        Some(
            CreateState::LeftAlone
                | CreateState::Done {
                    is_adopted: true,
                    ..
                }
        )
    )
}

fn known_uid(shipment: &CallJob) -> Option<String> {
    match &shipment.standing.as_ref()?.create {
        CreateState::Done { uid, .. } => uid.clone(),
        _ => None,
    }
}
