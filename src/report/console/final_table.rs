//! The text at the end of a run: one table whose outcomes add up, then what stands behind it.

use std::collections::BTreeMap;
use std::sync::Arc;

use comfy_table::{Cell, Color as Paint};

use crate::domain::call::Field;
use crate::domain::{Code, Place, Severity};
use crate::events::Outcome;
use crate::report::advice::{self, fault};
use crate::report::console::screen::{Color, Screen, TextStyle, paint};
use crate::report::console::table::Grid;
use crate::report::coverage::of_recordings;
use crate::report::format::{self, count, counted, safe, share, shorten, wrapped};
use crate::report::problem_groups::{Example, ProblemGroup};
use crate::report::{Mode, RunSummary};

/// Names that are listed on one line before it is cut.
const LISTED: usize = 12;
/// Characters of a message.
const MESSAGE: usize = 160;
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
        Outcome::Skipped | Outcome::NotAttempted => Paint::Reset,
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

fn problems(summary: &RunSummary, screen: &Screen) -> Vec<String> {
    let color = screen.color();
    if summary.groups.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), paint(color, TextStyle::Strong, "Problems")];
    for group in &summary.groups {
        let ink = match group.severity {
            Severity::Error => TextStyle::Bad,
            Severity::Warning => TextStyle::Warning,
            Severity::Note => TextStyle::Faint,
        };
        let severity = paint(color, ink, &format!("{:<7}", group.severity.name()));
        let code = paint(
            color,
            TextStyle::Strong,
            &format!("{:<22}", group.code.name()),
        );
        lines.push(format!("  {severity} {code} {}", extent(group, summary)));
        let mut below = examples(group);
        below.extend(more_files(group));
        below.extend(missing(group));
        below.extend(group.listed.map(|listed| {
            let listed = count(listed);
            format!("problems.csv lists the first {listed} of them")
        }));
        if !group.cure.is_empty() {
            below.push(format!("→ {}", group.cure));
        }
        let below = below.into_iter().map(|line| format!("          {line}"));
        lines.extend(below.flat_map(|line| screen.folded(line)));
    }
    lines
}

/// How many problems in how many records.
pub(in crate::report) fn extent(group: &ProblemGroup, summary: &RunSummary) -> String {
    let read = summary.tally.read;
    if group.records == 0 {
        return count(group.problems);
    }
    let records = format!(
        "{} ({})",
        counted(group.records, "record"),
        share(group.records, read)
    );
    if group.problems == group.records {
        records
    } else {
        format!("{} in {records}", count(group.problems))
    }
}

/// One line for each message, with the places where it was seen, and the ids of the records there.
fn examples(group: &ProblemGroup) -> Vec<String> {
    let mut by_message: Vec<(&str, Vec<&Example>)> = Vec::new();
    for example in &group.examples {
        match by_message
            .iter_mut()
            .find(|(message, _)| *message == &*example.message)
        {
            Some((_, examples)) => examples.push(example),
            None => by_message.push((&example.message, vec![example])),
        }
    }
    by_message
        .into_iter()
        .map(|(message, examples)| {
            let message = safe(message);
            let places = examples.iter().map(|example| place(example));
            let places = places.collect::<Vec<_>>().join(", ");
            match places.as_str() {
                // It is about the export and not about a place in it.
                "" => format!("{message}{}", with_ids(&examples)),
                places => format!(
                    "{places}: {}{}",
                    shorten(&message, MESSAGE),
                    with_ids(&examples)
                ),
            }
        })
        .collect()
}

/// How many files were not read beside those that are named.
fn more_files(group: &ProblemGroup) -> Option<String> {
    let named = u64::try_from(group.examples.len()).unwrap_or(u64::MAX);
    let more = group.problems.saturating_sub(named);
    let is_of_files = group.code == Code::FileNotRead && more > 0;
    is_of_files.then(|| format!("and {} more such problems", count(more)))
}

/// The ids of the records of some examples: ` (id F-1)`, ` (ids F-1, F-2)`; nothing where there are none.
pub(in crate::report) fn with_ids(examples: &[&Example]) -> String {
    let mut ids: Vec<&str> = examples.iter().map(|example| &*example.id).collect();
    ids.dedup();
    ids.retain(|id| !id.is_empty());
    match ids.as_slice() {
        [] => String::new(),
        [id] => format!(" (id {})", safe(id)),
        ids => format!(" (ids {})", safe(&ids.join(", "))),
    }
}

