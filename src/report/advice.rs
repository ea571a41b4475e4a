//! What happened in a sentence, and what to do next: the only place with such wording.

use std::path::PathBuf;

use crate::domain::Code;
use crate::events::Outcome;
use crate::recordings::PlaceKind;
use crate::report::end_advice::{checked, ran};
use crate::report::format::{count, counted, it_is, safe, them, were};
use crate::report::stop_advice::stopped;
use crate::report::{Mode, RunSummary};

/// The last line of a rehearsal, whatever came of it.
const REHEARSAL: &str = "This was a rehearsal: nothing was sent to Capturi.";

/// The last lines of a report, the most important last.
pub fn advise(summary: &RunSummary) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(misfits(summary));
    lines.extend(unsendable(summary));
    lines.extend(incomplete_lists(summary));
    lines.extend(held(summary));
    lines.extend(doubts(summary));
    lines.extend(unproved(summary));
    lines.extend(withdrawn(summary));
    lines.push(conclusion(summary));
    if summary.mode == Mode::Rehearsal {
        lines.push(REHEARSAL.to_owned());
    }
    lines
}

/// Why the figures cannot be trusted, if they cannot.
pub(super) fn fault(summary: &RunSummary) -> Option<String> {
    let (read, ended) = (summary.tally.read, summary.tally.accounted());
    (read != ended).then(|| {
        format!(
            "FAULT OF THE PROGRAM: {} read but {} accounted for. Do not rely on this report; \
             keep the files and the ledger, and report the fault.",
            counted(read, "record"),
            count(ended),
        )
    })
}

fn unsendable(summary: &RunSummary) -> Option<String> {
    let rejected = summary.tally.of(Outcome::Rejected);
    let failed = summary.tally.of(Outcome::Failed);
    let number = rejected + failed;
    let what = match (rejected, failed) {
        (0, 0) => return None,
        (_, 0) => format!("{} rejected", were(rejected, "record")),
        (0, _) => format!("{} failed", counted(failed, "record")),
        _ => format!(
            "{} rejected and {} failed",
            were(rejected, "record"),
            count(failed)
        ),
    };
    let files = match summary.rejected_files.as_slice() {
        [] => {
            let cure = format!("add --out DIR to get {} as a file to correct", them(number));
            return Some(format!("{what}: {cure}."));
        }
        files => list(files),
    };
    if summary.left_out.rejected > 0 {
        let has = if summary.rejected_files.len() == 1 {
            "has"
        } else {
            "have"
        };
        return Some(format!("{what}: {files} {has} the first of them."));
    }
    let that = if summary.rejected_files.len() == 1 {
        "that file"
    } else {
        "those files"
    };
    Some(if rejected == 0 {
        // Often there is nothing to correct: the destination had a bad day.
        format!("{what}: problems.csv says why; {files} can be fed in again.")
    } else {
        format!(
            "{what}: fix {} in {files} and feed {that} in again.",
            them(number)
        )
    })
}

/// What the lists lack, so that nobody takes them for whole.
fn incomplete_lists(summary: &RunSummary) -> Option<String> {
    let lacks = summary.left_out;
    let rejected = match summary.rejected_files.as_slice() {
        [] => "rejected.csv".to_owned(),
        files => list(files),
    };
    let lists = [
        (lacks.rejected, "record", rejected.as_str()),
        (lacks.problems, "problem", "problems.csv"),
        (lacks.skipped, "record", "skipped.csv"),
    ];
    let lacking = lists.iter().filter(|(number, _, _)| *number > 0);
    let lacking: Vec<String> = lacking
        .map(|(number, what, list)| format!("{} not in {list}", counted(*number, what)))
        .collect();
    if lacking.is_empty() {
        return None;
    }
    let cure = match lacks.rejected {
        0 => "",
        _ => " Fix what most rows have in common and feed in the export itself again.",
    };
    Some(format!(
        "Lists are incomplete because they would be too large: {}.{cure}",
        lacking.join(", ")
    ))
}

