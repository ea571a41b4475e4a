//! What a run came to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::domain::call::Field;
use crate::domain::{Code, Severity};
use crate::events::{AnswerCounts, Outcome, StopReason, Tally, Totals};
use crate::recordings::{PlaceKind, StoreExtent};
use crate::report::counters::{Counters, Deliveries};
use crate::report::estimate::Estimate;
use crate::report::files::allowance::LeftOut;
use crate::report::problem_groups::ProblemGroup;
use crate::report::{ClockReading, DestinationLabel, Mode, ReportOptions};

/// Agents that are listed by name.
pub(super) const TOP_AGENTS: usize = 20;

/// Everything that is known at the end. Its serialized form is `summary.json` and the last line of the
/// log in JSON; it holds neither values nor people. An agent's id is a name or an address in many exports, so
/// agents are only counted there.
#[derive(Debug, Clone)]
pub struct RunSummary {
    /// How far the pipeline went.
    pub mode: Mode,
    /// Where it sent to; `None` for a check.
    pub destination: Option<DestinationLabel>,
    /// Why it ended early, and that in words; `None` when it did not.
    pub stop: Option<(StopReason, String)>,
    /// When it started.
    pub started: Timestamp,
    /// Seconds that it took.
    pub seconds: f64,
    /// Records by outcome.
    pub tally: Tally,
    /// Records by outcome and reason, where one is known.
    pub details: BTreeMap<(Outcome, String), u64>,
    /// Problems by kind, the worst and the largest first.
    pub groups: Vec<ProblemGroup>,
    /// Sums over the checked records.
    pub facts: Totals,
    /// What was delivered.
    pub deliveries: Deliveries,
    /// Bytes that left the machine, those of failed tries included.
    pub sent: u64,
    /// Requests that ended, by the class of their answers.
    pub requests: AnswerCounts,
    /// Requests that were tried again.
    pub retries: u64,
    /// The `api-version` that the read API has answered, if it was asked.
    pub read_version: Option<String>,
    /// Requests in flight at the most, the least and at last, if that ever changed.
    pub width: Option<[usize; 3]>,
    /// How often everything stood still, and for how many seconds in all.
    pub pauses: (u64, f64),
    /// Files read.
    pub sheets: u64,
    /// Columns that nothing uses, with the number of files that have them.
    pub unused: BTreeMap<String, u64>,
    /// What feeds the targets and how often that is something, in the order of the wire.
    pub targets: Vec<FieldCount>,
    /// How long a run takes.
    pub estimate: Estimate,
    /// Whether recordings were looked for.
    pub has_audio: bool,
    /// In what kind of place.
    pub place: PlaceKind,
    /// What lies in stores, if recordings are in any.
    pub stores: Option<StoreExtent>,
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// Those of them that can be fed in again.
    pub rejected_files: Vec<PathBuf>,
    /// Lines that the lists lack, because they would have become too large.
    pub left_out: LeftOut,
}

/// One target field over all calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldCount {
    /// The field.
    pub field: Field,
    /// The columns that feed it; none for a constant, and `None` when nothing does.
    pub source: Option<Vec<String>>,
    /// Calls in which it has a value.
    pub filled: u64,
}

impl RunSummary {
    /// The summary of these sums at the end of a run.
    pub(super) fn new(
        options: &ReportOptions,
        counters: Counters,
        started: ClockReading,
        now: ClockReading,
    ) -> Self {
        let facts = counters.facts;
        let estimate = Estimate::new(facts.requests, facts.bytes, options.rate, options.bandwidth);
        RunSummary {
            mode: options.mode,
            destination: options.destination.clone(),
            stop: counters.stop,
            has_audio: options.has_audio,
            place: options.place,
            stores: options.stores,
            started: started.time,
            seconds: now.seconds_since(started),
            tally: counters.tally,
            details: counters.details,
            groups: counters.groups.sorted(),
            targets: targets(&counters.sources, &facts),
            facts,
            deliveries: counters.deliveries,
            sent: counters.sent,
            requests: counters.sending.map(|it| it.requests).unwrap_or_default(),
            retries: counters.retries,
            read_version: counters.read_version,
            width: counters.width,
            pauses: (counters.pauses, counters.paused.as_secs_f64()),
            sheets: counters.sheets,
            unused: counters.unused,
            estimate,
            files: Vec::new(),
            rejected_files: Vec::new(),
            left_out: LeftOut::default(),
        }
    }

    /// Whether every record that was read ended. If not, the program is at fault.
    pub fn is_accounted_for(&self) -> bool {
        self.tally.read == self.tally.accounted()
    }

    /// Takes the files of rejected records, and calls them by their names where a cure speaks of them:
    /// the records of JSON stand in no CSV.
    pub(super) fn take_rejected(&mut self, files: Vec<PathBuf>) {
        let is_json = |file: &PathBuf| file.extension().is_some_and(|it| it == "ndjson");
        if !files.is_empty() && files.iter().all(is_json) {
            for group in &mut self.groups {
                let cure = group.cure.replace("rejected.csv", "rejected.ndjson");
                group.cure = cure.into();
            }
        }
        self.rejected_files = files;
    }

    /// Exports that were found and could not be read.
    pub fn unread_exports(&self) -> u64 {
        self.errors_of(Code::FileNotRead)
    }

    /// Ids that `--only` names and no record has.
    pub fn ids_not_found(&self) -> u64 {
        self.errors_of(Code::IdNotFound)
    }

    fn errors_of(&self, code: Code) -> u64 {
        let groups = self.groups.iter();
        groups
            .filter(|group| group.code == code && group.severity == Severity::Error)
            .map(|group| group.problems)
            .sum()
    }

    /// Problems of this severity.
    pub fn problems(&self, severity: Severity) -> u64 {
        let groups = self.groups.iter();
        groups
            .filter(|group| group.severity == severity)
            .map(|group| group.problems)
            .sum()
    }

    /// Targets without a value in any call, the required ones first.
    pub fn unfilled(&self) -> impl Iterator<Item = Field> {
        let has_calls = self.facts.calls > 0;
        self.targets
            .iter()
            .filter(move |target| has_calls && target.filled == 0)
            .map(|target| target.field)
    }

    /// The agents with most calls, and how many agents there are.
    pub fn top_agents(&self, limit: usize) -> Vec<(&str, u64)> {
        let mut agents: Vec<(&str, u64)> = self.facts.by_agent.iter().collect();
        agents.sort_by(|(one, fewer), (other, more)| more.cmp(fewer).then(one.cmp(other)));
        agents.truncate(limit);
        agents
    }
}

fn targets(sources: &BTreeMap<Field, Vec<String>>, facts: &Totals) -> Vec<FieldCount> {
    let target = |field: Field| FieldCount {
        field,
        source: sources.get(&field).cloned(),
        filled: facts.filled[field.index()],
    };
    Field::ALL.into_iter().map(target).collect()
}
