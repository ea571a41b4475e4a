//! What needs all records in the order of the export: ids that come twice, recordings that two
//! calls claim, and the sums that depend on both. Makes decisions final.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use super::action::Action;
use super::clock_skew::Clocks;
use super::closing_notes::{
    in_cold_storage, not_searched, odd_clocks, one_customer, outages, unclaimed, unlisted,
};
use super::decided_batch::DecidedBatch;
use super::decision::Decision;
use super::duplicates::{Duplicates, LocatedRecord};
use super::open_totals::count_open;
use super::opened_file::OpenedFile;
use super::proposal::{Proposal, Proposals};
use super::record_locations::RecordLocations;
use super::recording_claims::RecordingClaims;
use super::recording_use::RecordingUse;
use super::rounds::{DeferredRecords, Ownership, Round};
use super::run_context::{Purpose, RunContext};
use super::seen_ids::RecordLocation;
use super::selection::SelectionFilter;
use super::shard_filter::{ShardedRecord, leave_to_others};
use super::sheet_mapping::SheetMapping;
use super::target::ImportTarget;
use super::unused_consent::UnusedConsent;
use super::watched_files::WatchedFiles;
use crate::domain::{Code, Problem};
use crate::events::{Customers, Totals};
use crate::recordings::{Grade, Index};
use crate::source::{Batch, Record};

/// Where in the export the sequencer is.
pub(super) struct Sequencer<'r, T: ImportTarget> {
    run: RunContext<'r>,
    recordings: Option<&'r Index>,
    duplicates: Duplicates,
    claims: Option<RecordingClaims>,
    clocks: Clocks,
    watched: WatchedFiles,
    selection: Option<SelectionFilter<'r>>,
    locations: RecordLocations,
    deferred: Option<DeferredRecords<T::Mapping>>,
    /// Whether room was made for the ids to come.
    has_room: bool,
    /// The files that were said to be incomplete: each of their records may say so.
    incomplete: HashSet<Arc<str>>,
    unused_consent: UnusedConsent,
    customers: Customers,
    /// What feeds the customer.
    customer_column: Box<str>,
}

impl<'r, T: ImportTarget> Sequencer<'r, T> {
    pub(super) fn new(target: &'r T, run: RunContext<'r>) -> Self {
        let recordings = target.recordings();
        Sequencer {
            run,
            recordings,
            duplicates: Duplicates::new(run.is_newest_first),
            claims: recordings.map(|index| RecordingClaims::new(index, &run)),
            clocks: Clocks::default(),
            watched: WatchedFiles::default(),
            selection: run.selection.map(SelectionFilter::new),
            locations: RecordLocations::default(),
            deferred: recordings.map(|_| DeferredRecords::new(T::grouping(run.mapping))),
            has_room: false,
            incomplete: HashSet::new(),
            unused_consent: UnusedConsent::default(),
            customers: Customers::default(),
            customer_column: Box::default(),
        }
    }

    /// A new file begins.
    pub(super) fn open(&mut self, opened: &OpenedFile) {
        self.locations.open(Arc::clone(&opened.sheet.file));
        self.watched.open(opened);
        if self.customer_column.is_empty() {
            self.customer_column.clone_from(&opened.customer_column);
        }
    }

    /// Ends a round, and hands over what was put aside.
    pub(super) fn end_round(&mut self) -> Option<DeferredRecords<T::Mapping>> {
        if let Some(claims) = &self.claims {
            self.run.rounds.end(Ownership {
                claims: claims.claims().clone(),
                locations: self.locations.clone(),
            });
        }
        self.deferred.take().filter(|deferred| !deferred.is_empty())
    }

    /// What the first records are like: from their size, and the size of all, follows how many ids there
    /// will be. Text is measured itself, because more of the file has been read by then.
    pub(super) fn reserve(&mut self, batch: &Batch, read: u64, total: Option<u64>) {
        let records = batch.len();
        let bytes = match batch.bytes() as u64 {
            0 => read,
            text => text,
        };
        let Some(total) = total.filter(|_| !self.has_room && bytes > 0 && records > 0) else {
            return;
        };
        self.has_room = true;
        let records = u128::from(total) * records as u128 / u128::from(bytes);
        self.duplicates
            .make_room(u64::try_from(records).unwrap_or(0));
    }

