//! The recording of one call on its way: sent, sent again, or found to be there already; and what the
//! ledger is told of that.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::facts::write;
use super::read_back::ReadBack;
use super::steps::upload::{Conversation, LookupResult, UploadAnswer, UploadRequest};
use crate::api::{AudioSettings, Throttle, UploadBody};
use crate::delivery::sender::Sender;
use crate::delivery::sender::doubt::Doubt;
use crate::delivery::sender::error::CallError;
use crate::delivery::sender::request::Success;
use crate::delivery::sender::request_kind::RequestKind;
use crate::domain::Code;
use crate::ledger::{self, CallFact, CallState};
use crate::targets::call::job::{CallJob, RecordingUpload};
use crate::targets::call::plan::Step;

/// A recording that is in place.
#[derive(Debug, Default)]
pub(in crate::targets) struct UploadResult {
    /// Found by the read API, and not sent by this run.
    pub(in crate::targets) is_found: bool,
    /// The uid of its conversation, if the read API told it.
    pub(in crate::targets) uid: Option<String>,
    /// How often it was sent although it may have been there, in all runs.
    pub(in crate::targets) resends: u32,
    /// Why a look-up could not settle that.
    pub(in crate::targets) unsettled: Option<String>,
    /// What its file says that it has now, if that is not what was sent.
    pub(in crate::targets) bytes_now: Option<u64>,
    /// The conversation is somebody else's, and nothing proves that it had no recording.
    pub(in crate::targets) is_unproved: bool,
}

impl UploadResult {
    /// What there is to be told about it.
    pub(in crate::targets) fn problem(&self) -> Option<(Code, String)> {
        let why = match &self.unsettled {
            Some(why) => format!(" ({why})"),
            None => String::new(),
        };
        let often = match self.resends {
            0 if self.is_unproved => {
                let text = format!(
                    "somebody else made the conversation; its recording was sent, and is there twice \
                     if it had one{why}"
                );
                return Some((Code::AlreadyThere, text));
            }
            0 => return None,
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let text = format!("the upload got no reliable answer and was sent again {often}{why}");
        Some((Code::UploadInDoubt, text))
    }
}

/// Sends the recordings of calls.
pub(in crate::targets) struct Uploader {
    pub(in crate::targets) sender: Arc<Sender>,
    pub(in crate::targets) settings: AudioSettings,
    /// Where uploads in doubt are looked up.
    pub(in crate::targets) read_back: Option<ReadBack>,
    /// Whether SHA-256 is made of recordings as well.
    pub(in crate::targets) with_sha256: bool,
    pub(in crate::targets) throttle: Option<Throttle>,
    pub(in crate::targets) on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
}

impl Uploader {
    /// Brings the recording of a conversation that is there to its place.
    pub(in crate::targets) async fn upload(
        &self,
        job: &CallJob,
        recording: &RecordingUpload,
        conversation: Conversation<'_>,
    ) -> Result<UploadResult, CallError> {
        let mut request = UploadRequest {
            client: &self.sender.client,
            stop: &self.sender.stop,
            read_back: self.read_back.as_ref(),
            job,
            recording,
            conversation,
            body: self.body(recording),
            settings: self.settings.fitting(recording.channels),
            lookup: LookupResult::default(),
        };
        let (answer, doubt) = self.sender.send(&mut request, doubt(job)).await?;
        let (is_found, uid) = match answer {
            Success::Done(UploadAnswer::Found(uid)) => (true, uid),
            // Whatever a look-up said, a 409 to a recording that was ever in doubt is ours.
            Success::AlreadyThere if !doubt.ever() => return Err(there_already()),
            Success::Done(UploadAnswer::Sent) | Success::AlreadyThere => (false, None),
        };
        let mut result = UploadResult {
            is_found,
            uid,
            resends: doubt.resends(),
            is_unproved: conversation.is_adopted && !request.lookup.is_proved && !is_found,
            unsettled: request.lookup.unsettled.take(),
            bytes_now: None,
        };
        self.conclude(&request, &result).await?;
        if !is_found {
            let now = size_now(recording).await;
            result.bytes_now = now.filter(|now| *now != recording.bytes);
        }
        Ok(result)
    }

