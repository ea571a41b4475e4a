//! Everything that is counted on the way.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::domain::call::Field;
use crate::domain::{Code, Problem};
use crate::events::{Delivered, Event, Outcome, SendingState, StopReason, Tally, Totals};
use crate::report::problem_groups::Groups;

/// Distinct columns and details that are kept by name; an export that is no table can hold more
/// names than anybody reads.
const MOST_NAMES: usize = 1_000;

/// What this run delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Deliveries {
    /// Conversations created.
    pub conversations: u64,
    /// Recordings uploaded.
    pub recordings: u64,
    /// Bytes of those recordings, each counted once however often it was sent.
    pub bytes: u64,
    /// Recordings that were sent again without knowing whether they had arrived.
    pub in_doubt: u64,
}

/// The sums of all events so far.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) tally: Tally,
    /// Records by outcome and reason.
    pub(super) details: BTreeMap<(Outcome, String), u64>,
    pub(super) groups: Groups,
    pub(super) facts: Totals,
    pub(super) deliveries: Deliveries,
    /// Records whose end took a request: what is in place already is no pace of sending.
    pub(super) tried: u64,
    /// Bytes that left the machine, those of failed tries included.
    pub(super) sent: u64,
    pub(super) retries: u64,
    /// The `api-version` that the read API has answered.
    pub(super) read_version: Option<String>,
    /// How the sending goes, once it does.
    pub(super) sending: Option<SendingState>,
    /// Requests in flight at the most, the least and at last, once that has changed.
    pub(super) width: Option<[usize; 3]>,
    pub(super) pauses: u64,
    pub(super) paused: Duration,
    pub(super) bytes_read: u64,
    pub(super) bytes_total: Option<u64>,
    /// Files opened.
    pub(super) sheets: u64,
    /// Columns that nothing uses, with the number of files that have them.
    pub(super) unused: BTreeMap<String, u64>,
    /// The columns that feed each field, of all files.
    pub(super) sources: BTreeMap<Field, Vec<String>>,
    pub(super) stop: Option<(StopReason, String)>,
}

impl Counters {
    /// Adds one event. Problems of ended records and of the side are added by their number of
    /// record, see [`Counters::record`].
    pub(super) fn add(&mut self, event: &Event<'_>) {
        match event {
            Event::Opened {
                unused, sources, ..
            } => {
                self.sheets += 1;
                for (field, columns) in *sources {
                    let known = self.sources.entry(*field).or_default();
                    let new = columns.iter().filter(|column| !known.contains(column));
                    let new: Vec<String> = new.cloned().collect();
                    known.extend(new);
                }
                for column in *unused {
                    bump(&mut self.unused, column);
                }
            }
            Event::Read { bytes, total } => {
                self.bytes_read = *bytes;
                self.bytes_total = *total;
            }
            Event::Checked(facts) => {
                self.tally.read += facts.records;
                self.facts.add(facts);
            }
            Event::Ended {
                outcome,
                detail,
                problems,
                delivered,
                ..
            } => {
                self.tally.count(*outcome);
                self.tally.note(problems);
                if *outcome == Outcome::Held && problems.iter().any(Problem::is_pressing) {
                    self.tally.press();
                }
                self.tried += u64::from(took_a_request(*outcome, problems, *delivered));
                if !detail.is_empty() {
                    bump_detail(&mut self.details, *outcome, detail);
                }
                if let Some(delivered) = delivered {
                    self.add_delivered(delivered, *outcome);
                }
            }
            Event::ExportProblem(problem) => self.tally.note_export_problem(problem),
            Event::Matched(_) => {}
            Event::Sent { bytes } => self.sent += bytes,
            Event::Paused { pause, .. } => {
                self.pauses += 1;
                self.paused = self.paused.saturating_add(*pause);
            }
            Event::Width { now, lowest, most } => self.width = Some([*most, *lowest, *now]),
            Event::ReadApiAnswers { version } => self.read_version = Some((*version).to_owned()),
            Event::Sending(state) => self.sending = Some(**state),
            Event::Retried { .. } => self.retries += 1,
            Event::Stopping { stop, why } => self.stop_for(*stop, why),
        }
    }

    fn add_delivered(&mut self, delivered: &Delivered, outcome: Outcome) {
        let counters = &mut self.deliveries;
        counters.conversations += u64::from(outcome == Outcome::Created);
        if !delivered.was_there {
            counters.recordings += u64::from(delivered.recording.is_some());
            counters.bytes += delivered.bytes;
        }
        counters.in_doubt += u64::from(delivered.in_doubt > 0);
        self.tally.unproved += u64::from(delivered.is_unproved);
    }

    /// Records that came in, those that wait to be decided among them.
    pub(super) fn read(&self) -> u64 {
        self.tally.read + self.facts.waiting().records
    }

    /// The number of the record that ended last, for problems that belong to it.
    pub(super) fn record(&self) -> u64 {
        self.tally.accounted()
    }

    /// Notes why the pipeline ended before the export did.
    pub(super) fn break_off(&mut self, why: &str) {
        self.stop
            .take_if(|(known, _)| *known == StopReason::ExportBroken);
        self.stop_for(StopReason::ExportBroken, why);
    }

    /// Notes why the run ends; of two reasons the greater one wins.
    pub(super) fn stop_for(&mut self, stop: StopReason, why: &str) {
        if self.stop.as_ref().is_none_or(|(known, _)| *known < stop) {
            self.stop = Some((stop, why.to_owned()));
        }
    }
}

/// Whether a record that ended so was sent, as far as is known here.
fn took_a_request(outcome: Outcome, problems: &[Problem], delivered: Option<&Delivered>) -> bool {
    match outcome {
        Outcome::Created | Outcome::Failed => true,
        Outcome::AlreadyThere => {
            let was_answered = |problem: &Problem| problem.code == Code::AlreadyThere;
            delivered.is_some() || problems.iter().any(was_answered)
        }
        _ => false,
    }
}

fn bump(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
    } else if counts.len() < MOST_NAMES {
        counts.insert(name.to_owned(), 1);
    }
}

fn bump_detail(counts: &mut BTreeMap<(Outcome, String), u64>, outcome: Outcome, detail: &str) {
    let key = (outcome, detail.to_owned());
    if let Some(count) = counts.get_mut(&key) {
        *count += 1;
    } else if counts.len() < MOST_NAMES {
        counts.insert(key, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_reason_to_stop_is_the_one_that_is_told() {
        let mut counters = Counters::default();
        counters.stop_for(StopReason::Interrupted, "signal");
        counters.stop_for(StopReason::LedgerLost, "disk full");
        counters.stop_for(StopReason::Limit, "limit");
        assert_eq!(
            counters.stop,
            Some((StopReason::LedgerLost, "disk full".to_owned()))
        );
    }

    #[test]
    fn an_export_of_endless_columns_does_not_fill_the_memory() {
        let mut counters = BTreeMap::new();
        for index in 0..MOST_NAMES * 2 {
            bump(&mut counters, &format!("column {index}"));
        }
        assert_eq!(counters.len(), MOST_NAMES);
    }
}
