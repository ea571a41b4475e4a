//! What a check could not look at, so that nobody takes silence for praise.

use crate::events::Outcome;
use crate::report::format::{count, counted};
use crate::report::{Mode, RunSummary};

/// What was not looked at, and why, each as the rest of a sentence.
pub(super) fn unchecked(summary: &RunSummary) -> Vec<String> {
    let facts = &summary.facts;
    let mut told = Vec::new();
    if summary.mode.sends() || facts.calls == 0 {
        return told;
    }
    if summary.has_audio {
        told.extend(of_recordings(summary));
        if facts.unknown_length > 0 {
            let number = counted(facts.unknown_length, "recording");
            told.push(format!("the length of {number}: no header says it"));
        }
    } else {
        told.push("recordings: --audio names no place".to_owned());
    }
    if summary.mode == Mode::Check {
        told.push(
            "what is at the destination already: a check asks no ledger, `run --dry-run` does"
                .to_owned(),
        );
    }
    told
}

/// The same about recordings that were looked for, but for their length, which has its own line.
pub(super) fn of_recordings(summary: &RunSummary) -> Vec<String> {
    let facts = &summary.facts;
    let mut told = Vec::new();
    let without_call = rejected_before_their_call(summary);
    if without_call > 0 {
        let records = counted(without_call, "record");
        told.push(format!("the recordings of {records} with other faults"));
    }
    if facts.unheard > 0 {
        let number = count(facts.unheard);
        told.push(format!(
            "silent channels in {number} of the recordings, which are not decoded"
        ));
    }
    told
}

/// Records that were rejected before they were a call. What was rejected afterwards, for its recording
/// or because its id is taken, is among the calls, and so is a repeated record that was skipped.
fn rejected_before_their_call(summary: &RunSummary) -> u64 {
    let details = summary.details.iter();
    let skipped: u64 = details
        .filter(|((outcome, detail), _)| *outcome == Outcome::Skipped && detail != "repeat")
        .map(|(_, number)| number)
        .sum();
    let others = summary.facts.calls.saturating_add(skipped);
    let rejected = summary.tally.of(Outcome::Rejected);
    summary.tally.read.saturating_sub(others).min(rejected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::test_support::{Stage, facts};

    fn told(has_audio: bool, change: impl FnOnce(&mut crate::events::Totals)) -> Vec<String> {
        let mut stage = Stage::with(|options| options.has_audio = has_audio, Mode::Check);
        let mut facts = facts(10);
        change(&mut facts);
        stage.checked(&facts);
        stage.many(7, Outcome::NotAttempted, "");
        stage.many(3, Outcome::Rejected, "");
        unchecked(&stage.finish(None).unwrap())
    }

    #[test]
    fn skipped_records_and_calls_that_were_rejected_are_not_among_the_unchecked() {
        let mut stage = Stage::with(|_| {}, Mode::Check);
        let mut facts = facts(13);
        facts.calls = 6;
        stage.checked(&facts);
        stage.many(3, Outcome::NotAttempted, "");
        stage.many(8, Outcome::Rejected, "");
        stage.many(1, Outcome::Skipped, "internal");
        stage.many(1, Outcome::Skipped, "repeat");
        let all = unchecked(&stage.finish(None).unwrap());
        assert!(all[0].starts_with("the recordings of 6 records"), "{all:?}");
    }

    #[test]
    fn what_a_check_leaves_open_is_said() {
        let all = told(true, |facts| {
            facts.calls = 8;
            facts.unknown_length = 4;
            facts.unheard = 1200;
        });
        assert!(all[0].starts_with("the recordings of 2 records"), "{all:?}");
        assert!(all[2].contains("4 recordings"), "{all:?}");
        assert!(all[1].contains("1,200"), "{all:?}");
        let none = told(false, |_| {});
        assert!(none[0].contains("--audio"), "{none:?}");
        assert_eq!(none.len(), 2);
    }
}
