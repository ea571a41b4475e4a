//! The recording of one call on its way: sent, sent again, or found to be there already.
//!
//! What a second upload does to a conversation is not documented, so a recording whose answer was
//! lost is looked up before it is sent again, where a read API is configured. Where nobody knows,
//! it is sent again, and each such sending is written down before it leaves: a recording that is
//! there twice must be told of, also by a run that only hears of it later.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::call_facts::{entries, not_sent, write};
use super::read_back::{ReadBack, ReadBackAnswer};
use super::sender::attempt::{Sender, Success};
use super::sender::error::CallError;
use super::sender::intent::{Attempts, Intent};
use super::sender::verdict::RequestKind;
use crate::api::{self, AudioSettings, ConversationQuery, ConversationRef, Throttle};
use crate::domain::Code;
use crate::ledger::{self, CallFact, CallState, CreateState, LedgerEntry};
use crate::pipeline::{CallJob, RecordingUpload};
use crate::plan::Step;

/// A recording that is in place.
#[derive(Debug, Default)]
pub(super) struct UploadResult {
    /// Found by the read API, and not sent by this run.
    pub(super) is_found: bool,
    /// The uid of its conversation, if the read API told it.
    pub(super) uid: Option<String>,
    /// How often it was sent although it may have been there, in all runs.
    pub(super) resends: u32,
    /// Why a look-up could not settle that.
    pub(super) unsettled: Option<String>,
    /// What its file says that it has now, if that is not what was sent.
    pub(super) bytes_now: Option<u64>,
    /// The conversation is somebody else's, and nothing proves that it had no recording.
    pub(super) is_unproved: bool,
}

impl UploadResult {
    /// What there is to be told about it.
    pub(super) fn problem(&self) -> Option<(Code, String)> {
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
        let text = format!(
            "no answer said whether the upload had arrived, and it was sent again {often}{why}"
        );
        Some((Code::UploadInDoubt, text))
    }
}

/// Sends the recordings of calls.
pub(super) struct Uploader {
    pub(super) sender: Arc<Sender>,
    pub(super) settings: AudioSettings,
    /// Where uploads in doubt are looked up.
    pub(super) lookup: Option<ReadBack>,
    pub(super) throttle: Option<Throttle>,
    pub(super) on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
}

impl Uploader {
    /// Brings the recording of a conversation that is there to its place.
    pub(super) async fn upload(
        &self,
        shipment: &CallJob,
        parcel: &RecordingUpload,
        (uid, is_adopted): (Option<&str>, bool),
    ) -> Result<UploadResult, CallError> {
        let was_tried = matches!(shipment.step, Step::Upload { is_in_doubt: true });
        let mut arrived = UploadResult {
            resends: resent_before(shipment.standing.as_ref()),
            ..UploadResult::default()
        };
        let mut tries = Attempts::new(intent(shipment, parcel), was_tried);
        // Whatever a look-up says later, a 409 to a recording that was ever in doubt is ours.
        let mut was_in_doubt = was_tried;
        let mut lost = was_tried.then(|| lost_at(shipment.standing.as_ref()));
        // Nobody knows what somebody else's conversation has.
        let mut should_look = was_tried || is_adopted;
        let mut is_proved = false;
        let upload = self.prepare(parcel);
        let settings = self.settings.fitting(parcel.channels);
        let answer = loop {
            if let (true, Some(lookup)) = (should_look, &self.lookup) {
                match self.look(lookup, shipment, uid, lost).await? {
                    ReadBackAnswer::There(uid) => {
                        arrived.uid = uid;
                        arrived.is_found = true;
                        break None;
                    }
                    ReadBackAnswer::NotThere => {
                        tries.in_doubt = false;
                        is_proved = true;
                    }
                    ReadBackAnswer::Unknown(why) => arrived.unsettled = Some(why),
                }
            }
            if tries.in_doubt {
                arrived.resends += 1;
                let times = arrived.resends;
                let fact = CallFact::UploadResent { times };
                tries.add(LedgerEntry::new(shipment.call.identity(), fact));
            }
            let key = match uid {
                Some(uid) => ConversationRef::Uid(uid),
                None => ConversationRef::External(shipment.call.identity()),
            };
            let sending = self.sender.client.upload(key, &upload, &settings);
            if let Some(answer) = self.sender.try_once(&mut tries, sending).await? {
                break Some(answer);
            }
            should_look = tries.in_doubt;
            was_in_doubt |= tries.in_doubt;
            lost = tries.in_doubt.then(Instant::now);
        };
        if matches!(answer, Some(Success::AlreadyThere)) && !was_in_doubt {
            return Err(there_already());
        }
        arrived.is_unproved = is_adopted && !is_proved && !arrived.is_found;
        self.conclude(shipment, (parcel, &upload), &arrived, is_adopted)
            .await?;
        if !arrived.is_found {
            arrived.bytes_now = size_now(parcel).await.filter(|now| *now != parcel.bytes);
        }
        Ok(arrived)
    }

