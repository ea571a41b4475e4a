//! What a ledger says, in the words of the report.

use std::path::Path;

use jiff::Timestamp;

use super::error::{Error, LedgerError};
use crate::events::Outcome;
use crate::ledger::{
    Blocker, CallStatus, Failure, FailureCounts, FailureKind, Ledger, LedgerReader, LedgerSummary,
    Run,
};
use crate::report::{
    DoubtView, FailureView, ResentView, RunView, StateView, StateWeight, StatusView, WorkView,
};

/// What the ledger says.
pub(super) fn view(path: &Path, reader: &LedgerReader) -> Result<StatusView, Error> {
    let summary = reader.summary().map_err(LedgerError::Use)?;
    let noun = noun(&summary);
    let LedgerSummary {
        destination,
        calls,
        cases,
        bytes,
        messages,
        runs,
        ..
    } = summary;
    let states = CallStatus::ALL.map(|state| StateView {
        name: state.name().replace('-', " "),
        weight: weight(state),
        calls: calls.count(state) + cases.count(state),
    });
    let targets = [calls, cases];
    let doubts = targets.iter().map(|target| target.in_doubt.count).sum();
    let mut failures = Vec::new();
    let mut in_doubt = Vec::new();
    for target in targets {
        failures.extend(target.failures.into_iter().map(failure));
        let examples = target.in_doubt.examples.into_iter();
        in_doubt.extend(examples.map(|identity| DoubtView { identity }));
    }
    let mut resent = Vec::new();
    reader.resent(|identity, times| {
        resent.push(ResentView { identity, times });
        Ok::<(), Error>(())
    })?;
    Ok(StatusView {
        resent,
        ledger: path.display().to_string(),
        destination: Some(destination),
        held_by: Ledger::holder(path).map(|holder| holder.to_string()),
        states: states.into(),
        failures,
        work: runs.first().and_then(work),
        runs: runs.iter().map(run).collect(),
        doubts,
        in_doubt,
        bytes,
        noun,
        messages,
    })
}

/// What the ledger keeps: `record` where it keeps both.
fn noun(summary: &LedgerSummary) -> &'static str {
    let targets = [&summary.calls, &summary.cases];
    let mut known = targets.into_iter().filter(|target| target.total() > 0);
    match (known.next(), known.next()) {
        (Some(_), Some(_)) => "record",
        (Some(target), None) => target.noun,
        _ => summary.calls.noun,
    }
}

fn weight(state: CallStatus) -> StateWeight {
    match state {
        CallStatus::Complete | CallStatus::WithoutRecording | CallStatus::LeftAlone => {
            StateWeight::Done
        }
        CallStatus::Held | CallStatus::InDoubt | CallStatus::Unfinished => StateWeight::Open,
        CallStatus::Refused | CallStatus::Failed => StateWeight::Stuck,
    }
}

fn failure(counts: FailureCounts) -> FailureView {
    let (code, message) = match counts.blocker {
        Blocker::Held { why } => (why.name(), held(counts.held_at)),
        Blocker::Failed(Failure { kind, message, .. }) => {
            let code = match kind {
                FailureKind::Refused => "server-refused",
                FailureKind::GaveUp => "gave-up",
            };
            (code, message)
        }
    };
    FailureView {
        code: code.to_owned(),
        message,
        held_since: counts.held_at,
        calls: counts.count,
        example: counts.examples.into_iter().next().unwrap_or_default(),
    }
}

/// That calls wait, and since when the first of them does.
fn held(since: Option<Timestamp>) -> String {
    match since {
        Some(at) => format!(
            "held, the oldest since {}",
            at.strftime("%Y-%m-%d %H:%M UTC")
        ),
        None => "held".to_owned(),
    }
}

/// What a run kept of its numbers.
fn tally(run: &Run) -> serde_json::Value {
    let text = run.tally.as_deref();
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// How far the last run came. A run of an earlier version kept no size of its work.
fn work(run: &Run) -> Option<WorkView> {
    let tally = tally(run);
    let count = |name: &str| tally[name].as_u64().unwrap_or(0);
    let ended = Outcome::ALL.map(|outcome| count(outcome.name()));
    let not_attempted = count(Outcome::NotAttempted.name());
    let ended = ended.iter().sum::<u64>().saturating_sub(not_attempted);
    let records = tally["records"].as_u64().or_else(|| {
        // It was read to its end.
        let is_whole = matches!(run.exit, Some(0 | 3));
        is_whole.then(|| tally["read"].as_u64()).flatten()
    })?;
    Some(WorkView {
        run: run.id.number(),
        total: records,
        total_is_estimate: tally["records_are_estimated"].as_bool().unwrap_or(false),
        in_place: count(Outcome::Created.name()) + count(Outcome::AlreadyThere.name()),
        left_out: count(Outcome::Skipped.name()),
        held: count(Outcome::Held.name()),
        rejected: count(Outcome::Rejected.name()),
        failed: count(Outcome::Failed.name()),
        not_attempted: records.saturating_sub(ended),
        other_shards: tally[Outcome::OtherShard.name()].as_u64(),
        to_send: tally["to_send"].as_u64().filter(|_| run.finished.is_none()),
        calls_per_second: tally["calls_per_second"].as_f64(),
        seconds_left: tally["seconds_left"]
            .as_f64()
            .filter(|_| run.finished.is_none()),
        counted_at: tally["counted_at"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .or(run.finished),
    })
}

fn run(run: &Run) -> RunView {
    let tally = tally(run);
    // What a run had counted before it was killed is told as its work, and not as its result.
    let is_finished = run.finished.is_some();
    let count = |name: &str| tally[name].as_u64().filter(|_| is_finished);
    let ending = match run.exit {
        None => "not finished",
        Some(0) => "complete",
        Some(2) => "export broken",
        Some(3) => "with problems",
        Some(4) => "token refused",
        Some(6) => "gave up",
        Some(7) => "limit",
        Some(130) => "interrupted",
        Some(_) => "fault",
    };
    RunView {
        number: run.id.number(),
        started: run.started,
        ended: run.finished,
        ending: ending.to_owned(),
        read: count("read"),
        created: count("created"),
        rejected: count("rejected"),
        failed: count("failed"),
    }
}
