//! The story of one call: create the conversation, send its recording, and write down what became of
//! each. How often a request is tried, and when, is `attempt`'s.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::Effort;
use super::new_ledger::NewLedger;
use super::read_back::Lookup;
use super::sender::attempt::{Answer, Facts, Halt, Harmless, Intent, Notice};
use super::sender::gate::Gate;
use super::sender::refusals::{Refusal, Refusals};
use super::sender::verdict::Stage;
use super::stop::StopSignal;
use super::transcode_queue::{Bench, Unprepared};
use super::upload::Arrived;
use crate::api::{self, AudioSettings, Client, Throttle, Version};
use crate::domain::Code;
use crate::domain::call::Field;
use crate::failpoint::{self, Point};
use crate::ledger::{self, Create, Entry, Fact, Standing, Writer};
use crate::pipeline::{self, Delivered, Kind, Outcome, Parcel, Shipment};
use crate::plan::{Existing, Step};

/// How a call ended.
#[derive(Debug)]
pub(super) struct Ending {
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

impl Ending {
    /// An end of which nothing more is to be told.
    pub(super) fn plain(outcome: Outcome, detail: &'static str) -> Ending {
        Ending {
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
pub(super) struct Courier {
    pub(super) client: Client,
    pub(super) version: Version,
    pub(super) settings: AudioSettings,
    pub(super) writer: Writer,
    pub(super) gate: Gate,
    pub(super) stop: Arc<StopSignal>,
    pub(super) effort: Effort,
    /// Where uploads in doubt are looked up.
    pub(super) lookup: Option<Lookup>,
    pub(super) throttle: Option<Throttle>,
    pub(super) bench: Option<Bench>,
    pub(super) on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
    pub(super) notices: mpsc::Sender<Notice>,
    pub(super) refusals: Refusals,
    pub(super) harmless: Mutex<Option<Harmless>>,
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

impl Courier {
    /// Carries out the step of one call to its end.
    pub(super) async fn deliver(&self, shipment: &Shipment) -> Carried<Ending> {
        let prepared = match self.prepare_recording(shipment).await {
            Ok(prepared) => prepared,
            Err(Unprepared::Stopped) => {
                return Carried::Ended(Ending::plain(Outcome::NotAttempted, "stopped"));
            }
            Err(Unprepared::Changed(change)) => {
                // No intent was written, so there is none to take back.
                return Carried::Ended(self.held(shipment, &change.to_string(), true).await);
            }
            Err(Unprepared::Failed(error)) => {
                return Carried::Ended(self.unprepared(shipment, &error).await);
            }
        };
        let made = prepared.as_ref().map(|prepared| &prepared.parcel);
        let parcel = made.or(shipment.parcel.as_ref());
        let mut is_there = !matches!(shipment.step, Step::Create { .. });
        Carried::Ended(match self.carry(shipment, parcel, &mut is_there).await {
            Ok(ending) => ending,
            Err(Halt::Strange { was_tried }) => return Carried::Strange { was_tried },
            // The next run sends the recording.
            Err(Halt::Stopped) if is_there => Ending::plain(Outcome::NotAttempted, "half done"),
            Err(halt) => self.halted(shipment, halt).await,
        })
    }

    /// `is_there` becomes true with the conversation.
    async fn carry(
        &self,
        shipment: &Shipment,
        parcel: Option<&Parcel>,
        is_there: &mut bool,
    ) -> Result<Ending, Halt> {
        let (uid, outcome, mut detail) = match shipment.step {
            Step::Create { was_tried, .. } => match self.create(shipment, was_tried).await? {
                Made::Ours(uid) => (uid, Outcome::Created, ""),
                Made::Adopted => (None, Outcome::AlreadyThere, "adopted"),
                Made::LeftAlone => {
                    let message = "somebody else made the conversation; it is left alone";
                    return Ok(Ending {
                        problem: Some((Code::AlreadyThere, message.to_owned())),
                        ..Ending::plain(Outcome::AlreadyThere, "left alone")
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
            delivered.uid = uid.or(arrived.uid);
        }
        Ok(Ending {
            problem,
            remarks,
            delivered: Some(delivered),
            ..Ending::plain(outcome, detail)
        })
    }

    async fn create(&self, shipment: &Shipment, was_tried: bool) -> Result<Made, Halt> {
        let fingerprint = shipment.fingerprint;
        let party = shipment.call.party();
        let intent = Intent {
            stage: Stage::Create,
            facts: entries(shipment, vec![Fact::CreateIntended { fingerprint, party }]),
            unsent: not_sent(shipment, Stage::Create),
            completes: false,
        };
        let body = Bytes::from(api::body(&shipment.call, self.version));
        let mut in_doubt = was_tried;
        let answer = self
            .attempt(intent, &mut in_doubt, |_| self.client.create(body.clone()))
            .await?;
        let (made, fact) = match answer {
            Answer::Done(created) => {
                self.of_calls.has_made_one();
                *self.harmless() = Some(Harmless::Call(body));
                let fact = Fact::Created {
                    fingerprint,
                    uid: Some(created.uid.clone()),
                };
                (Made::Ours(Some(created.uid)), fact)
            }
            // A try of this run was heard of a moment later; one of an earlier run may be another ledger's.
            Answer::AlreadyThere
                if in_doubt && (!was_tried || self.of_calls.believes_in_tries()) =>
            {
                // What the server has is what was sent when the answer was lost.
                let standing = shipment.standing.as_ref();
                let sent = standing
                    .and_then(Standing::sent_unheard)
                    .unwrap_or(fingerprint);
                (
                    Made::Ours(None),
                    Fact::Created {
                        fingerprint: sent,
                        uid: None,
                    },
                )
            }
            Answer::AlreadyThere if self.of_calls.is_doubtful() => {
                return Err(self.put_by(shipment, in_doubt).await);
            }
            Answer::AlreadyThere => match self.effort.existing {
                Existing::Adopt => (
                    Made::Adopted,
                    Fact::Adopted {
                        fingerprint,
                        uid: None,
                    },
                ),
                Existing::Skip => (Made::LeftAlone, Fact::LeftAlone { fingerprint }),
            },
        };
        let mut facts = vec![fact];
        if shipment.parcel.is_none() && !matches!(made, Made::LeftAlone) {
            facts.push(without_recording(shipment));
        }
        self.write(shipment, facts).await?;
        Ok(made)
    }

    /// Leaves a call that is there for when it is known whose it is. The intent of a try that may have got
    /// through is kept.
    async fn put_by(&self, shipment: &Shipment, was_tried: bool) -> Halt {
        let strange = Halt::Strange { was_tried };
        if was_tried {
            return strange;
        }
        let taken_back = self.record(not_sent(shipment, Stage::Create)).await;
        taken_back.err().unwrap_or(strange)
    }

    pub(super) async fn write(&self, shipment: &Shipment, facts: Vec<Fact>) -> Result<(), Halt> {
        failpoint::reached(Point::FactIsDue);
        self.record(entries(shipment, facts)).await
    }

    /// The words about something that was tried as often as allowed.
    pub(super) fn gave_up(&self, why: &str) -> String {
        format!("not sent after {} tries: {why}", self.effort.retries + 1)
    }

    /// Leaves a call for the run that finds its recording at rest. Nothing can have come of a body that
    /// ended before it was whole, but of an earlier try.
    async fn held(&self, shipment: &Shipment, why: &str, keeps_intent: bool) -> Ending {
        let (fingerprint, code) = (shipment.fingerprint, Code::RecordingChanged);
        let held = Fact::Held {
            fingerprint,
            why: code,
        };
        let mut facts = Vec::new();
        if !keeps_intent {
            let before = shipment.standing.clone().map(Box::new);
            let stage = ledger::Stage::Upload;
            facts.push(Fact::NotSent { stage, before });
        }
        facts.push(held);
        let held_at = shipment.standing.as_ref().and_then(|known| known.held_at);
        let overdue = pipeline::overdue(held_at, Timestamp::now(), self.effort.hold_for);
        // A ledger that is lost stops the run by itself; this call is held either way.
        let _ = self.write(shipment, facts).await;
        Ending {
            problem: Some((code, format!("{why}; the call waits for it"))),
            remarks: overdue
                .map(|age| (Code::HeldTooLong, age))
                .into_iter()
                .collect(),
            ..Ending::plain(Outcome::Held, code.name())
        }
    }

    async fn halted(&self, shipment: &Shipment, halt: Halt) -> Ending {
        let fingerprint = shipment.fingerprint;
        let (halt, refused) = halt.blamed_on_the_request();
        let (fact, code, message) = match halt {
            Halt::Refused {
                code: Code::RecordingChanged,
                message,
                in_doubt,
                ..
            } => return self.held(shipment, &message, in_doubt).await,
            Halt::Stopped | Halt::Strange { .. } | Halt::Unauthorized { .. } => {
                return Ending::plain(Outcome::NotAttempted, "stopped");
            }
            Halt::Refused {
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
            Halt::Failed { stage, status, why } => {
                let message = self.gave_up(&why);
                (
                    Fact::Failed {
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
        let mut ending = Ending {
            problem: Some((code, message)),
            ..Ending::plain(Outcome::Failed, "")
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
) -> Fact {
    if in_doubt {
        Fact::Failed {
            fingerprint,
            stage,
            status: Some(status),
            why: message,
        }
    } else {
        Fact::Refused {
            fingerprint,
            stage,
            status,
            message,
        }
    }
}

/// What is to be told of a recording that has arrived; `is_adopted` by this run.
fn remarks(
    shipment: &Shipment,
    parcel: &Parcel,
    arrived: &Arrived,
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

pub(super) fn entries(shipment: &Shipment, facts: Vec<Fact>) -> Facts {
    let identity: Arc<str> = shipment.call.identity().into();
    let entry = |fact| Entry::new(Arc::clone(&identity), fact);
    Facts::OfCall(facts.into_iter().map(entry).collect())
}

/// What the ledger is told of a conversation that gets no recording.
fn without_recording(shipment: &Shipment) -> Fact {
    Fact::WithoutRecording {
        was_sought: shipment.is_recording_missing,
    }
}

/// What the ledger is told when nothing can have come of a request.
pub(super) fn not_sent(shipment: &Shipment, stage: Stage) -> Facts {
    let before = shipment.standing.clone().map(Box::new);
    let stage = stage.into();
    entries(shipment, vec![Fact::NotSent { stage, before }])
}

/// Who made a conversation.
enum Made {
    Ours(Option<String>),
    Adopted,
    LeftAlone,
}

impl From<Stage> for ledger::Stage {
    fn from(stage: Stage) -> Self {
        match stage {
            // A case has no stages in the ledger; it is made by the request that fills it.
            Stage::Create | Stage::Case | Stage::Change => ledger::Stage::Create,
            Stage::Upload => ledger::Stage::Upload,
        }
    }
}

/// Whether the conversation is known to be somebody else's.
fn was_adopted(shipment: &Shipment) -> bool {
    let create = shipment.standing.as_ref().map(|standing| &standing.create);
    matches!(
        create,
        Some(
            Create::LeftAlone
                | Create::Done {
                    is_adopted: true,
                    ..
                }
        )
    )
}

fn known_uid(shipment: &Shipment) -> Option<String> {
    match &shipment.standing.as_ref()?.create {
        Create::Done { uid, .. } => uid.clone(),
        _ => None,
    }
}
