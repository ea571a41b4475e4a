//! What a run or a check came to that reached its end, in a sentence.

use crate::domain::Severity;
use crate::events::Outcome;
use crate::report::RunSummary;
use crate::report::format::{are, count, counted, it_is, them, were};

/// Why records are left out of which another one is taken.
const COPIES: [&str; 3] = ["older copy", "repeat", "superseded"];

/// What a run came to that reached its end.
pub(super) fn ran(summary: &RunSummary) -> String {
    let tally = &summary.tally;
    let in_place = tally.of(Outcome::Created) + tally.of(Outcome::AlreadyThere);
    let skipped = tally.of(Outcome::Skipped);
    let left_out = left_out(summary);
    let unread = summary.unread_exports();
    let is_sound = unread == 0 && tally.faults + tally.unproved + tally.left_held == 0;
    if in_place + skipped == tally.own() && is_sound {
        let news = if tally.of(Outcome::Created) == 0 {
            "; there was nothing to create"
        } else {
            ""
        };
        let calls = counted(in_place, "record");
        return if in_place == 1 {
            format!("Everything is in place: {calls}{left_out}{news}.")
        } else {
            format!("Everything is in place: all {calls}{left_out}{news}.")
        };
    }
    let not_attempted = tally.of(Outcome::NotAttempted);
    let next = if not_attempted > 0 {
        format!(
            " {} not attempted: run the same command again to go on.",
            were(not_attempted, "record")
        )
    } else {
        String::new()
    };
    let unread = match unread {
        0 => String::new(),
        _ => format!(
            " {} not read: problems.csv names {} as file-not-read.",
            were(unread, "export"),
            them(unread)
        ),
    };
    format!(
        "{} of {} {} in place{left_out}.{next}{unread}",
        count(in_place),
        counted(tally.own(), "record"),
        if in_place == 1 { "is" } else { "are" },
    )
}

/// What was left out because somebody wanted it so, and what because another record stands for it.
fn left_out(summary: &RunSummary) -> String {
    let details = summary.details.iter();
    let copies: u64 = details
        .filter(|((outcome, why), _)| *outcome == Outcome::Skipped && COPIES.contains(&&**why))
        .map(|(_, number)| number)
        .sum();
    let others = summary.tally.of(Outcome::Skipped).saturating_sub(copies);
    let parts = [
        (others, "on purpose"),
        (copies, "(older copies and repeats)"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts = parts.map(|(number, why)| format!(", {} left out {why}", count(number)));
    parts.collect()
}

/// What a check came to, and what to do `next` to send.
pub(super) fn checked(summary: &RunSummary, next: &str) -> String {
    let tally = &summary.tally;
    let ready = tally.of(Outcome::NotAttempted);
    let records = counted(tally.own(), "record");
    let others = others(summary);
    if ready == 0 {
        let cannot = tally.of(Outcome::Rejected) + tally.of(Outcome::Held);
        return if cannot == tally.own() {
            format!("None of {records} can be sent as {}.", it_is(tally.own()))
        } else {
            format!("Nothing left to send of {records}: {others}.")
        };
    }
    let warnings = summary.problems(Severity::Warning);
    let look = if warnings > 0 {
        format!(" after a look at {}", counted(warnings, "warning"))
    } else {
        String::new()
    };
    let others = if others.is_empty() {
        others
    } else {
        format!(" ({others})")
    };
    format!(
        "{} of {records} can be sent{others}:{look} {next} {}.",
        count(ready),
        them(ready)
    )
}

/// What becomes of the records that are not to be sent, in the words of a run: `2 are in place, 1 is left
/// out`.
fn others(summary: &RunSummary) -> String {
    let tally = &summary.tally;
    let parts = [
        (Outcome::AlreadyThere, "in place"),
        (Outcome::Skipped, "left out"),
        (Outcome::Held, "held"),
        (Outcome::Rejected, "rejected"),
    ];
    let parts = parts
        .iter()
        .map(|(outcome, name)| (tally.of(*outcome), name));
    let parts = parts.filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, name)| format!("{} {name}", are(number)))
        .collect();
    parts.join(", ")
}
