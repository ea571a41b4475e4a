//! The story of one call: create the conversation, send its recording, and write down what became of
//! each. How often a request is tried, and when, is the sender's.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::facts::{entries, not_sent, refusal, without_recording, write};
use super::known_uids::KnownUids;
use super::steps::change::PropertyChange;
use super::steps::create::CreateRequest;
use super::steps::upload::Conversation;
use super::transcode_queue::{Prepared, TranscodeError, TranscodeQueue};
use super::upload_remarks::upload_remarks;
use super::uploader::Uploader;
use crate::api::{self, ApiVersion};
use crate::delivery::job_end::{JobEnd, UnsettledRefusal};
use crate::delivery::new_ledger::NewLedger;
use crate::delivery::sender::Sender;
use crate::delivery::sender::doubt::Doubt;
use crate::delivery::sender::error::CallError;
use crate::delivery::sender::request::Success;
use crate::delivery::sender::request_kind::RequestKind;
use crate::delivery::sender::token_check::TokenProbe;
use crate::domain::Code;
use crate::domain::ExistingConversation;
use crate::domain::call::Call;
use crate::events::{Delivered, DeliveryKind, Outcome};
use crate::failpoint::{self, Point};
use crate::ledger::{self, CallFact, CallState, ContentKey};
use crate::pipeline::{self};
use crate::recordings::TranscodeFailure;
use crate::targets::call::job::{CallJob, RecordingUpload};
use crate::targets::call::plan::Step;

/// The destination has the call already, and the new ledger may be the wrong one: nothing was done.
pub(in crate::targets) struct CallConflict {
    /// An earlier try of the same request may have got through.
    pub(in crate::targets) was_tried: bool,
}

/// Everything that calls under way share.
pub struct CallDelivery {
    pub(in crate::targets) sender: Arc<Sender>,
    pub(in crate::targets) version: ApiVersion,
    /// A label for every call that is created.
    pub(in crate::targets) label: Option<String>,
    pub(in crate::targets) uploader: Uploader,
    /// Where recordings are put together or converted, if any may have to be.
    pub(in crate::targets) transcodes: Option<TranscodeQueue>,
    /// Which call each uid belongs to.
    pub(in crate::targets) uids: KnownUids,
    /// Makes the hashes that the ledger keeps of what is sent.
    pub(in crate::targets) content_key: ContentKey,
    /// Whether the ledger may be the wrong one, by what it knows of calls.
    pub(in crate::targets) new_ledger: NewLedger,
}

impl CallDelivery {
    /// Carries out the step of one call to its end.
    pub(in crate::targets) async fn carry_out(
        &self,
        job: &CallJob,
    ) -> Result<JobEnd, CallConflict> {
        if let Some(change) = &job.change {
            let change = PropertyChange {
                sender: &self.sender,
                read_back: self.uploader.read_back.as_ref(),
                job,
                change,
            };
            return Ok(change.carry_out().await);
        }
        let prepared = match self.prepare_recording(job).await {
            Ok(prepared) => prepared,
            Err(TranscodeError::Stopped) => {
                return Ok(JobEnd::plain(Outcome::NotAttempted, "stopped"));
            }
            Err(TranscodeError::Changed(change)) => {
                // No intent was written, so there is none to take back.
                let code = Code::RecordingChanged;
                return Ok(self.held(job, code, &change.to_string(), true).await);
            }
            Err(TranscodeError::Failed(error)) => {
                return Ok(self.unprepared(job, &error).await);
            }
        };
        let made = prepared.as_ref().map(|prepared| &prepared.recording);
        let recording = made.or(job.upload.as_ref());
        let creation = match self.conversation(job).await {
            Ok(creation) => creation,
            Err(CallError::Conflict { was_tried }) => return Err(CallConflict { was_tried }),
            Err(error) => return Ok(self.failed(job, error).await),
        };
        Ok(match self.complete(job, recording, creation).await {
            Ok(end) => end,
            // The next run sends the recording.
            Err(CallError::Stopped) => JobEnd::plain(Outcome::NotAttempted, "half done"),
            Err(error) => self.failed(job, error).await,
        })
    }

    /// Brings the conversation to its place.
    async fn conversation(&self, job: &CallJob) -> Result<CreateResult, CallError> {
        match job.step {
            Step::Create { was_tried, .. } => self.create(job, was_tried).await,
            _ => Ok(CreateResult::Known(job.known_uid())),
        }
    }

