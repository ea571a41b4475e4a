//! Calls, as the scheduler delivers them.

use std::sync::Arc;

use jiff::Timestamp;

use super::deliver::{CallConflict, CallDelivery};
use super::job::CallJob;
use super::known_uids::KnownUids;
use super::plan::Step;
use super::read_back::{ReadBack, ReadBackOptions};
use super::transcode_queue::TranscodeQueue;
use super::uploader::Uploader;
use crate::api::{ApiVersion, AudioSettings};
use crate::delivery::deliver::{Deliver, SharedDelivery};
use crate::delivery::job_end::CarriedOut;
use crate::delivery::new_ledger::NewLedger;
use crate::delivery::sender::gate::Gate;
use crate::ledger::{
    CallFact, CallState, ContentKey, KnownOf, Proof, SentContent, UidOwner, apply_fact,
};
use crate::recordings::Transcoder;

/// What the delivery of calls needs.
#[derive(Debug)]
pub struct CallDeliveryOptions {
    /// The shape of the destination's conversation endpoint.
    pub version: ApiVersion,
    /// How recordings are to be understood.
    pub audio: AudioSettings,
    /// A label for every call that is created (`--label`). It belongs to no record.
    pub label: Option<String>,
    /// Whether SHA-256 is made of recordings as well, for proof.
    pub with_sha256: bool,
    /// Where recordings are put together or converted, if any may have to be.
    pub transcoder: Option<Arc<Transcoder>>,
    /// Where uploads in doubt are looked up.
    pub read_back: Option<ReadBackOptions>,
    /// What the ledger knew of the destination's calls when it was opened.
    pub known: KnownOf,
    /// The uids that it learned last.
    pub uids: Vec<UidOwner>,
    /// Makes the hashes that it keeps of what is sent.
    pub content_key: ContentKey,
}

impl Deliver for CallDelivery {
    type Job = CallJob;
    type Options = CallDeliveryOptions;

    const NOUN: &'static str = "calls";
    const MAY_ADOPT: bool = true;

    fn new(options: CallDeliveryOptions, shared: SharedDelivery) -> Self {
        let may_doubt = shared.may_doubt();
        let (pace, limits) = (shared.pace, shared.limits);
        let read_back = options.read_back;
        let uploader = Uploader {
            sender: Arc::clone(&shared.sender),
            settings: options.audio,
            with_sha256: options.with_sha256,
            read_back: read_back.map(|read| ReadBack::new(read, limits, pace)),
            throttle: shared.hooks.throttle,
            on_bytes: shared.hooks.on_bytes,
        };
        let width = pace.width.max(1);
        let transcoder = options.transcoder;
        CallDelivery {
            sender: shared.sender,
            version: options.version,
            label: options.label,
            uploader,
            transcodes: transcoder.map(|transcoder| TranscodeQueue::new(transcoder, width)),
            uids: KnownUids::new(&options.uids),
            content_key: options.content_key,
            new_ledger: NewLedger::new(options.known, may_doubt),
        }
    }

    fn id(job: &CallJob) -> &str {
        job.call.identity()
    }

    fn exclusive(_job: &CallJob) -> Option<u64> {
        None
    }

    fn was_tried(job: &CallJob) -> bool {
        matches!(job.step, Step::Create { was_tried, .. } if was_tried)
    }

    async fn deliver(&self, job: &mut CallJob) -> CarriedOut {
        match self.carry_out(job).await {
            Ok(end) => CarriedOut::Ended(vec![end]),
            Err(CallConflict { was_tried }) => {
                if was_tried {
                    remember_attempt(job);
                }
                CarriedOut::Conflict
            }
        }
    }

    fn new_ledger(&self) -> &NewLedger {
        &self.new_ledger
    }

    fn proofs(&self, proof: Proof) -> (Proof, Proof) {
        (proof, Proof::Missing)
    }

    fn read_version(&self) -> Option<&str> {
        self.uploader.read_back.as_ref()?.version()
    }

    fn gates(&self) -> Vec<&Gate> {
        let read_back = self.uploader.read_back.as_ref();
        read_back.map(ReadBack::gate).into_iter().collect()
    }
}

/// A create of this call may have got through, as the ledger has it by now.
fn remember_attempt(job: &mut CallJob) {
    if let Step::Create { was_tried, .. } = &mut job.step {
        *was_tried = true;
    }
    let intended = CallFact::CreateIntended {
        fingerprint: job.fingerprint,
        party: job.call.party(),
        // The intent itself is in the ledger.
        content: SentContent::default(),
    };
    let now = Timestamp::now();
    let known = job.state.get_or_insert_with(|| CallState::new(now));
    apply_fact(known, intended, now);
}
