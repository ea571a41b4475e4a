//! What needs all records in the order of the export: ids that come twice, recordings that two
//! calls claim, and the sums that depend on both. Makes decisions final.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use super::action::Action;
use super::clock_skew::Clocks;
use super::closing_notes::{not_searched, odd_clocks, one_customer, unclaimed, unlisted};
use super::decided_batch::DecidedBatch;
use super::decision::Decision;
use super::duplicates::{Duplicates, PlacedRecord};
use super::open_totals::count_open;
use super::opened_file::OpenedFile;
use super::proposal::{Proposal, Proposals};
use super::record_positions::RecordPositions;
use super::recording_claims::RecordingClaims;
use super::recording_use::RecordingUse;
use super::rounds::{Aside, Ownership, Round};
use super::run_context::{Purpose, RunContext};
use super::seen_ids::RecordPlace;
use super::selection::SelectionFilter;
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
    places: RecordPositions,
    aside: Option<Aside<T::Mapping>>,
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
            places: RecordPositions::default(),
            aside: recordings.map(|_| Aside::new(T::grouping(run.mapping))),
            has_room: false,
            incomplete: HashSet::new(),
            unused_consent: UnusedConsent::default(),
            customers: Customers::default(),
            customer_column: Box::default(),
        }
    }

    /// A new file begins.
    pub(super) fn open(&mut self, opened: &OpenedFile) {
        self.places.open(Arc::clone(&opened.sheet.file));
        self.watched.open(opened);
        if self.customer_column.is_empty() {
            self.customer_column.clone_from(&opened.customer_column);
        }
    }

    /// Ends a round, and hands over what was put aside.
    pub(super) fn end_round(&mut self) -> Option<Aside<T::Mapping>> {
        if let Some(claims) = &self.claims {
            self.run.rounds.end(Ownership {
                claims: claims.claims().clone(),
                places: self.places.clone(),
            });
        }
        self.aside.take().filter(|aside| !aside.is_empty())
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
            items,
            mut sums,
            round,
            mappings,
        } = proposals;
        let mut decisions = Vec::with_capacity(items.len());
        let mut matched = Vec::new();
        if round == Round::First {
            self.duplicates.prefetch(&items);
        }
        self.unused_consent
            .see(&batch, |batch| mappings.first().unused_consent(batch));
        self.customers.add_all(&std::mem::take(&mut sums.customers));
        for (index, mut item) in items.into_iter().enumerate() {
            let record = batch.get(index);
            let mapping = mappings.of(&record);
            let place = self.places.of(&record);
            let at = PlacedRecord { record, place };
            if round == Round::First {
                self.duplicates
                    .check::<T>(&mut item, at, mapping, &self.places);
            }
            let rows = item.further.len() as u64 + 1;
            if matches!(item.action, Action::PutAside) {
                if round == Round::First {
                    item.put_aside(rows, &mut sums);
                }
                self.claim_aside(&item, round, place);
                if round == Round::First
                    && let Some(aside) = &mut self.aside
                {
                    aside.put(&rows_of(&item, &batch, index), mapping)?;
                }
                decisions.push(Decision::of(Proposal::new(Vec::new(), Action::PutAside)));
                continue;
            }
            if round == Round::Last && !matches!(item.action, Action::WithLead) {
                sums.take_up(rows);
            }
            self.complete(&mut item, at, mapping, &mut sums);
            let found = item.matched.take().filter(|_| !item.is_rejected());
            matched.extend(found.map(|found| (index, found)));
            decisions.push(Decision::of(item));
        }
        Ok(DecidedBatch {
            batch: Arc::new(batch),
            decisions,
            matched,
            sums,
            opened: None,
            read: (0, None),
            asides: Vec::new(),
        })
    }

    /// Says what only the records before it tell of a record, and counts what is left to send.
    fn complete(
        &mut self,
        item: &mut Proposal<T::Job>,
        at: PlacedRecord<'_>,
        mapping: &T::Mapping,
        sums: &mut Totals,
    ) {
        self.tell_incomplete_once(item);
        let wanted = self.check_recording(item, at);
        if let Some(selection) = &mut self.selection {
            let id = mapping.id(&at.record).map(|(_, id)| id);
            selection.filter(item, id.as_deref());
        }
        count_open(sums, item, wanted.as_deref());
        item.name_record(|| mapping.name_of(&at.record));
    }

    /// Lets a record claim its recording.
    fn check_recording(
        &mut self,
        item: &mut Proposal<T::Job>,
        at: PlacedRecord<'_>,
    ) -> Option<Box<RecordingUse>> {
        let wanted = item.recording.take();
        if let Some(wanted) = &wanted {
            if let Some(claims) = &mut self.claims {
                claims.check(item, wanted, at, &mut self.places);
            }
            if let Some(skew) = &wanted.skew {
                let (place, line) = (at.place, at.record.line());
                self.clocks.see(skew, (place, line), &wanted.recording.name);
            }
        }
        wanted
    }

    /// Hears what a record claims that is put aside. What is wrong with it is told when it is decided.
    fn claim_aside(&mut self, item: &Proposal<T::Job>, round: Round, place: RecordPlace) {
        let (Some(claims), Some(wanted)) = (&mut self.claims, &item.recording) else {
            return;
        };
        if round == Round::Claims {
            claims.claim_inexactly(wanted, place, &mut self.places);
        } else if wanted.grade == Grade::Exact {
            claims.claim_ahead(wanted, place, &mut self.places);
        }
    }

    /// Leaves out what another record of the file has told already.
    fn tell_incomplete_once(&mut self, item: &mut Proposal<T::Job>) {
        if item.is_clean() {
            return;
        }
        for problems in item.problems_of_rows() {
            problems.retain(|problem| {
                problem.code != Code::ExportIncomplete
                    || self.incomplete.insert(Arc::clone(&problem.place.file))
            });
        }
    }

    /// What can be told once the export has been read whole.
    pub(super) fn closing_notes(&self) -> Vec<Problem> {
        let mut notes = self.watched.misfits();
        if let Some(index) = self.recordings {
            notes.extend(unlisted(index));
            notes.extend(not_searched(index));
        }
        notes.extend(odd_clocks(&self.clocks, &self.places));
        if let (Some(index), Some(claims), Purpose::Check) =
            (self.recordings, &self.claims, self.run.purpose)
        {
            notes.extend(unclaimed(index, claims, &self.places));
        }
        notes.extend(self.selection.iter().flat_map(SelectionFilter::not_found));
        notes.extend(self.unused_consent.problem());
        notes.extend(one_customer(&self.customers, &self.customer_column));
        notes
    }
}

/// The rows of a call, in the order of the batch.
fn rows_of<'b, J>(item: &Proposal<J>, batch: &'b Batch, index: usize) -> Vec<Record<'b>> {
    let mut rows: Vec<usize> = item.further.iter().map(|row| row.index).collect();
    rows.push(index);
    rows.sort_unstable();
    rows.into_iter().map(|index| batch.get(index)).collect()
}