/// The keys that a table lacks, with how often each is asked for: usually a few people are behind many
/// records.
fn missing(group: &ProblemGroup) -> Option<String> {
    const SHOWN: usize = 8;
    let keys = &group.missing.keys;
    if keys.is_empty() {
        return None;
    }
    let shown = keys.iter().take(SHOWN);
    let shown = shown.map(|(key, times)| {
        let key = safe(key);
        format!("{} ({}×)", shorten(&key, MESSAGE), count(*times))
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    let rest = u64::try_from(keys.len().saturating_sub(SHOWN)).unwrap_or(u64::MAX);
    let rest = match (rest, group.missing.is_cut) {
        (0, _) => String::new(),
        (rest, false) => format!(" and {} more", count(rest)),
        (rest, true) => format!(" and more than {} others", count(rest)),
    };
    Some(format!("missing: {shown}{rest}"))
}

/// `file:line (record number) column`, as far as each is known.
pub(in crate::report) fn place(example: &Example) -> String {
    let place = Place {
        file: Arc::clone(&example.file),
        line: example.line,
        record: example.record,
    };
    let mut place = safe(&place.to_string()).into_owned();
    if !example.column.is_empty() {
        place = format!("{place} {}", safe(&example.column));
    }
    place
}

fn facts(summary: &RunSummary) -> Vec<String> {
    let facts = &summary.facts;
    let mut lines = Vec::new();
    if facts.calls > 0 {
        lines.push(recordings(summary));
        let consent = facts.consent;
        // Otherwise the number is on the screen already.
        let among = if facts.open == facts.calls {
            String::new()
        } else {
            format!(" in all {}, to send or not", counted(facts.calls, "record"))
        };
        lines.push(format!(
            "Consent{among}: {} yes, {} no, {} not stated{}.",
            count(consent.yes),
            count(consent.no),
            count(consent.absent),
            if consent.absent > 0 {
                " (the destination then assumes consent)"
            } else {
                ""
            }
        ));
    }
    if facts.cases > 0 {
        lines.push(cases(summary));
    }
    if summary.has_audio && !summary.mode.sends() {
        let open = of_recordings(summary);
        if !open.is_empty() {
            lines.push(format!("Not checked: {}.", open.join("; ")));
        }
    }
    if !summary.unused.is_empty() {
        let columns = unused(&summary.unused, summary.sheets);
        lines.push(format!("Columns that nothing uses: {columns}."));
    }
    let unfilled: Vec<Field> = summary.unfilled().collect();
    if !unfilled.is_empty() {
        let fields = grouped(&unfilled).join(", ");
        lines.push(format!("Targets that nothing fills: {fields}."));
    }
    lines.extend(team_ids(summary));
    lines.extend(delivered(summary));
    match summary.mode {
        Mode::Check | Mode::DryRun if facts.calls + facts.cases > 0 => {
            lines.push(summary.estimate.sentence());
        }
        _ => {}
    }
    if !summary.files.is_empty() {
        let files: Vec<String> = summary
            .files
            .iter()
            .map(|file| safe(&file.to_string_lossy()).into_owned())
            .collect();
        lines.push(format!("Written: {}.", files.join(", ")));
    }
    lines
}

fn recordings(summary: &RunSummary) -> String {
    let facts = &summary.facts;
    if !summary.has_audio {
        return "Recordings: none were looked for, since no --audio folder was named.".to_owned();
    }
    let found = format!(
        "Recordings: {}{} for {}",
        count(facts.recordings),
        by_grade(facts.by_grade),
        if facts.open == facts.calls {
            counted(facts.calls, "call")
        } else {
            format!("{} to send", counted(facts.open, "call"))
        },
    );
    match facts.unknown_length {
        _ if facts.recordings == 0 && summary.mode.sends() => {
            "Recordings: none left to send.".to_owned()
        }
        _ if facts.recordings == 0 => format!("{found}."),
        // A run does not look into recordings; a check has.
        unknown if unknown == facts.recordings => {
            format!("{found}, {}.", format::bytes(facts.bytes))
        }
        unknown => format!(
            "{found}, {}, {} of audio{}.",
            format::bytes(facts.bytes),
            format::clock(facts.seconds),
            match unknown {
                0 => String::new(),
                _ => format!("; not checked: the length of {}", count(unknown)),
            }
        ),
    }
}

/// One page of v2 has `teamId` and the other does not, so it may go nowhere. v3 says so of each call.
fn team_ids(summary: &RunSummary) -> Option<String> {
    let targets = summary.targets.iter();
    let mut filled = targets.filter(|target| target.field == Field::TeamId && target.filled > 0);
    let calls = filled.next()?.filled;
    let mut groups = summary.groups.iter();
    let is_told = groups.any(|group| group.code == Code::NotInVersion);
    (matches!(summary.mode, Mode::Check | Mode::DryRun) && !is_told).then(|| {
        format!(
            "teamId ({}): Capturi may not take it. teamName names the team under every version.",
            counted(calls, "call")
        )
    })
}

/// How the recordings were found, where not all of them have the whole name.
fn by_grade(counts: [u64; 3]) -> String {
    let [_, pattern, inexact] = counts;
    if pattern + inexact == 0 {
        return String::new();
    }
    let names = ["exact", "by pattern", "inexact"];
    let parts = names.iter().zip(counts).filter(|(_, number)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(name, number)| format!("{} {name}", count(number)))
        .collect();
    format!(" ({})", parts.join(", "))
}

fn cases(summary: &RunSummary) -> String {
    let facts = &summary.facts;
    let left_out = match facts.left_out {
        0 => String::new(),
        number => format!("; {} left out", counted(number, "message")),
    };
    format!(
        "Cases: {} with {}{left_out}.",
        counted(facts.cases, "record"),
        counted(facts.messages, "message"),
    )
}

fn delivered(summary: &RunSummary) -> Vec<String> {
    if !summary.mode.sends() {
        return Vec::new();
    }
    let delivered = summary.deliveries;
    let first = if summary.facts.cases > 0 {
        format!(
            "Delivered: {} of new cases and messages.",
            counted(delivered.conversations, "record")
        )
    } else {
        format!(
            "Delivered: {} and {}, {}.",
            counted(delivered.conversations, "conversation"),
            counted(delivered.recordings, "recording"),
            format::bytes(delivered.bytes),
        )
    };
    let mut lines = vec![first];
    if summary.retries > 0 || summary.pauses.0 > 0 {
        lines.push(format!(
            "On the way: {} tried again, {} of {} in all.",
            counted(summary.retries, "request"),
            counted(summary.pauses.0, "pause"),
            format::clock(summary.pauses.1),
        ));
    }
    if let Some([set, lowest, last]) = summary.width {
        lines.push(format!(
            "Requests at once: {set} set, {lowest} at the least, {last} at the end; the server was \
             slow or asked for less.",
        ));
    }
    lines
}

fn unused(columns: &BTreeMap<String, u64>, sheets: u64) -> String {
    let names = columns.iter().map(|(name, files)| {
        let name = if name.is_empty() {
            "(no name)".into()
        } else {
            safe(name)
        };
        if *files == sheets {
            name.into_owned()
        } else {
            format!("{name} (in {})", counted(*files, "file"))
        }
    });
    let mut names: Vec<String> = names.collect();
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    let more = match more {
        0 => String::new(),
        _ => format!(" and {more} more"),
    };
    format!("{}{more}", names.join(", "))
}

/// Names of fields where a numbered row of them is one name: `customProp2–10`.
pub(in crate::report) fn grouped(fields: &[Field]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut index = 0;
    while index < fields.len() {
        let (stem, first) = numbered(fields[index]);
        let mut last = first;
        let mut next = index + 1;
        while let (Some(number), Some((same, following))) =
            (last, fields.get(next).map(|field| numbered(*field)))
        {
            if same != stem || following != Some(number + 1) {
                break;
            }
            last = following;
            next += 1;
        }
        let name = match (first, last) {
            (Some(first), Some(last)) if first < last => format!("{stem}{first}–{last}"),
            _ => fields[index].name().to_owned(),
        };
        names.push(if fields[index].is_required() {
            format!("{name} (required)")
        } else {
            name
        });
        index = next;
    }
    names
}

fn numbered(field: Field) -> (&'static str, Option<u8>) {
    let name = field.name();
    let stem = name.trim_end_matches(|char: char| char.is_ascii_digit());
    (stem, name[stem.len()..].parse().ok())
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
        Columns that nothing uses: not\u{1b}es.
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

    #[test]
    fn numbered_fields_are_one_name() {
        let fields = [
            Field::Subject,
            Field::CustomProp2,
            Field::CustomProp3,
            Field::CustomProp4,
            Field::CustomProp9,
            Field::CustomNumberProp10,
        ];
        assert_eq!(
            grouped(&fields),
            [
                "subject (required)",
                "customProp2–4",
                "customProp9",
                "customNumberProp10"
            ]
        );
    }
}
