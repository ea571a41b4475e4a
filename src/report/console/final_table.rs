//! The text at the end of a run: one table whose outcomes add up, then what stands behind it.

use comfy_table::{Cell, Color as Paint};

use crate::events::Outcome;
use crate::report::advice::{self, fault};
use crate::report::console::final_facts::facts;
use crate::report::console::final_problems::problems;
use crate::report::console::screen::{Color, Screen, TextStyle, paint};
use crate::report::console::table::Grid;
use crate::report::format::{self, count, counted, safe, share, wrapped};
use crate::report::{Mode, RunSummary};

/// Reasons that are shown of one outcome.
const REASONS: usize = 3;

/// The lines; a brief ending has only the table and what to do.
pub(in crate::report) fn lines(
    summary: &RunSummary,
    is_brief: bool,
    screen: &Screen,
) -> Vec<String> {
    let color = screen.color();
    let mut lines = vec![String::new()];
    lines.extend(table(summary, color));
    if let Some(fault) = fault(summary) {
        lines.push(paint(color, TextStyle::Bad, &fault));
    }
    if !is_brief {
        lines.extend(problems(summary, screen));
        let facts = facts(summary);
        if !facts.is_empty() {
            lines.push(String::new());
            lines.extend(wrapped(&facts, screen.width()));
        }
    }
    lines.push(String::new());
    lines.extend(wrapped(&advice::advise(summary), screen.width()));
    lines
}

fn table(summary: &RunSummary, color: Color) -> Vec<String> {
    let mut grid = Grid::new(color);
    let tally = &summary.tally;
    for outcome in Outcome::ALL {
        let number = tally.of(outcome);
        if number > 0 || outcome == usual(summary.mode) {
            let name = format::outcome(outcome, summary.mode);
            grid.row(row(
                Cell::new(name).fg(paint_of(outcome)),
                number,
                tally.read,
                &reasons(summary, outcome),
            ));
        }
    }
    if !summary.is_accounted_for() {
        let difference = tally.read.abs_diff(tally.accounted());
        let name = if tally.read > tally.accounted() {
            "NOT ACCOUNTED FOR"
        } else {
            "COUNTED TWICE"
        };
        let name = Cell::new(name).fg(Paint::Red);
        grid.row(row(name, difference, tally.read, ""));
    }
    let total = Cell::new("= records read");
    grid.row(row(total, tally.read, tally.read, &files_read(summary)));
    grid.lines_with_sum(&[1, 2])
}

fn row(name: Cell, number: u64, read: u64, remark: &str) -> Vec<Cell> {
    vec![
        name,
        Cell::new(count(number)),
        Cell::new(share(number, read)),
        Cell::new(remark),
    ]
}

/// The outcome that is shown even when no record has it.
fn usual(mode: Mode) -> Outcome {
    match mode {
        Mode::Run | Mode::Rehearsal => Outcome::Created,
        Mode::Check | Mode::DryRun => Outcome::NotAttempted,
    }
}

fn paint_of(outcome: Outcome) -> Paint {
    match outcome {
        Outcome::Created | Outcome::AlreadyThere => Paint::Green,
        Outcome::Held => Paint::Yellow,
        Outcome::Rejected | Outcome::Failed => Paint::Red,
        Outcome::Skipped | Outcome::NotAttempted | Outcome::OtherShard => Paint::Reset,
    }
}

fn reasons(summary: &RunSummary, outcome: Outcome) -> String {
    let mut reasons: Vec<(&str, u64)> = summary
        .details
        .iter()
        .filter(|((of, _), _)| *of == outcome)
        .map(|((_, detail), number)| (detail.as_str(), *number))
        .collect();
    reasons.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let more = reasons.len().saturating_sub(REASONS);
    let mut texts: Vec<String> = reasons
        .iter()
        .take(REASONS)
        .map(|(detail, number)| format!("{} {}", count(*number), safe(detail)))
        .collect();
    if more > 0 {
        texts.push(format!("{more} more reasons"));
    }
    texts.join(", ")
}

