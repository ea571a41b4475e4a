//! `status`: where a migration stands.

use std::path::Path;

use jiff::Timestamp;

use super::error::{Error, LedgerError};
use super::exit_code::Exit;
use crate::config::StatusArgs;
use crate::domain::Code;
use crate::events::Outcome;
use crate::ledger::{
    Blocker, CallStatus, CaseBlocker, CaseSummary, FailureCounts, Ledger, LedgerReader,
    LedgerSummary, Run,
};
use crate::report::{
    DoubtView, FailureView, ResentView, RunView, Screen, StateView, StateWeight, StatusView, Style,
    WorkView, print_status,
};

pub(super) fn status(arguments: &StatusArgs, mut screen: Screen) -> Result<Exit, Error> {
    let path = &arguments.ledger.ledger;
    let reader = Ledger::read(path)?;
    let view = view(path, &reader)?;
    let style = if arguments.json {
        Style::Json
    } else {
        Style::Human
    };
    print_status(&mut screen, &view, style);
    Ok(Exit::Done)
}

/// What the ledger says, in the words of the report.
pub(super) fn view(path: &Path, reader: &LedgerReader) -> Result<StatusView, Error> {
    let summary = reader.summary().map_err(LedgerError::Use)?;
    let (calls, of_cases) = (summary.calls(), summary.cases.count());
    let LedgerSummary {
        destination,
        states,
        bytes,
        troubles,
        in_doubt,
        runs,
        cases,
        ..
    } = summary;
    let doubts = in_doubt.creates + in_doubt.uploads + cases.in_doubt;
    let doubtful = in_doubt
        .examples
        .into_iter()
        .chain(cases.doubts.iter().cloned())
        .map(|identity| DoubtView { identity });
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
        states: states
            .into_iter()
            .map(|(state, calls)| StateView {
                name: state.name().replace('-', " "),
                weight: weight(state),
                calls: calls + of_state(&cases, state),
            })
            .collect(),
        failures: troubles
            .into_iter()
            .map(failure)
            .chain(cases.troubles.iter().map(case_failure))
            .chain(held_cases(&cases))
            .collect(),
        work: runs.first().and_then(work),
        runs: runs.iter().map(run).collect(),
        doubts,
        in_doubt: doubtful.collect(),
        bytes,
        noun: match (calls, of_cases) {
            (_, 0) => "call",
            (0, _) => "case",
            _ => "record",
        },
        messages: cases.messages,
    })
}

/// How many cases are in a state of calls.
fn of_state(cases: &CaseSummary, state: CallStatus) -> u64 {
    match state {
        CallStatus::Complete => cases.complete,
        CallStatus::Refused => cases.refused,
        CallStatus::Failed => cases.failed,
        CallStatus::InDoubt => cases.in_doubt,
        CallStatus::Held => cases.held,
        CallStatus::WithoutRecording | CallStatus::LeftAlone | CallStatus::Unfinished => 0,
    }
}

fn case_failure((obstacle, cases, example): &(CaseBlocker, u64, String)) -> FailureView {
    let (code, message) = match obstacle {
        CaseBlocker::Refused(_, message) => ("server-refused", message),
        CaseBlocker::Failed(_, why) => ("gave-up", why),
    };
    FailureView {
        code: code.to_owned(),
        message: message.clone(),
        held_since: None,
        calls: *cases,
        example: example.clone(),
    }
}

fn held_cases(cases: &CaseSummary) -> Option<FailureView> {
    let (example, since) = cases.held_example.clone().filter(|_| cases.held > 0)?;
    Some(FailureView {
        code: Code::RowUnterminated.name().to_owned(),
        message: held(Some(since)),
        held_since: Some(since),
        calls: cases.held,
        example,
    })
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

fn failure(trouble: FailureCounts) -> FailureView {
    let (code, message) = match trouble.obstacle {
        Blocker::Held { why } => (why.name(), held(trouble.held_at)),
        Blocker::Refused { message, .. } => ("server-refused", message),
        Blocker::Failed { why, .. } => ("gave-up", why),
    };
    FailureView {
        code: code.to_owned(),
        message,
        held_since: trouble.held_at,
        calls: trouble.count,
        example: trouble.examples.into_iter().next().unwrap_or_default(),
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