fn held(summary: &RunSummary) -> Option<String> {
    let held = summary.tally.of(Outcome::Held);
    let is_missing = |why: &str| why.is_empty() || why == Code::RecordingMissing.name();
    let mut reasons = summary.details.keys();
    let only_missing = reasons.all(|(of, why)| *of != Outcome::Held || is_missing(why));
    let (one, it) = (held == 1, them(held));
    let what = match (only_missing, one) {
        (true, true) => "waits for its recording",
        (true, false) => "wait for their recordings",
        (false, true) => "is held",
        (false, false) => "are held",
    };
    let cure = match (only_missing, summary.mode) {
        (true, Mode::Run | Mode::Rehearsal) => {
            let place = match summary.place {
                PlaceKind::Folder => format!("put {it} below the audio folder"),
                PlaceKind::Store => format!("put {it} into the store"),
                PlaceKind::Url => format!("see that the source has {it}"),
                PlaceKind::Several => format!("put {it} where --audio looks"),
            };
            format!("{place} and run the same command again")
        }
        (true, Mode::Check | Mode::DryRun) => format!("a run sends {it} once the audio is there"),
        (false, _) => format!("the first run that finds what is lacking sends {it}"),
    };
    let pressing = match summary.tally.pressing() {
        0 => String::new(),
        number => {
            let verb = if number == 1 { "needs" } else { "need" };
            format!(" {} {verb} a person: see problems.csv.", count(number))
        }
    };
    (held > 0).then(|| format!("{} {what}: {cure}.{pressing}", counted(held, "record")))
}

fn doubts(summary: &RunSummary) -> Option<String> {
    let in_doubt = summary.deliveries.in_doubt;
    (in_doubt > 0).then(|| {
        format!(
            "{} sent again without knowing whether the first try had arrived; problems.csv lists {} \
             as upload-in-doubt.",
            were(in_doubt, "recording"),
            them(in_doubt)
        )
    })
}

fn unproved(summary: &RunSummary) -> Option<String> {
    let number = summary.tally.unproved;
    (number > 0).then(|| {
        format!(
            "{} sent to conversations that somebody else made; look in Capturi whether {} there twice \
             (problems.csv: already-there).",
            were(number, "recording"),
            it_is(number)
        )
    })
}

/// What only a person can take back.
fn withdrawn(summary: &RunSummary) -> Option<String> {
    let number = summary.tally.withdrawn;
    (number > 0).then(|| {
        let whose = if number == 1 { "its" } else { "their" };
        format!(
            "{} sent before {whose} consent was withdrawn; delete {} in Capturi (problems.csv: \
             changed-since-sent).",
            were(number, "conversation"),
            them(number)
        )
    })
}

fn conclusion(summary: &RunSummary) -> String {
    if let Some(fault) = fault(summary) {
        return fault;
    }
    match (&summary.stop, summary.mode) {
        (Some((stop, why)), _) => stopped(*stop, why, summary),
        (None, _) if summary.tally.read == 0 => {
            "No record was read: look whether the export is empty or begins elsewhere.".to_owned()
        }
        (None, Mode::Run | Mode::Rehearsal) => ran(summary),
        (None, Mode::Check) => checked(summary, "replace `check` by `run` to send"),
        (None, Mode::DryRun) => checked(summary, "leave out --dry-run to send"),
    }
}

/// Files that are not what the mapping is for.
fn misfits(summary: &RunSummary) -> Option<String> {
    let unread = summary.unread_exports();
    let unknown = summary.ids_not_found();
    let faults = summary.tally.faults.saturating_sub(unread + unknown);
    if faults == 0 && unknown > 0 {
        return Some(format!(
            "Not in place: no record has {} that --only names; problems.csv lists them as id-not-found.",
            counted(unknown, "id")
        ));
    }
    if faults > 0 {
        return Some(format!(
            "Not in place: the export has another shape than the mapping expects ({}).",
            counted(faults, "error")
        ));
    }
    // A run says so of its own in its last line.
    (unread > 0 && !summary.mode.sends()).then(|| {
        format!(
            "Not in place: {} not read: problems.csv names {} as file-not-read.",
            were(unread, "export"),
            them(unread)
        )
    })
}

