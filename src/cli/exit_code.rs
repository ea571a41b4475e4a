//! The exit codes: the only place where an ending becomes a number.

use std::process::ExitCode;

use super::error::{Error, LedgerError, Usage};
use crate::events::{Outcome, StopReason, Tally};
use crate::ledger::VerifyCounts;
use crate::monitoring::MonitoringError;
use crate::report::RunSummary;
use crate::stores::StoreError;
use crate::{ledger, pipeline, report, source};

/// How the program ends. The numbers are part of the command line and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// Everything is in place.
    Done = 0,
    /// A fault of the program or of the machine under it.
    Fault = 1,
    /// Usage or configuration.
    Usage = 2,
    /// Finished, but some records were rejected or failed, are held and need a person, or may have a
    /// recording twice.
    Incomplete = 3,
    /// The token was refused.
    TokenRefused = 4,
    /// Another run holds the ledger.
    LedgerHeld = 5,
    /// The destination is unavailable, or there were too many errors.
    GaveUp = 6,
    /// Stopped by a limit that the operator set.
    Limit = 7,
    /// Interrupted; the same command resumes.
    Interrupted = 130,
}

impl Exit {
    /// The number.
    pub(super) const fn code(self) -> u8 {
        self as u8
    }

    /// How a command ends that this error stopped.
    pub(super) fn of_error(error: &Error) -> Exit {
        match error {
            Error::Road(pipeline::Error::Ledger(error))
            | Error::Ledger(LedgerError::Open(error)) => of_ledger(error),
            // What the export should have had is missing, and nothing is wrong with the command.
            Error::Road(pipeline::Error::Source(source::Error::Empty { .. }))
            | Error::Usage(Usage::NoCalls) => Exit::Incomplete,
            Error::Audio(error) => of_store(error),
            Error::Config(_)
            | Error::Evidence(_)
            | Error::Monitoring(MonitoringError::Listen { .. } | MonitoringError::File { .. })
            | Error::Road(pipeline::Error::Source(_) | pipeline::Error::Mapping(_))
            | Error::Client(_)
            | Error::Sandbox(_)
            | Error::Report(
                report::Error::Folder { .. }
                | report::Error::FolderOfOthers { .. }
                | report::Error::LogLevel(_),
            )
            | Error::Usage(
                Usage::NoMapping { .. }
                | Usage::TwoMappings { .. }
                | Usage::Mistaken { .. }
                | Usage::NeverOpens { .. }
                | Usage::NoFile { .. }
                | Usage::Exists { .. }
                | Usage::NotWritten { .. }
                | Usage::NoTerminal
                | Usage::NothingToVerifyBy
                | Usage::NoAnswer
                | Usage::NoRecords { .. }
                | Usage::File { .. }
                | Usage::Faults { .. }
                | Usage::NoCode { .. }
                | Usage::LedgerThere { .. }
                | Usage::NothingAccepted { .. }
                | Usage::ForeignLists { .. }
                | Usage::NotAccepted(_)
                | Usage::NotAnIdList(_)
                | Usage::LabelOfCases
                | Usage::NoReadApiForChanges
                | Usage::NoFolder
                | Usage::Unusable { .. }
                | Usage::Name(_)
                | Usage::Agents(_)
                | Usage::NoFfmpeg(_)
                | Usage::NoCanary { .. }
                | Usage::NoReadApi
                | Usage::SharedInput
                | Usage::CanaryOfCases
                | Usage::Canary(_)
                | Usage::Control(_),
            ) => Exit::Usage,
            Error::Usage(Usage::Reshard(error)) => of_reshard(error),
            Error::Ledger(LedgerError::Use(_))
            | Error::Monitoring(MonitoringError::Thread(_))
            | Error::Road(pipeline::Error::State(_) | pipeline::Error::Spool(_))
            | Error::Report(
                report::Error::Write { .. } | report::Error::Page(_) | report::Error::LogTwice,
            )
            | Error::Usage(Usage::Runtime(_) | Usage::Workshop(_)) => Exit::Fault,
        }
    }

    /// How a run ends whose road ended so: an error of the pipeline ends the program with its own number,
    /// and the ledger is told the same.
    pub(super) fn of_run(
        result: &Result<(), Error>,
        stop: Option<StopReason>,
        tally: &Tally,
    ) -> Exit {
        result
            .as_ref()
            .map_or_else(Exit::of_error, |()| Exit::of(stop, tally))
    }

    /// The same, unless an export was not read: then not everything can be in place.
    pub(super) fn unless_unread(self, summary: &RunSummary) -> Exit {
        match self {
            Exit::Done if summary.unread_exports() > 0 => Exit::Incomplete,
            other => other,
        }
    }

