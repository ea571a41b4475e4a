//! What a check could not look at, so that nobody takes silence for praise.

use crate::pipeline::Outcome;
use crate::report::words::{count, counted};
use crate::report::{Mode, Summary};

/// What was not looked at, and why, each as the rest of a sentence.
pub(super) fn unchecked(summary: &Summary) -> Vec<String> {
    let facts = &summary.facts;
    let mut told = Vec::new();
    if summary.mode == Mode::Run || facts.calls == 0 {
        return told;
    }
    if summary.has_audio {
        told.extend(of_recordings(summary));
        if facts.unknown_length > 0 {
            let number = counted(facts.unknown_length, "recording");
            told.push(format!("the length of {number}: no header says it"));
        }
    } else {
        told.push("recordings: no --audio folder was named".to_owned());
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
pub(super) fn of_recordings(summary: &Summary) -> Vec<String> {
    let facts = &summary.facts;
    let mut told = Vec::new();
    let rejected = summary.tally.of(Outcome::Rejected);
    if rejected > 0 && facts.calls < summary.tally.read {
        let records = counted(rejected.min(summary.tally.read - facts.calls), "record");
        told.push(format!("the recordings of {records} with other faults"));
    }
    if facts.unheard > 0 {
        let number = count(facts.unheard);
        told.push(format!(
            "silent channels in {number} of the recordings: their codec is not decoded"
        ));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::stage::{Stage, facts};

    fn told(has_audio: bool, change: impl FnOnce(&mut crate::pipeline::Facts)) -> Vec<String> {
        let mut stage = Stage::with(|options| options.has_audio = has_audio, Mode::Check);
        let mut facts = facts(10);
        change(&mut facts);
        stage.checked(&facts);
        stage.many(7, Outcome::NotAttempted, "");
        stage.many(3, Outcome::Rejected, "");
        unchecked(&stage.finish(None).unwrap())
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