    /// Sends the recording of a conversation that is there.
    async fn complete(
        &self,
        job: &CallJob,
        recording: Option<&RecordingUpload>,
        creation: CreateResult,
    ) -> Result<JobEnd, CallError> {
        let is_adopted_now = matches!(creation, CreateResult::Adopted);
        let (uid, outcome, mut detail) = match creation {
            CreateResult::Ours(uid) => (uid, Outcome::Created, ""),
            CreateResult::Known(uid) => (uid, Outcome::AlreadyThere, "completed"),
            CreateResult::Adopted => (None, Outcome::AlreadyThere, "adopted"),
            CreateResult::LeftAlone => {
                let message = "somebody else made the conversation; it is left alone";
                return Ok(JobEnd {
                    problem: Some((Code::AlreadyThere, message.to_owned())),
                    ..JobEnd::plain(Outcome::AlreadyThere, "left alone")
                });
            }
        };
        let mut delivered = Delivered {
            kind: DeliveryKind::Call,
            identity: job.call.identity().to_owned(),
            uid,
            recording: None,
            was_there: false,
            bytes: 0,
            in_doubt: 0,
            is_unproved: false,
        };
        let (mut problem, mut remarks) = (None, Vec::new());
        if let Some(recording) = recording {
            let uid = delivered.uid.clone();
            let conversation = Conversation {
                uid: uid.as_deref(),
                is_adopted: is_adopted_now || job.was_adopted(),
            };
            let result = self.uploader.upload(job, recording, conversation).await?;
            problem = result.problem();
            remarks = upload_remarks(job, recording, &result, is_adopted_now);
            if result.is_found {
                detail = "looked up";
            }
            delivered.recording = Some(recording.name.clone());
            delivered.was_there = result.is_found && conversation.is_adopted;
            delivered.bytes = recording.bytes;
            delivered.in_doubt = result.resends;
            delivered.is_unproved = result.is_unproved;
            let hash = job.call.identity_hash();
            let found = result.uid.filter(|uid| self.uids.claim(uid, hash));
            delivered.uid = uid.or(found);
        }
        Ok(JobEnd {
            problem,
            remarks,
            delivered: Some(delivered),
            ..JobEnd::plain(outcome, detail)
        })
    }

    async fn create(&self, job: &CallJob, was_tried: bool) -> Result<CreateResult, CallError> {
        let fingerprint = job.fingerprint;
        let labelled = self.labelled(&job.call);
        let body = self.body(labelled.as_ref().unwrap_or(&job.call));
        let mut request = CreateRequest {
            client: &self.sender.client,
            uids: &self.uids,
            key: &self.content_key,
            version: self.version,
            job,
            labelled: labelled.as_ref(),
            body: body.clone(),
        };
        let doubt = Doubt::of_earlier_runs(was_tried);
        let (answer, doubt) = self.sender.send(&mut request, doubt).await?;
        let is_in_doubt = doubt.is_open();
        let (result, fact) = match answer {
            Success::Done(created) => {
                self.new_ledger.count_made();
                self.sender.token.remember(TokenProbe::Call(body));
                let uid = Some(created.uid);
                let fact = CallFact::Created {
                    fingerprint,
                    uid: uid.clone(),
                };
                (CreateResult::Ours(uid), fact)
            }
            // A try of this run was heard of a moment later; one of an earlier run may be another ledger's.
            Success::AlreadyThere
                if is_in_doubt && (!was_tried || self.new_ledger.trusts_attempts()) =>
            {
                // What the server has is what was sent when the answer was lost.
                let unconfirmed = job.state.as_ref().and_then(CallState::unconfirmed);
                let fact = CallFact::Created {
                    fingerprint: unconfirmed.unwrap_or(fingerprint),
                    uid: None,
                };
                (CreateResult::Ours(None), fact)
            }
            Success::AlreadyThere if self.new_ledger.is_doubtful() => {
                return Err(self.put_aside(job, is_in_doubt).await);
            }
            Success::AlreadyThere => match self.sender.limits.existing {
                ExistingConversation::Adopt => {
                    let uid = None;
                    (
                        CreateResult::Adopted,
                        CallFact::Adopted { fingerprint, uid },
                    )
                }
                ExistingConversation::Skip => {
                    (CreateResult::LeftAlone, CallFact::LeftAlone { fingerprint })
                }
            },
        };
        let mut facts = vec![fact];
        if job.upload.is_none() && !matches!(result, CreateResult::LeftAlone) {
            facts.push(without_recording(job));
        }
        write(&self.sender, job, facts).await?;
        Ok(result)
    }

    fn body(&self, call: &Call<'_>) -> Bytes {
        api::body(call, self.version).into()
    }