    /// Makes the decisions of a batch final; records whose recording is not certain are put aside.
    pub(super) fn finish(
        &mut self,
        proposals: Proposals<T::Mapping, T::Job>,
    ) -> io::Result<DecidedBatch<T::Job>> {
        let Proposals {
            batch,
            proposals,
            mut totals,
            round,
            mappings,
        } = proposals;
        let mut decisions = Vec::with_capacity(proposals.len());
        let mut matched = Vec::new();
        if round == Round::First {
            self.duplicates.prefetch(&proposals);
        }
        self.unused_consent
            .see(&batch, |batch| mappings.first().unused_consent(batch));
        self.customers
            .add_all(&std::mem::take(&mut totals.customers));
        for (index, mut proposal) in proposals.into_iter().enumerate() {
            let record = batch.get(index);
            let mapping = mappings.of(&record);
            let location = self.locations.of(&record);
            let at = LocatedRecord { record, location };
            if round == Round::First {
                self.duplicates
                    .check::<T>(&mut proposal, at, mapping, &self.locations);
            }
            let rows = proposal.further.len() as u64 + 1;
            if matches!(proposal.action, Action::PutAside) {
                if round == Round::First {
                    proposal.put_aside(rows, &mut totals);
                }
                self.claim_deferred(&proposal, round, location);
                if round == Round::First
                    && let Some(deferred) = &mut self.deferred
                {
                    deferred.put(&rows_of(&proposal, &batch, index), mapping)?;
                }
                decisions.push(Decision::of(Proposal::new(Vec::new(), Action::PutAside)));
                continue;
            }
            if round == Round::Last && !matches!(proposal.action, Action::WithLead) {
                totals.take_up(rows);
            }
            self.complete(&mut proposal, at, mapping, &mut totals);
            let found = proposal.matched.take().filter(|_| !proposal.is_rejected());
            matched.extend(found.map(|found| (index, found)));
            decisions.push(Decision::of(proposal));
        }
        Ok(DecidedBatch {
            batch: Arc::new(batch),
            decisions,
            matched,
            totals,
            opened: None,
            read: (0, None),
            export_problems: Vec::new(),
        })
    }

    /// Says what only the records before it tell of a record, and counts what is left to send.
    fn complete(
        &mut self,
        proposal: &mut Proposal<T::Job>,
        at: LocatedRecord<'_>,
        mapping: &T::Mapping,
        totals: &mut Totals,
    ) {
        self.tell_incomplete_once(proposal);
        let wanted = self.check_recording(proposal, at);
        if let Some(selection) = &mut self.selection {
            let id = mapping.id(&at.record).map(|(_, id)| id);
            selection.filter(proposal, id.as_deref());
        }
        if let Some(shard) = self.run.shard {
            let id = match proposal.key {
                Some(_) => None,
                None => mapping.id(&at.record).map(|(_, id)| id),
            };
            let record = ShardedRecord {
                id: id.as_deref(),
                location: at.record.location(),
            };
            leave_to_others(shard, proposal, &record);
        }
        count_open(totals, proposal, wanted.as_deref());
        proposal.name_record(|| mapping.name_of(&at.record));
    }

    /// Lets a record claim its recording.
    fn check_recording(
        &mut self,
        proposal: &mut Proposal<T::Job>,
        at: LocatedRecord<'_>,
    ) -> Option<Box<RecordingUse>> {
        let wanted = proposal.recording.take();
        if let Some(wanted) = &wanted {
            if let Some(claims) = &mut self.claims {
                claims.check(proposal, wanted, at, &mut self.locations);
            }
            if let Some(skew) = &wanted.skew {
                let (location, line) = (at.location, at.record.line());
                self.clocks
                    .see(skew, location, line, &wanted.recording.name);
            }
        }
        wanted
    }

    /// Hears what a record claims that is put aside. What is wrong with it is told when it is decided.
    fn claim_deferred(
        &mut self,
        proposal: &Proposal<T::Job>,
        round: Round,
        location: RecordLocation,
    ) {
        let (Some(claims), Some(wanted)) = (&mut self.claims, &proposal.recording) else {
            return;
        };
        if round == Round::Claims {
            claims.claim_inexactly(wanted, location, &mut self.locations);
        } else if wanted.grade == Grade::Exact {
            claims.claim_ahead(wanted, location, &mut self.locations);
        }
    }

    /// Leaves out what another record of the file has told already.
    fn tell_incomplete_once(&mut self, proposal: &mut Proposal<T::Job>) {
        if proposal.is_clean() {
            return;
        }
        for problems in proposal.problems_of_rows() {
            problems.retain(|problem| {
                problem.code != Code::ExportIncomplete
                    || self.incomplete.insert(Arc::clone(&problem.location.file))
            });
        }
    }

    /// What can be told once the export has been read whole.
    pub(super) fn closing_notes(&self) -> Vec<Problem> {
        let mut notes = self.watched.misfits();
        if let Some(index) = self.recordings {
            notes.extend(unlisted(index));
            notes.extend(not_searched(index));
            notes.extend(in_cold_storage(index));
            notes.extend(outages(index));
        }
        notes.extend(odd_clocks(&self.clocks, &self.locations));
        if let (Some(index), Some(claims), Purpose::Check) =
            (self.recordings, &self.claims, self.run.purpose)
        {
            notes.extend(unclaimed(index, claims, &self.locations));
        }
        notes.extend(self.selection.iter().flat_map(SelectionFilter::not_found));
        notes.extend(self.unused_consent.problem());
        notes.extend(one_customer(&self.customers, &self.customer_column));
        notes
    }
}

/// The rows of a call, in the order of the batch.
fn rows_of<'b, J>(proposal: &Proposal<J>, batch: &'b Batch, index: usize) -> Vec<Record<'b>> {
    let mut rows: Vec<usize> = proposal.further.iter().map(|row| row.index).collect();
    rows.push(index);
    rows.sort_unstable();
    rows.into_iter().map(|index| batch.get(index)).collect()
}
