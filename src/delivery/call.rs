//! The story of one call: create the conversation, send its recording, and write down what became of
//! each. How often a request is tried, and when, is `attempt`'s.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::call_facts::{entries, not_sent, refusal, without_recording, write};
use super::job_end::{Accused, CarriedOut, JobEnd};
use super::known_uids::KnownUids;
use super::new_ledger::NewLedger;
use super::sender::attempt::{Harmless, Sender, Success};
use super::sender::error::CallError;
use super::sender::intent::Intent;
use super::sender::verdict::RequestKind;
use super::transcode_queue::{Prepared, TranscodeError, TranscodeQueue};
use super::upload::{UploadResult, Uploader};
use crate::api::{self, ApiVersion, Created};
use crate::domain::Code;
use crate::domain::call::Field;
use crate::events::{Delivered, DeliveryKind, Outcome};
use crate::failpoint::{self, Point};
use crate::ledger::{self, CallFact, CallState, CreateState};
use crate::pipeline::{self, CallJob, RecordingUpload};
use crate::plan::{ExistingConversation, Step};
use crate::recordings::TranscodeFailure;

/// Everything that calls under way share.
pub(super) struct CallDelivery {
    pub(super) sender: Arc<Sender>,
    pub(super) version: ApiVersion,
    pub(super) uploader: Uploader,
    /// Where recordings are put together or converted, if any may have to be.
    pub(super) bench: Option<TranscodeQueue>,
    /// Which call each uid belongs to.
    pub(super) uids: KnownUids,
    /// Whether the ledger may be the wrong one, by what it knows of calls.
    pub(super) new_ledger: NewLedger,
}

impl CallDelivery {
    /// Carries out the step of one call to its end.
    pub(super) async fn deliver(&self, shipment: &CallJob) -> CarriedOut<JobEnd> {
        let prepared = match self.prepare_recording(shipment).await {
            Ok(prepared) => prepared,
            Err(TranscodeError::Stopped) => {
                return CarriedOut::Ended(JobEnd::plain(Outcome::NotAttempted, "stopped"));
            }
            Err(TranscodeError::Changed(change)) => {
                // No intent was written, so there is none to take back.
                return CarriedOut::Ended(self.held(shipment, &change.to_string(), true).await);
            }
            Err(TranscodeError::Failed(error)) => {
                return CarriedOut::Ended(self.unprepared(shipment, &error).await);
            }
        };
        let made = prepared.as_ref().map(|prepared| &prepared.parcel);
        let parcel = made.or(shipment.parcel.as_ref());
        let mut is_there = !matches!(shipment.step, Step::Create { .. });
        CarriedOut::Ended(match self.carry(shipment, parcel, &mut is_there).await {
            Ok(ending) => ending,
            Err(CallError::Strange { was_tried }) => return CarriedOut::Strange { was_tried },
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
            kind: DeliveryKind::Call,
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
            let arrived = self.uploader.upload(shipment, parcel, key).await?;
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
        let intent = create_intent(shipment);
        let body = Bytes::from(api::body(&shipment.call, self.version));
        let mut in_doubt = was_tried;
        let answer = self
            .sender
            .attempt(intent, &mut in_doubt, |_| {
                self.create_once(shipment, body.clone())
            })
            .await?;
        let (made, fact) = match answer {
            Success::Done(created) => {
                self.new_ledger.has_made_one();
                *self.sender.harmless() = Some(Harmless::Call(body));
                let fact = CallFact::Created {
                    fingerprint,
                    uid: Some(created.uid.clone()),
                };
                (CreateResult::Ours(Some(created.uid)), fact)
            }
            // A try of this run was heard of a moment later; one of an earlier run may be another ledger's.
            Success::AlreadyThere
                if in_doubt && (!was_tried || self.new_ledger.believes_in_tries()) =>
            {
                // What the server has is what was sent when the answer was lost.
                let unheard = shipment.standing.as_ref().and_then(CallState::sent_unheard);
                let fact = CallFact::Created {
                    fingerprint: unheard.unwrap_or(fingerprint),
                    uid: None,
                };
                (CreateResult::Ours(None), fact)
            }
            Success::AlreadyThere if self.new_ledger.is_doubtful() => {
                return Err(self.put_by(shipment, in_doubt).await);
            }
            Success::AlreadyThere => match self.sender.effort.existing {
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
        write(&self.sender, shipment, facts).await?;
        Ok(made)
    }

    /// Asks for the conversation once. A uid that is another call's is not believed: like an answer that
    /// nobody can read, it leaves open whether there is a conversation.
    async fn create_once(&self, shipment: &CallJob, body: Bytes) -> Result<Created, api::Error> {
        let created = self.sender.client.create(body).await?;
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
        let taken_back = self
            .sender
            .record(not_sent(shipment, RequestKind::Create))
            .await;
        taken_back.err().unwrap_or(strange)
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
        let overdue = pipeline::overdue(held_at, Timestamp::now(), self.sender.effort.hold_for);
        // A ledger that is lost stops the run by itself; this call is held either way.
        let _ = write(&self.sender, shipment, facts).await;
        JobEnd {
            problem: Some((code, format!("{why}; the call waits for it"))),
            remarks: overdue
                .map(|age| (Code::HeldTooLong, age))
                .into_iter()
                .collect(),
            ..JobEnd::plain(Outcome::Held, code.name())
        }
    }

    /// Makes the recording of a call, where something must be made of it.
    async fn prepare_recording(
        &self,
        shipment: &CallJob,
    ) -> Result<Option<Prepared<'_>>, TranscodeError> {
        let parcel = shipment.parcel.as_ref();
        let Some((parcel, order)) = parcel.and_then(|one| Some((one, one.order.clone()?))) else {
            return Ok(None);
        };
        let Some(bench) = &self.bench else {
            return Err(TranscodeError::Failed(TranscodeFailure::NoFfmpeg));
        };
        let prepared = bench.prepare(parcel, order, &self.sender.stop).await?;
        Ok(Some(prepared))
    }

    /// Tells that a recording could not be made. The next run tries again: somebody may have
    /// installed what was lacking, or mended the file.
    async fn unprepared(&self, shipment: &CallJob, error: &TranscodeFailure) -> JobEnd {
        let why = error.to_string();
        let fact = CallFact::Failed {
            fingerprint: shipment.fingerprint,
            stage: match shipment.step {
                Step::Create { .. } => ledger::Stage::Create,
                _ => ledger::Stage::Upload,
            },
            status: None,
            why: why.clone(),
        };
        // A ledger that is lost stops the run by itself; this call failed either way.
        let _ = write(&self.sender, shipment, vec![fact]).await;
        JobEnd {
            problem: Some((Code::RecordingNotMade, why)),
            ..JobEnd::plain(Outcome::Failed, "")
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
                let message = self.sender.gave_up(&why);
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
            let _ = self.sender.record(facts).await;
        }
        ending
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

/// Who made a conversation.
enum CreateResult {
    Ours(Option<String>),
    Adopted,
    LeftAlone,
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