    /// The call with the label that the operator puts on every call, if there is one.
    fn labelled<'c>(&self, call: &Call<'c>) -> Option<Call<'c>> {
        let label = self.label.as_ref()?;
        let mut labelled = call.clone();
        labelled.add_label(label);
        Some(labelled)
    }

    /// Leaves a call that is there for when it is known whose it is. The intent of a try that may have got
    /// through is kept.
    async fn put_aside(&self, job: &CallJob, was_tried: bool) -> CallError {
        let conflict = CallError::Conflict { was_tried };
        if was_tried {
            return conflict;
        }
        let taken_back = self.sender.record(not_sent(job, RequestKind::Create)).await;
        taken_back.err().unwrap_or(conflict)
    }

    /// Leaves a call for the run that finds its recording at rest. Nothing can have come of a body that
    /// ended before it was whole, but of an earlier try.
    async fn held(&self, job: &CallJob, code: Code, why: &str, keeps_intent: bool) -> JobEnd {
        let fingerprint = job.fingerprint;
        let held = CallFact::Held {
            fingerprint,
            why: code,
        };
        let mut facts = Vec::new();
        if !keeps_intent {
            let before = job.state.clone().map(Box::new);
            let stage = ledger::Stage::Upload;
            facts.push(CallFact::NotSent { stage, before });
        }
        facts.push(held);
        let held_at = job.state.as_ref().and_then(|known| known.held_at);
        let overdue = pipeline::overdue(held_at, Timestamp::now(), self.sender.limits.hold_for);
        // A ledger that is lost stops the run by itself; this call is held either way.
        let _ = write(&self.sender, job, facts).await;
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
        job: &CallJob,
    ) -> Result<Option<Prepared<'_>>, TranscodeError> {
        let recording = job.upload.as_ref();
        let Some((recording, order)) = recording.and_then(|one| Some((one, one.order.clone()?)))
        else {
            return Ok(None);
        };
        let Some(transcodes) = &self.transcodes else {
            return Err(TranscodeError::Failed(TranscodeFailure::NoFfmpeg));
        };
        let prepared = transcodes
            .prepare(recording, order, &self.sender.stop)
            .await?;
        Ok(Some(prepared))
    }

    /// Tells that a recording could not be made. The next run tries again: somebody may have
    /// installed what was lacking, or mended the file.
    async fn unprepared(&self, job: &CallJob, error: &TranscodeFailure) -> JobEnd {
        let why = error.to_string();
        let fact = CallFact::Failed {
            fingerprint: job.fingerprint,
            stage: match job.step {
                Step::Create { .. } => ledger::Stage::Create,
                _ => ledger::Stage::Upload,
            },
            status: None,
            why: why.clone(),
        };
        // A ledger that is lost stops the run by itself; this call failed either way.
        let _ = write(&self.sender, job, vec![fact]).await;
        JobEnd {
            problem: Some((Code::RecordingNotMade, why)),
            ..JobEnd::plain(Outcome::Failed, "")
        }
    }

    async fn failed(&self, job: &CallJob, error: CallError) -> JobEnd {
        let fingerprint = job.fingerprint;
        let (error, refused) = error.into_request_error();
        let (fact, code, message) = match error {
            CallError::Refused {
                code:
                    code
                    @ (Code::RecordingChanged | Code::RecordingUnavailable | Code::StoreCredentials),
                message,
                in_doubt,
                ..
            } => return self.held(job, code, &message, in_doubt).await,
            CallError::Stopped | CallError::Conflict { .. } | CallError::Unauthorized { .. } => {
                return JobEnd::plain(Outcome::NotAttempted, "stopped");
            }
            CallError::Refused {
                kind,
                status,
                message,
                code,
                in_doubt,
            } => {
                let stage = kind.into();
                let fact = refusal(fingerprint, stage, status, message.clone(), in_doubt);
                (fact, code, message)
            }
            CallError::Failed { kind, status, why } => {
                let message = self.sender.gave_up(&why);
                let fact = CallFact::Failed {
                    fingerprint,
                    stage: kind.into(),
                    status,
                    why,
                };
                (fact, Code::GaveUp, message)
            }
        };
        let facts = entries(job, vec![fact]);
        let mut end = JobEnd {
            problem: Some((code, message)),
            ..JobEnd::plain(Outcome::Failed, "")
        };
        if let Some(refusal) = refused {
            end.unsettled = Some(Box::new(UnsettledRefusal { refusal, facts }));
        } else {
            failpoint::reached(Point::FactIsDue);
            // A ledger that is lost stops the run by itself; this call failed either way.
            let _ = self.sender.record(facts).await;
        }
        end
    }
}

/// Who made a conversation.
enum CreateResult {
    /// This run, or an earlier one just before it was stopped.
    Ours(Option<String>),
    /// The ledger has it.
    Known(Option<String>),
    Adopted,
    LeftAlone,
}
