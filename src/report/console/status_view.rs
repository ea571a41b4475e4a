//! What a ledger says about a migration, as values: the JSON of `status`, and what its tables show.

use jiff::Timestamp;
use serde::Serialize;

/// What a ledger says about a migration.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct StatusView {
    /// The file of the ledger.
    pub ledger: String,
    /// Where the calls go, with the version of the API; `None` before the first run.
    pub destination: Option<String>,
    /// Who holds the ledger now, if a run is going.
    pub held_by: Option<String>,
    /// How many calls are in each state, in the order in which they should be shown. Every call is
    /// in exactly one.
    pub states: Vec<StateView>,
    /// What went wrong, by code and message.
    pub failures: Vec<FailureView>,
    /// How far the last run came with the whole of its export; `None` where it did not learn its size.
    pub work: Option<WorkView>,
    /// The runs, the latest first.
    pub runs: Vec<RunView>,
    /// How many calls there are of which an answer was lost, so that nobody knows whether the request
    /// took effect.
    pub doubts: u64,
    /// The first of them.
    pub in_doubt: Vec<DoubtView>,
    /// Calls whose recording was sent again although it may have arrived, in any run.
    pub resent: Vec<ResentView>,
    /// Bytes of recordings that are in place.
    pub bytes: u64,
    /// What the ledger keeps: `call`, `case`, or `record` where it keeps both.
    pub noun: &'static str,
    /// Messages of cases that are in place.
    pub messages: u64,
}

impl StatusView {
    /// Adds what the ledger of another shard says. The runs are told shard by shard.
    pub fn join(&mut self, other: &StatusView) {
        for (sum, state) in self.states.iter_mut().zip(&other.states) {
            sum.calls += state.calls;
        }
        for failure in &other.failures {
            let is_same = |known: &&mut FailureView| {
                (&known.code, &known.message) == (&failure.code, &failure.message)
            };
            match self.failures.iter_mut().find(is_same) {
                Some(known) => {
                    known.calls += failure.calls;
                    known.held_since = [known.held_since, failure.held_since]
                        .into_iter()
                        .flatten()
                        .min();
                }
                None => self.failures.push(failure.clone()),
            }
        }
        self.failures
            .sort_by_key(|failure| std::cmp::Reverse(failure.calls));
        self.work = None;
        self.runs.clear();
        self.doubts += other.doubts;
        self.in_doubt.extend(other.in_doubt.iter().cloned());
        self.resent.extend(other.resent.iter().cloned());
        self.bytes += other.bytes;
        self.messages += other.messages;
        if total(&self.states) == total(&other.states) {
            self.noun = other.noun;
        }
    }
}

fn total(states: &[StateView]) -> u64 {
    states.iter().map(|state| state.calls).sum()
}

/// Calls in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateView {
    /// The state in a word or two.
    pub name: String,
    /// How much of a worry it is.
    pub weight: StateWeight,
    /// How many calls.
    pub calls: u64,
}

/// What a state means for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StateWeight {
    /// Nothing is left to do.
    Done,
    /// The next run goes on with it.
    Open,
    /// Somebody has to look.
    Stuck,
}

/// Calls that failed for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailureView {
    /// The code of the problem.
    pub code: String,
    /// Why, without personal data.
    pub message: String,
    /// Since when the one is held that waits longest; `None` for calls that are not held.
    pub held_since: Option<Timestamp>,
    /// How many calls.
    pub calls: u64,
    /// The id of one of them.
    pub example: String,
}

/// How much of the export the last run dealt with. The ledger knows the calls that were sent or held;
/// only a run knows how many there are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkView {
    /// The number of the run.
    pub run: u64,
    /// Records of the export.
    pub total: u64,
    /// Whether that is a guess, because the export was not read to its end.
    pub total_is_estimate: bool,
    /// Records that are in place.
    pub in_place: u64,
    /// Records that were left out on purpose.
    pub left_out: u64,
    /// Records that wait for their recording.
    pub held: u64,
    /// Records that cannot be sent as they are.
    pub rejected: u64,
    /// Records that the server refused, or that were tried as often as allowed.
    pub failed: u64,
    /// Records that were not tried, those that were not read among them.
    pub not_attempted: u64,
    /// Records of other shards; `None` where nobody shares the export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_shards: Option<u64>,
    /// Calls that the run has still to send; only while it goes on.
    pub to_send: Option<u64>,
    /// Calls that it sent in a second, of late.
    pub calls_per_second: Option<f64>,
    /// Seconds until it is through, at that pace; only while it goes on.
    pub seconds_left: Option<f64>,
    /// When that was counted.
    pub counted_at: Option<Timestamp>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunView {
    /// Its number, from 1.
    pub number: u64,
    /// When it started.
    pub started: Timestamp,
    /// When it ended; `None` for one that is going on or was killed.
    pub ended: Option<Timestamp>,
    /// How it ended, in a word or two: `complete`, `interrupted`, `not finished`.
    pub ending: String,
    /// Records that it read; `None`, like the counts below, where it did not come to its end.
    pub read: Option<u64>,
    /// Conversations that it created.
    pub created: Option<u64>,
    /// Records that it rejected.
    pub rejected: Option<u64>,
    /// Records that failed.
    pub failed: Option<u64>,
}

/// One call in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoubtView {
    /// The call's `externalIdentity`.
    pub identity: String,
}

/// A recording that may be there more than once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResentView {
    /// The call's `externalIdentity`.
    pub identity: String,
    /// How often it was sent again without knowing whether it had arrived.
    pub times: u32,
}
