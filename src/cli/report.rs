//! `report`: the files again, from the ledger.

use super::error::Error;
use super::exit_code::Exit;
use super::ledger::{UNNAMED, hashed_id};
use super::ledger_view;
use super::merge::{self, MergedLedgers, SharedProblems};
use crate::config::{ReportArgs, SANDBOX};
use crate::domain::{Code, Location, Problem, Severity};
use crate::events::{Delivered, DeliveryKind};
use crate::ledger::{AcceptedCall, AcceptedCase, Ledger, LedgerReader, NotedProblem};
use crate::report::{DestinationLabel, Mode, Rewrite, Screen, StatusView, Style, print_merge};

pub(super) fn report(arguments: &ReportArgs, mut screen: Screen) -> Result<Exit, Error> {
    if !arguments.merge.is_empty() {
        return merged(arguments, screen);
    }
    let reader = Ledger::read(&arguments.ledger.ledger)?;
    let view = ledger_view::view(&arguments.ledger.ledger, &reader)?;
    let (mode, destination) = of_ledger(arguments, &view);
    let lists = arguments.lists.form();
    let mut files = Rewrite::create(&arguments.out, mode, &destination, lists)?;
    write_accepted(&mut files, &reader)?;
    reader.problems(|noted| {
        if let Some(problem) = problem(noted) {
            files.problem(&problem)?;
        }
        Ok::<(), Error>(())
    })?;
    for resent in &view.resent {
        files.resent(&view.ledger, resent)?;
    }
    for path in files.finish(&view)? {
        screen.say(&format!("wrote {}", path.display()));
    }
    Ok(Exit::Done)
}

/// One report of the ledgers of all shards.
fn merged(arguments: &ReportArgs, mut screen: Screen) -> Result<Exit, Error> {
    let mut merged = match MergedLedgers::open(&arguments.merge)? {
        Ok(merged) => merged,
        Err(conflicts) => return Ok(merge::tell(&conflicts, &mut screen)),
    };
    merged.count_problems()?;
    let destination = merged.destination();
    let mode = mode_of(&destination.name);
    let mut files = Rewrite::create(&arguments.out, mode, &destination, arguments.lists.form())?;
    let mut shared = SharedProblems::default();
    for ledger in &merged.ledgers {
        files.of_ledger(&ledger.path);
        write_accepted(&mut files, &ledger.reader)?;
        ledger.reader.problems(|noted| {
            let is_first = shared.is_first(&noted);
            if let Some(problem) = problem(noted).filter(|_| is_first) {
                files.problem(&problem)?;
            }
            Ok::<(), Error>(())
        })?;
        for resent in &ledger.view.resent {
            files.resent(&ledger.view.ledger, resent)?;
        }
    }
    files.finish_merge(&mut merged.view)?;
    print_merge(&mut screen, &merged.view, Style::Human);
    for path in &merged.view.files {
        screen.say(&format!("wrote {}", path.display()));
    }
    Ok(merged.exit())
}

/// What the server has by a ledger.
fn write_accepted(files: &mut Rewrite, reader: &LedgerReader) -> Result<(), Error> {
    reader.accepted(|call| {
        let at = call.at;
        files.accepted(&delivered(call), at)?;
        Ok::<(), Error>(())
    })?;
    reader.accepted_cases(|case| {
        let at = case.at;
        for delivered in delivered_case(case) {
            files.accepted(&delivered, at)?;
        }
        Ok::<(), Error>(())
    })
}

/// The ledger does not know what recordings are called, so they go by their hash.
fn delivered(call: AcceptedCall) -> Delivered {
    Delivered {
        kind: DeliveryKind::Call,
        identity: call.identity,
        uid: call.uid,
        recording: call.recording.map(|(hash, _)| shown_hash(hash)),
        bytes: call.recording.map_or(0, |(_, bytes)| bytes),
        was_there: false,
        in_doubt: 0,
        is_unproved: false,
    }
}

/// A ledger that was made from a list of names knows that there was a recording, and not which.
fn shown_hash(hash: [u8; 32]) -> String {
    if hash == [0; 32] {
        return UNNAMED.to_owned();
    }
    format!("blake3:{}", blake3::Hash::from_bytes(hash).to_hex())
}

/// A case that goes out whole is one line; of one whose messages go out one by one each message is, by the
/// hash of its id, which is all that the ledger knows.
fn delivered_case(case: AcceptedCase) -> Vec<Delivered> {
    let line = |kind, uid| Delivered {
        kind,
        identity: case.identity.clone(),
        uid,
        recording: None,
        bytes: 0,
        was_there: false,
        in_doubt: 0,
        is_unproved: false,
    };
    match case.messages {
        None => vec![line(DeliveryKind::Case, None)],
        Some(messages) => messages
            .into_iter()
            .map(|hash| line(DeliveryKind::Message, Some(hashed_id(hash))))
            .collect(),
    }
}

/// Where the runs of a ledger sent to.
fn of_ledger(arguments: &ReportArgs, view: &StatusView) -> (Mode, DestinationLabel) {
    let name = view.destination.clone().unwrap_or_default();
    let mode = mode_of(&name);
    let destination = DestinationLabel {
        name,
        ledger: arguments.ledger.ledger.clone(),
        is_new_ledger: false,
        settings: None,
        read_api: None,
        shard: None,
    };
    (mode, destination)
}

/// How runs to this destination are called.
fn mode_of(destination: &str) -> Mode {
    if destination == SANDBOX {
        Mode::Rehearsal
    } else {
        Mode::Run
    }
}

/// A code that this version does not know comes from a newer one.
fn problem(noted: NotedProblem) -> Option<Problem> {
    let location = Location {
        file: noted.file,
        line: noted.line,
        record: noted.record,
    };
    // Those of all runs are told by their ids; see `Rewrite::resent`.
    let code = Code::from_name(&noted.code).filter(|code| *code != Code::UploadInDoubt)?;
    let mut problem = Problem::new(code, location, noted.message).at(&noted.column, "");
    problem.name_record(&noted.identity);
    Some(match Severity::from_name(&noted.severity) {
        Some(severity) => problem.with_severity(severity),
        None => problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_as_grave_as_it_was_noted() {
        let location = Location::on_line("calls.csv", 2);
        for severity in [Severity::Note, Severity::Warning, Severity::Error] {
            let told = Problem::new(Code::RecordingMissing, location.clone(), "none");
            let mut told = told.with_severity(severity);
            told.name_record("c-1");
            assert_eq!(problem(NotedProblem::from(&told)), Some(told));
        }
    }
}
