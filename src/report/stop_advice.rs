//! Why a run ended early, and how to go on.

use crate::events::{Outcome, StopReason};
use crate::report::format::{safe, were};
use crate::report::{Mode, RunSummary};

const AGAIN: &str = "Run the same command again to resume.";
const ANEW: &str = "Run the same command again: a rehearsal begins anew.";

/// Why a run ended early, and how to go on.
pub(super) fn stopped(stop: StopReason, why: &str, summary: &RunSummary) -> String {
    let because = if why.is_empty() || stop == StopReason::Interrupted {
        // The first words say it already.
        String::new()
    } else {
        format!(" ({})", safe(why).trim_end_matches('.'))
    };
    let again = match summary.mode {
        Mode::Rehearsal => ANEW,
        Mode::Run | Mode::Check | Mode::DryRun => AGAIN,
    };
    let next = match stop {
        StopReason::Limit | StopReason::Interrupted => again.to_owned(),
        StopReason::ExportBroken | StopReason::GaveUp => {
            format!("Correct the cause, then {}", lowered(again))
        }
        StopReason::WrongLedger => format!(
            "Nothing was sent for them.{} Name the right ledger with --ledger, or go on with --existing \
             adopt or --existing skip.",
            made_meanwhile(summary)
        ),
        StopReason::TokenRefused => {
            "No record is to blame. Put a valid token into CAPTURI_API_TOKEN or --token-file and \
             run the same command again."
                .to_owned()
        }
        StopReason::ReportLost | StopReason::LedgerLost => {
            let sent = match summary.mode {
                Mode::Run | Mode::Rehearsal => "Nothing was sent after that. ",
                Mode::Check | Mode::DryRun => "",
            };
            format!(
                "{sent}Make room or give back the right to write, then: {}",
                lowered(again)
            )
        }
    };
    let what = match stop {
        StopReason::Limit => "Stopped by a limit that you set",
        StopReason::Interrupted => "Interrupted",
        StopReason::ExportBroken => "The export could not be taken to its end",
        StopReason::GaveUp => "Gave up",
        StopReason::WrongLedger => "This ledger may be the wrong one",
        StopReason::TokenRefused => "The destination refused the token",
        StopReason::ReportLost => "A file of the report could not be written",
        StopReason::LedgerLost => "The ledger could not be written",
    };
    let left = summary.tally.of(Outcome::NotAttempted);
    let left = match (left, summary.mode) {
        (0, _) | (_, Mode::Check | Mode::DryRun) => String::new(),
        _ => format!(" {} read but not finished.", were(left, "record")),
    };
    format!("{what}{because}.{left} {next}")
}

/// What was sent before a run found that its ledger may be the wrong one.
fn made_meanwhile(summary: &RunSummary) -> String {
    let made = summary.tally.of(Outcome::Created);
    let half_done = (Outcome::NotAttempted, "half done".into());
    let half = summary.details.get(&half_done).copied().unwrap_or(0);
    let mut told = String::new();
    if made > 0 {
        told = format!(
            " {} new to the destination and {} sent.",
            were(made, "other record"),
            if made == 1 { "was" } else { "were" }
        );
    }
    if half > 0 {
        let it = if half == 1 { "its" } else { "their" };
        let half = were(half, "conversation");
        told = format!(
            "{told} {half} made whose recording is still missing: a run with this ledger sends {it} \
             recording."
        );
    }
    told
}

fn lowered(sentence: &str) -> String {
    let mut chars = sentence.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