fn files_read(summary: &RunSummary) -> String {
    let time = format::clock(summary.seconds);
    format!("{} in {time}", counted(summary.sheets, "file"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;
    use crate::events::{Event, StopReason};
    use crate::report::test_support::{Stage, facts, problem, sheet};

    /// The text but for the cures, whose wording is not ours.
    fn without_cures(stage: &Stage) -> String {
        let lines = stage.results.lines().into_iter();
        let lines: Vec<String> = lines.filter(|line| !line.contains('→')).collect();
        lines.join("\n").trim().to_owned()
    }

    #[test]
    fn the_end_of_a_check_in_full() {
        let mut stage = Stage::with(|_| {}, Mode::Check);
        let names = ["id".to_owned(), "not\u{1b}es".to_owned()];
        stage.event(&Event::Opened {
            sheet: &sheet("calls.csv", &["id"]),
            unused: &names[1..],
            sources: &[],
        });
        let mut facts = facts(58);
        facts.records = 60;
        facts.unknown_length = 2;
        facts.consent.absent = 4;
        stage.checked(&facts);
        stage.many(55, Outcome::NotAttempted, "");
        stage.many(2, Outcome::Skipped, "repeat");
        for line in [17, 18, 19] {
            let bad = problem(Code::BadTime, line).at("when", "secret");
            stage.ended(line, &["1"], Outcome::Rejected, &[bad]);
        }
        stage.pass(3);
        stage.finish(None).unwrap();
        insta::assert_snapshot!(without_cures(&stage), @r"
        ┌────────────────┬────┬─────────┬───────────────────┐
        │ left out       │  2 │   3.3 % │ 2 repeat          │
        │ rejected       │  3 │   5.0 % │                   │
        │ to send        │ 55 │  91.7 % │                   │
        ├────────────────┼────┼─────────┼───────────────────┤
        │ = records read │ 60 │ 100.0 % │ 1 file in 0:00:03 │
        └────────────────┴────┴─────────┴───────────────────┘

        Problems
          error   bad-time               3 records (5.0 %)
                  calls.csv:17 when, calls.csv:18 when, calls.csv:19 when: is no good

        Recordings: 58 for 58 calls, 58.0 MB, 1:27:00 of audio; not checked: the length of 2.
        Consent: 58 yes, 0 no, 4 not stated (the destination then assumes consent).
        Not checked: the recordings of 2 records with other faults.
        Columns that nothing uses: not<U+001B>es.
        Targets that nothing fills: labels, status, hasConsent, audioChannels, salesPersonAudioChannel,
          teamId, teamName, conversationSegments, customProp1–10, customNumberProp1–10.
        A run sends 116 requests and 58.0 MB of recordings: 0:00:06 at 20 requests/s, if the line is fast
          enough.

        3 records were rejected: add --out DIR to get them as a file to correct.
        55 of 60 records can be sent (2 are left out, 3 are rejected): replace `check` by `run` to send
          them.
        ");
    }

    #[test]
    fn problems_are_broken_between_words_on_a_terminal_only() {
        let mut stage = Stage::with(|_| {}, Mode::Check);
        stage.opened(&sheet("calls.csv", &["id"]));
        let long = "a message of many words that is longer than a terminal is wide, by far";
        let mut bad = problem(Code::BadTime, 17).at("when", "secret");
        bad.message = long.into();
        bad.name_record("F-007");
        stage.ended(17, &["1"], Outcome::Rejected, &[bad]);
        let summary = stage.finish(None).unwrap();
        let shown = |screen: &Screen| problems(&summary, screen);
        let plain = Screen::to(std::io::sink(), std::io::sink());
        let whole = format!("          calls.csv:17 when: {long} (id F-007)");
        assert!(shown(&plain).contains(&whole), "{:?}", shown(&plain));
        let lines = shown(&plain.on_terminal(60));
        assert!(
            lines.iter().all(|line| line.chars().count() <= 60),
            "{lines:?}"
        );
        let told: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
        assert!(told.join(" ").contains(whole.trim()), "{lines:?}");
    }

    #[test]
    fn the_end_of_a_run_in_full() {
        let mut stage = Stage::with(|_| {}, Mode::Run);
        stage.opened(&sheet("calls.csv", &["id"]));
        stage.checked(&facts(60));
        stage.many(50, Outcome::Created, "");
        stage.many(5, Outcome::AlreadyThere, "adopted");
        stage.many(2, Outcome::Held, "");
        stage.many(3, Outcome::NotAttempted, "");
        stage.event(&Event::Stopping {
            stop: StopReason::GaveUp,
            why: "5 refusals in a row",
        });
        stage.finish(Some(StopReason::GaveUp)).unwrap();
        insta::assert_snapshot!(without_cures(&stage), @r"
        ┌────────────────┬────┬─────────┬───────────────────┐
        │ created        │ 50 │  83.3 % │                   │
        │ already there  │  5 │   8.3 % │ 5 adopted         │
        │ held           │  2 │   3.3 % │                   │
        │ not attempted  │  3 │   5.0 % │                   │
        ├────────────────┼────┼─────────┼───────────────────┤
        │ = records read │ 60 │ 100.0 % │ 1 file in 0:00:00 │
        └────────────────┴────┴─────────┴───────────────────┘

        Recordings: 60 for 60 calls, 60.0 MB, 1:30:00 of audio.
        Consent: 60 yes, 0 no, 0 not stated.
        Targets that nothing fills: labels, status, hasConsent, audioChannels, salesPersonAudioChannel,
          teamId, teamName, conversationSegments, customProp1–10, customNumberProp1–10.
        Delivered: 0 conversations and 0 recordings, 0 B.

        2 records wait for their recordings: put them below the audio folder and run the same command again.
        Gave up (5 refusals in a row). 3 records were read but not finished. Correct the cause, then run the
          same command again to resume.
        ");
    }

    #[test]
    fn a_sum_that_is_wrong_is_said_loudly() {
        let mut stage = Stage::with(|options| options.is_quiet = true, Mode::Run);
        stage.checked(&facts(60));
        stage.many(59, Outcome::Created, "");
        let summary = stage.finish(None).unwrap();
        assert!(!summary.is_accounted_for());
        let text = stage.results.text();
        assert!(text.contains("NOT ACCOUNTED FOR"), "{text}");
        assert!(
            text.contains("FAULT OF THE PROGRAM: 60 records read but 59"),
            "{text}"
        );
    }
}
