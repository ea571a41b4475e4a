//! What all tasks of a delivery share: the sender, and what carries out calls and cases with it.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::call::CallDelivery;
use super::case::CaseDelivery;
use super::known_uids::KnownUids;
use super::new_ledger::NewLedger;
use super::options::DeliveryOptions;
use super::read_back::ReadBack;
use super::sender::attempt::Sender;
use super::sender::gate::Gate;
use super::sender::intent::IntentSlots;
use super::sender::notice::SenderNotice;
use super::sender::refusals::Refusals;
use super::transcode_queue::TranscodeQueue;
use super::upload::Uploader;
use crate::api::Throttle;
use crate::events::StopSignal;

/// What tells how many bytes of a recording have left.
pub(super) type OnBytes = Arc<dyn Fn(u64) + Send + Sync>;

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
        (throttle, on_bytes): (Option<Throttle>, OnBytes),
    ) -> JobDelivery {
        let width = plan.pace.width.max(1);
        let may_doubt = !plan.effort.is_existing_typed;
        let sender = Arc::new(Sender {
            gate: Gate::new(plan.pace),
            slots: IntentSlots::new(plan.pace),
            client: plan.client,
            writer: plan.writer,
            stop,
            effort: plan.effort,
            notices,
            refusals: Refusals::default(),
            harmless: Mutex::default(),
        });
        let uploader = Uploader {
            sender: Arc::clone(&sender),
            settings: plan.settings,
            lookup: plan
                .read_back
                .map(|read| ReadBack::new(read, plan.effort, plan.pace)),
            throttle,
            on_bytes,
        };
        JobDelivery {
            calls: CallDelivery {
                sender: Arc::clone(&sender),
                version: plan.version,
                uploader,
                bench: plan
                    .workshop
                    .map(|workshop| TranscodeQueue::new(workshop, width)),
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

    /// Where requests of all kinds wait for their leave.
    pub(super) fn gates(&self) -> Vec<&Gate> {
        let read_back = self.calls.uploader.lookup.as_ref();
        let mut gates = vec![&self.sender.gate];
        gates.extend(read_back.map(ReadBack::gate));
        gates
    }
}