    async fn look(
        &self,
        lookup: &ReadBack,
        shipment: &CallJob,
        uid: Option<&str>,
        lost: Option<Instant>,
    ) -> Result<ReadBackAnswer, CallError> {
        let call = &shipment.call;
        let sought = ConversationQuery {
            identity: call.identity(),
            uid,
            at: call.at(),
        };
        lookup.look(&self.sender.stop, sought, lost).await
    }

    /// Writes down that the recording is in place.
    async fn conclude(
        &self,
        shipment: &CallJob,
        (parcel, upload): (&RecordingUpload, &api::UploadBody),
        arrived: &UploadResult,
        is_adopted: bool,
    ) -> Result<(), CallError> {
        let mut facts = Vec::new();
        if let Some(uid) = arrived.uid.clone() {
            let (fingerprint, uid) = (shipment.fingerprint, Some(uid));
            facts.push(if is_adopted {
                CallFact::Adopted { fingerprint, uid }
            } else {
                CallFact::Created { fingerprint, uid }
            });
        }
        let (hash, bytes) = match (arrived.is_found, upload.sent()) {
            (false, sent) => sent,
            (true, sent) if sent.1 == upload.bytes => sent,
            (true, _) => (ledger::UNHEARD, bytes_before(shipment, upload.bytes)),
        };
        facts.push(CallFact::Uploaded {
            hash,
            bytes,
            in_doubt_resends: arrived.resends,
            // What somebody else sent, or an earlier run, may have been made of another file.
            source: (!arrived.is_found).then_some(parcel.source_bytes),
        });
        write(&self.sender, shipment, facts).await
    }

    fn prepare(&self, parcel: &RecordingUpload) -> api::UploadBody {
        api::UploadBody {
            recording: parcel.sound.clone(),
            file_name: parcel.file_name.clone(),
            content_type: parcel.content_type,
            bytes: parcel.bytes,
            throttle: self.throttle.clone(),
            on_bytes: Arc::clone(&self.on_bytes),
            state: Arc::default(),
        }
    }
}

/// The size of the file after it was sent; a file that is gone by then was whole.
async fn size_now(parcel: &RecordingUpload) -> Option<u64> {
    let sound = parcel.sound.clone();
    let look = tokio::task::spawn_blocking(move || sound.bytes_now());
    look.await.ok()?
}

fn intent(shipment: &CallJob, parcel: &RecordingUpload) -> Intent {
    let bytes = parcel.bytes;
    let files = parcel.files.clone();
    let mut facts = vec![
        CallFact::UploadIntended { bytes },
        CallFact::Takes { files },
    ];
    let create = shipment.standing.as_ref().map(|standing| &standing.create);
    if matches!(create, Some(CreateState::LeftAlone)) {
        // To send its recording is to take it over; else every run would send it once more.
        let (fingerprint, uid) = (shipment.fingerprint, None);
        facts.insert(0, CallFact::Adopted { fingerprint, uid });
    }
    Intent {
        stage: RequestKind::Upload,
        facts: entries(shipment, facts),
        unsent: not_sent(shipment, RequestKind::Upload),
        completes: matches!(shipment.step, Step::Create { .. }),
    }
}

fn there_already() -> CallError {
    CallError::Refused {
        stage: RequestKind::Upload,
        status: 409,
        message: "the server has a recording of this call already".to_owned(),
        code: Code::ServerRefused,
        in_doubt: false,
    }
}

fn resent_before(standing: Option<&CallState>) -> u32 {
    standing.map_or(0, |standing| standing.in_doubt_resends)
}

/// How many bytes left in an earlier run.
fn bytes_before(shipment: &CallJob, now: u64) -> u64 {
    match shipment.standing.as_ref().map(|standing| standing.upload) {
        Some(ledger::UploadState::Intended { bytes }) => bytes,
        _ => now,
    }
}

/// When an earlier run last knew of the upload that it lost; now, where the clock says nonsense.
fn lost_at(standing: Option<&CallState>) -> Instant {
    let now = Instant::now();
    let passed = standing
        .map(|standing| SystemTime::from(standing.last_at))
        .and_then(|at| SystemTime::now().duration_since(at).ok())
        .unwrap_or_default();
    // Beyond a day it makes no difference, and a clock of the machine's start cannot go below 0.
    now.checked_sub(passed.min(Duration::from_secs(86_400)))
        .unwrap_or(now)
}