    /// Writes down that the recording is in place.
    async fn conclude(
        &self,
        request: &UploadRequest<'_>,
        result: &UploadResult,
    ) -> Result<(), CallError> {
        let UploadRequest { job, body, .. } = request;
        let mut facts = Vec::new();
        if let Some(uid) = result.uid.clone() {
            let (fingerprint, uid) = (job.fingerprint, Some(uid));
            facts.push(if request.conversation.is_adopted {
                CallFact::Adopted { fingerprint, uid }
            } else {
                CallFact::Created { fingerprint, uid }
            });
        }
        let (hash, bytes) = match (result.is_found, body.sent()) {
            (false, sent) => sent,
            (true, sent) if sent.1 == body.bytes => sent,
            (true, _) => (ledger::UNKNOWN_HASH, bytes_before(job, body.bytes)),
        };
        facts.push(CallFact::Uploaded {
            hash,
            bytes,
            in_doubt_resends: result.resends,
            // What somebody else sent, or an earlier run, may have been made of another file.
            source: (!result.is_found).then_some(request.recording.source_bytes),
        });
        if hash != ledger::UNKNOWN_HASH
            && let Some(sha256) = body.sha256()
        {
            facts.push(CallFact::Hashed { sha256 });
        }
        write(&self.sender, job, facts).await
    }

    fn body(&self, recording: &RecordingUpload) -> UploadBody {
        UploadBody {
            recording: recording.found.clone(),
            file_name: recording.file_name.clone(),
            content_type: recording.content_type,
            bytes: recording.bytes,
            with_sha256: self.with_sha256,
            throttle: self.throttle.clone(),
            on_bytes: Arc::clone(&self.on_bytes),
            state: Arc::default(),
        }
    }
}

/// What earlier runs have left in doubt.
fn doubt(job: &CallJob) -> Doubt {
    let was_tried = matches!(job.step, Step::Upload { is_in_doubt: true });
    let known = job.state.as_ref();
    let resends = known.map_or(0, |known| known.in_doubt_resends);
    let lost_at = was_tried.then(|| lost_at(known));
    Doubt::of_earlier_runs(was_tried).with(lost_at, resends)
}

/// The size of the file after it was sent; a file that is gone by then was whole. A store was asked
/// before the last bytes left, and each question takes its time.
async fn size_now(recording: &RecordingUpload) -> Option<u64> {
    if recording.found.is_far() {
        return None;
    }
    let found = recording.found.clone();
    let look = tokio::task::spawn_blocking(move || found.bytes_now());
    look.await.ok()?
}

fn there_already() -> CallError {
    CallError::Refused {
        kind: RequestKind::Upload,
        status: 409,
        message: "the server has a recording of this call already".to_owned(),
        code: Code::ServerRefused,
        in_doubt: false,
    }
}

/// How many bytes left in an earlier run.
fn bytes_before(job: &CallJob, now: u64) -> u64 {
    match job.state.as_ref().map(|known| known.upload) {
        Some(ledger::UploadState::Intended { bytes }) => bytes,
        _ => now,
    }
}

/// When an earlier run last knew of the upload that it lost; now, where the clock says nonsense.
fn lost_at(known: Option<&CallState>) -> Instant {
    let now = Instant::now();
    let passed = known
        .map(|known| SystemTime::from(known.last_at))
        .and_then(|at| SystemTime::now().duration_since(at).ok())
        .unwrap_or_default();
    // Beyond a day it makes no difference, and a clock of the machine's start cannot go below 0.
    now.checked_sub(passed.min(Duration::from_secs(86_400)))
        .unwrap_or(now)
}
