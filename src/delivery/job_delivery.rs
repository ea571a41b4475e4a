//! What all tasks of a delivery share: the sender, and what carries out calls and cases with it.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::call::deliver::CallDelivery;
use super::call::known_uids::KnownUids;
use super::call::read_back::ReadBack;
use super::call::transcode_queue::TranscodeQueue;
use super::call::uploader::Uploader;
use super::case::deliver::CaseDelivery;
use super::new_ledger::NewLedger;
use super::options::DeliveryOptions;
use super::sender::gate::Gate;
use super::sender::notice::SenderNotice;
use super::sender::{Sender, SenderOptions};
use crate::api::Throttle;
use crate::events::StopSignal;

/// What happens while the bytes of recordings leave.
pub(super) struct UploadHooks {
    /// Waits for the bandwidth limit, if there is one.
    pub(super) throttle: Option<Throttle>,
    /// Counts them.
    pub(super) on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
}

/// What tasks use to carry out their jobs.
pub(super) struct JobDelivery {
    pub(super) sender: Arc<Sender>,
    pub(super) calls: CallDelivery,
    pub(super) cases: CaseDelivery,
}

impl JobDelivery {
    /// What this delivery needs, made once.
    pub(super) fn new(
        plan: DeliveryOptions,
        stop: Arc<StopSignal>,
        notices: mpsc::Sender<SenderNotice>,
        hooks: UploadHooks,
    ) -> JobDelivery {
        let width = plan.pace.width.max(1);
        let may_doubt = !plan.limits.is_existing_typed;
        let options = SenderOptions {
            client: plan.client,
            writer: plan.writer,
            pace: plan.pace,
            limits: plan.limits,
        };
        let sender = Arc::new(Sender::new(options, stop, notices));
        let uploader = Uploader {
            sender: Arc::clone(&sender),
            settings: plan.settings,
            read_back: plan
                .read_back
                .map(|read| ReadBack::new(read, plan.limits, plan.pace)),
            throttle: hooks.throttle,
            on_bytes: hooks.on_bytes,
        };
        JobDelivery {
            calls: CallDelivery {
                sender: Arc::clone(&sender),
                version: plan.version,
                uploader,
                transcodes: plan
                    .transcoder
                    .map(|transcoder| TranscodeQueue::new(transcoder, width)),
                uids: KnownUids::new(&plan.uids),
                new_ledger: NewLedger::new(plan.known.calls, may_doubt),
            },
            cases: CaseDelivery {
                sender: Arc::clone(&sender),
                new_ledger: NewLedger::new(plan.known.cases, may_doubt),
            },
            sender,
        }
    }

    /// What is known of a new ledger, by its calls and by its cases.
    pub(super) fn new_ledgers(&self) -> (&NewLedger, &NewLedger) {
        (&self.calls.new_ledger, &self.cases.new_ledger)
    }

    /// Tells the ledger what this run has shown of it, `at_end` of its export without a stop.
    pub(super) async fn prove(&self, at_end: bool) {
        let (calls, cases) = self.new_ledgers();
        let (calls, cases) = (calls.proof(at_end), cases.proof(at_end));
        // A ledger that is lost stops the run by itself.
        let _ = self.sender.prove(calls, cases).await;
    }

    /// Where requests of all kinds wait for their leave.
    pub(super) fn gates(&self) -> Vec<&Gate> {
        let read_back = self.calls.uploader.read_back.as_ref();
        let mut gates = vec![&self.sender.gate];
        gates.extend(read_back.map(ReadBack::gate));
        gates
    }
}