fn list(files: &[PathBuf]) -> String {
    let names: Vec<String> = files
        .iter()
        .map(|file| safe(&file.to_string_lossy()).into_owned())
        .collect();
    names.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::StopReason;
    use crate::report::test_support::{Stage, facts};

    fn last_line(mode: Mode, stop: Option<(StopReason, &str)>, ended: &[(u64, Outcome)]) -> String {
        let mut stage = Stage::with(|_| {}, mode);
        stage.checked(&facts(ended.iter().map(|(number, _)| number).sum()));
        for (number, outcome) in ended {
            stage.many(*number, *outcome, "");
        }
        if let Some((stop, why)) = stop {
            stage.event(&crate::events::Event::Stopping { stop, why });
        }
        let summary = stage.finish(stop.map(|(stop, _)| stop)).unwrap();
        advise(&summary).join(" | ")
    }

    #[test]
    fn a_run_is_told_in_one_sentence() {
        use Outcome::{AlreadyThere, Created, Failed, Held, NotAttempted, Rejected, Skipped};
        let run = |ended: &[(u64, Outcome)]| last_line(Mode::Run, None, ended);
        assert_eq!(
            run(&[(58, Created), (2, Skipped)]),
            "Everything is in place: all 58 records, 2 left out on purpose."
        );
        let mut stage = Stage::with(|_| {}, Mode::Run);
        stage.checked(&facts(62));
        for (number, outcome, why) in [
            (58, Created, ""),
            (1, Skipped, "deleted"),
            (2, Skipped, "older copy"),
            (1, Skipped, "repeat"),
        ] {
            stage.many(number, outcome, why);
        }
        assert_eq!(
            advise(&stage.finish(None).unwrap()),
            [
                "Everything is in place: all 58 records, 1 left out on purpose, 3 left out (older \
              copies and repeats)."
            ]
        );
        assert_eq!(
            run(&[(60, AlreadyThere)]),
            "Everything is in place: all 60 records; there was nothing to create."
        );
        assert_eq!(
            run(&[(56, Created), (1, Rejected), (2, Failed), (1, Held)]),
            "1 record was rejected and 2 failed: add --out DIR to get them as a file to correct. \
             | 1 record waits for its recording: put it below the audio folder and run the same \
             command again. | 56 of 60 records are in place."
        );
        assert_eq!(
            run(&[(1, Created), (3, NotAttempted)]),
            "1 of 4 records is in place. 3 records were not attempted: run the same command \
             again to go on."
        );
        assert_eq!(
            run(&[]),
            "No record was read: look whether the export is empty or begins elsewhere."
        );
    }

    #[test]
    fn a_stop_says_how_to_go_on() {
        let stop = |stop, why| {
            let ended = [(1, Outcome::Created), (9, Outcome::NotAttempted)];
            last_line(Mode::Run, Some((stop, why)), &ended)
        };
        assert_eq!(
            stop(StopReason::Interrupted, "signal"),
            "Interrupted. 9 records were read but not finished. Run the same command \
             again to resume."
        );
        assert!(stop(StopReason::TokenRefused, "401").contains("No record is to blame."));
        assert!(stop(StopReason::LedgerLost, "").starts_with("The ledger could not be written. 9"));
    }

    #[test]
    fn a_ledger_that_may_be_the_wrong_one_says_what_was_sent_meanwhile() {
        let told = |sent: u64, half_done: u64| {
            let mut stage = Stage::with(|_| {}, Mode::Run);
            stage.checked(&facts(9 + sent + half_done));
            stage.many(sent, Outcome::Created, "");
            stage.many(half_done, Outcome::NotAttempted, "half done");
            stage.many(9, Outcome::NotAttempted, "stopped");
            let (stop, why) = (
                StopReason::WrongLedger,
                "the destination already has 9 calls",
            );
            stage.event(&crate::events::Event::Stopping { stop, why });
            advise(&stage.finish(Some(stop)).unwrap()).join(" | ")
        };
        assert!(told(0, 0).contains("finished. Nothing was sent for them. Name the right"));
        assert!(
            told(2, 0)
                .contains("them. 2 other records were new to the destination and were sent. Name")
        );
        assert!(told(1, 3).contains(
            "1 other record was new to the destination and was sent. 3 conversations were made whose \
             recording is still missing: a run with this ledger sends their recording. Name"
        ));
    }

    #[test]
    fn a_check_says_what_comes_next() {
        use Outcome::{AlreadyThere, NotAttempted, Rejected};
        assert_eq!(
            last_line(Mode::Check, None, &[(60, NotAttempted)]),
            "60 of 60 records can be sent: replace `check` by `run` to send them."
        );
        assert_eq!(
            last_line(Mode::DryRun, None, &[(60, AlreadyThere)]),
            "Nothing left to send of 60 records: 60 are in place."
        );
        let mixed = [(2, AlreadyThere), (1, Outcome::Skipped), (1, Rejected)];
        assert!(last_line(Mode::DryRun, None, &mixed).ends_with(
            "Nothing left to send of 4 records: 2 are in place, 1 is left out, 1 is rejected."
        ));
        assert_eq!(
            last_line(
                Mode::Check,
                None,
                &[(3, NotAttempted), (1, Outcome::Skipped)]
            ),
            "3 of 4 records can be sent (1 is left out): replace `check` by `run` to send them."
        );
        assert!(
            last_line(Mode::Check, None, &[(2, Rejected)])
                .ends_with("None of 2 records can be sent as they are.")
        );
    }
}
