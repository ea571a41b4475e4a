//! How a worker decides rows that are in order, which is most of them.
//!
//! A batch is gone through twice. First every row that is plain gets its hashes, which is all that it
//! takes to know of a call that is done, or of one that is only checked, what becomes of it. The calls
//! that are done are then asked for side by side, and only of what is left a call is made.

use std::sync::Arc;

use super::batch_result::BatchResult;
use super::carried::Carried;
use super::pending::CheckedCall;
use super::proposal::CallProposal;
use super::worker::CallWorker;
use crate::domain::Party;
use crate::domain::call::{Field, Plain};
use crate::events::{CallFacts, Outcome, Totals};
use crate::ledger::Checkpoint;
use crate::mapping::CallMapping;
use crate::pipeline::{Action, Purpose, RecordKey};
use crate::source::{Batch, Record};
use crate::targets::call::plan::{self, Step};
use crate::targets::content_hash::low;

/// What tells a plain call, and its content.
#[derive(Debug, Clone, Copy)]
struct Hashes {
    identity: u64,
    fingerprint: u128,
    party: Party,
}

impl CallWorker<'_> {
    /// Decides records each of which is a call of its own.
    pub(in crate::targets) fn rows(&mut self, batch: &Batch, desktop: &mut BatchResult) {
        let profile = Arc::clone(&self.profile);
        let mut plain = Plain::default();
        let mut hashes = Vec::with_capacity(batch.len());
        for record in batch.iter() {
            hashes.push(self.glance(&record, &profile, &mut plain, &mut desktop.sums));
        }
        if let Some(past) = &self.run.earlier {
            let plain = hashes.iter().flatten();
            let identities: Vec<u64> = plain.map(|hashes| hashes.identity).collect();
            past.done.expect(&identities);
        }
        for (index, (record, hashes)) in batch.iter().zip(hashes).enumerate() {
            // What is not certain is read once more; that it is plain is known by now.
            match hashes.map(|hashes| (hashes, self.pass(hashes))) {
                Some((_, Some(item))) => desktop.items.push(item),
                Some((hashes, None)) if profile.reread_plain(&record, &mut plain) => {
                    let judged = CheckedCall {
                        call: plain.call(),
                        identity: hashes.identity,
                        fingerprint: hashes.fingerprint,
                        problems: Vec::new(),
                    };
                    let records = std::slice::from_ref(&record);
                    let item = self.decide(records, judged, index, &mut desktop.open);
                    desktop.items.push(item);
                }
                _ => self.row(index, &record, &profile, desktop),
            }
        }
    }

    /// The hashes of a record that is a plain call about which there is nothing to say (see
    /// `CallWorker::remark`); it is counted.
    fn glance<'b>(
        &mut self,
        record: &Record<'b>,
        profile: &'b CallMapping,
        plain: &mut Plain<'b>,
        sums: &mut Totals,
    ) -> Option<Hashes> {
        let is_plain = profile.read_plain(record, plain)
            && plain.at() <= self.latest
            && !plain.has_any(self.unsent);
        if !is_plain {
            return None;
        }
        sums.records += 1;
        sums.count(CallFacts {
            fields: plain.fields(),
            consent: plain.consent(),
            time: plain.get(Field::DateTime),
            agent: plain.get(Field::AgentId),
            customer: plain.get(Field::Customer),
        });
        Some(Hashes {
            identity: plain.identity_hash(),
            fingerprint: plain.fingerprint(&mut self.scratch),
            party: self
                .run
                .party(|| (plain.get(Field::Customer), plain.get(Field::DateTime))),
        })
    }

    /// What becomes of a plain call, where its hashes tell: nothing is asked of recordings, and it is
    /// only checked, or done.
    fn pass(&self, hashes: Hashes) -> Option<CallProposal> {
        if self.target.recordings.is_some() {
            return None;
        }
        let Hashes {
            identity,
            fingerprint,
            party,
        } = hashes;
        let carried = match &self.run.earlier {
            None => (self.run.purpose == Purpose::Check).then(Carried::ready)?,
            Some(past) => {
                let done = Checkpoint::of_done(past.done.kind(identity, fingerprint)?);
                let recording = plan::RecordingPresence::NotAsked;
                let step = plan::next(done, recording, self.target.policy);
                let there = || Carried::ended(Action::Finished(Outcome::AlreadyThere, "".into()));
                (step == Step::Nothing).then(there)?
            }
        };
        let content = low(fingerprint);
        let key = RecordKey::Call {
            identity,
            content,
            party,
        };
        Some(carried.into_item(Vec::new(), Some(key)))
    }
}