    /// How a run ends that was stopped for this reason, or not at all.
    pub(super) fn of(stop: Option<StopReason>, tally: &Tally) -> Exit {
        if tally.accounted() != tally.read {
            return Exit::Fault;
        }
        match stop {
            Some(StopReason::LedgerLost | StopReason::ReportLost) => Exit::Fault,
            Some(StopReason::TokenRefused) => Exit::TokenRefused,
            Some(StopReason::GaveUp) => Exit::GaveUp,
            Some(StopReason::ExportBroken | StopReason::WrongLedger) => Exit::Usage,
            Some(StopReason::Interrupted) => Exit::Interrupted,
            Some(StopReason::Limit) => Exit::Limit,
            None if tally.faults + tally.unproved + tally.left_held > 0 => Exit::Incomplete,
            // What is held goes out by itself, unless it says that a person is needed.
            None if tally.of(Outcome::Rejected) + tally.of(Outcome::Failed) + tally.pressing()
                > 0 =>
            {
                Exit::Incomplete
            }
            None => Exit::Done,
        }
    }

    /// How a comparison with the destination ends.
    pub(super) fn of_verify(stop: Option<StopReason>, counts: &VerifyCounts) -> Exit {
        match stop {
            Some(stop) => Exit::of(Some(stop), &Tally::default()),
            None if !counts.adds_up() => Exit::Fault,
            None if counts.is_all_verified() => Exit::Done,
            None => Exit::Incomplete,
        }
    }

    /// How a check ends. It keeps no ledger, so it cannot know for how long a call has been held, and
    /// whoever asked for it is there to look.
    pub(super) fn of_check(tally: &Tally) -> Exit {
        match Exit::of(None, tally) {
            Exit::Done if tally.of(Outcome::Held) > 0 => Exit::Incomplete,
            exit => exit,
        }
    }
}

fn of_reshard(error: &ledger::ReshardError) -> Exit {
    match error {
        ledger::ReshardError::NoParts(_) | ledger::ReshardError::Exists(_) => Exit::Usage,
        ledger::ReshardError::Open(error) => of_ledger(error),
        ledger::ReshardError::Differs { .. } | ledger::ReshardError::Use(_) => Exit::Fault,
    }
}

/// How a command ends that has no store: only the disk under a copy is a matter of the machine.
fn of_store(error: &StoreError) -> Exit {
    match error {
        StoreError::Copy { .. } => Exit::Fault,
        StoreError::Index(_)
        | StoreError::Client(_)
        | StoreError::Threads(_)
        | StoreError::Export { .. } => Exit::Usage,
    }
}

fn of_ledger(error: &ledger::LedgerOpenError) -> Exit {
    match error {
        ledger::LedgerOpenError::Locked { .. } => Exit::LedgerHeld,
        ledger::LedgerOpenError::Storage(
            ledger::Error::Damaged { .. } | ledger::Error::DiskFull { .. },
        ) => Exit::Fault,
        _ => Exit::Usage,
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(outcomes: &[Outcome]) -> Tally {
        let mut tally = Tally::default();
        tally.read = outcomes.len() as u64;
        for outcome in outcomes {
            tally.count(*outcome);
        }
        tally
    }

    #[test]
    fn every_ending_has_the_code_of_the_design() {
        let good = tally(&[Outcome::Created, Outcome::AlreadyThere, Outcome::Skipped]);
        assert_eq!(Exit::of(None, &good).code(), 0);
        for bad in [Outcome::Rejected, Outcome::Failed] {
            assert_eq!(Exit::of(None, &tally(&[Outcome::Created, bad])).code(), 3);
        }
        let mut held = tally(&[Outcome::Created, Outcome::Held]);
        assert_eq!(Exit::of(None, &held).code(), 0);
        assert_eq!(Exit::of_check(&held).code(), 3);
        assert_eq!(Exit::of_check(&good).code(), 0);
        held.press();
        assert_eq!(Exit::of(None, &held).code(), 3);
        let mut faulty = good;
        faulty.faults = 1;
        assert_eq!(Exit::of(None, &faulty).code(), 3);
        let mut doubtful = good;
        doubtful.unproved = 1;
        assert_eq!(Exit::of(None, &doubtful).code(), 3);
        let codes = [
            (StopReason::Limit, 7),
            (StopReason::Interrupted, 130),
            (StopReason::GaveUp, 6),
            (StopReason::ExportBroken, 2),
            (StopReason::WrongLedger, 2),
            (StopReason::TokenRefused, 4),
            (StopReason::ReportLost, 1),
            (StopReason::LedgerLost, 1),
        ];
        for (stop, code) in codes {
            assert_eq!(Exit::of(Some(stop), &good).code(), code);
        }
    }

    #[test]
    fn the_ledger_is_told_what_the_program_ends_with() {
        let tally = tally(&[Outcome::Created]);
        let stop = Some(StopReason::ExportBroken);
        let no_room = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = Error::from(pipeline::Error::Spool(no_room));
        assert_eq!(Exit::of_error(&error), Exit::Fault);
        assert_eq!(Exit::of_run(&Err(error), stop, &tally), Exit::Fault);
        assert_eq!(Exit::of_run(&Ok(()), stop, &tally), Exit::Usage);
        assert_eq!(Exit::of_run(&Ok(()), None, &tally), Exit::Done);
    }

    #[test]
    fn records_that_are_not_accounted_for_are_a_fault() {
        let mut lost = tally(&[Outcome::Created]);
        lost.read = 2;
        assert_eq!(Exit::of(None, &lost), Exit::Fault);
    }
}
