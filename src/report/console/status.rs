//! Where a migration stands, as a table or as JSON.

use comfy_table::{Cell, Color as Paint};
use jiff::Timestamp;

use crate::report::Style;
use crate::report::console::screen::{Screen, TextStyle};
use crate::report::console::status_view::{StateWeight, StatusView};
use crate::report::console::table::Grid;
use crate::report::format::{bytes, clock, count, counted, often, safe, share, wrapped};
use crate::report::json::json;

/// Runs that are shown, the latest first.
const RUNS: usize = 10;
/// Kinds of failure that are shown.
const FAILURES: usize = 20;
/// Calls in doubt that are named.
const DOUBTS: usize = 10;

/// Shows where a migration stands.
pub fn print_status(screen: &mut Screen, view: &StatusView, style: Style) {
    match style {
        Style::Json => screen.result(&json(view)),
        Style::Human => {
            for line in lines(view, screen) {
                screen.result(&line);
            }
        }
    }
}

fn lines(view: &StatusView, screen: &Screen) -> Vec<String> {
    let mut lines = vec![format!("Ledger: {}", safe(&view.ledger))];
    let destination = view.destination.as_deref();
    lines.push(format!(
        "Destination: {}",
        safe(destination.unwrap_or("none yet"))
    ));
    if let Some(holder) = &view.held_by {
        lines.push(format!("A run is going on: {}", safe(holder)));
    }
    lines.extend(states(view, screen));
    lines.extend(wrapped(&work(view), screen.width()));
    lines.extend(failures(view, screen));
    lines.extend(runs(view, screen));
    lines.extend(doubts(view, screen));
    lines.extend(resent(view, screen));
    lines.push(String::new());
    lines.extend(wrapped(&[conclusion(view)], screen.width()));
    lines
}

pub(super) fn states(view: &StatusView, screen: &Screen) -> Vec<String> {
    let all = total(view);
    let mut grid = Grid::new(screen.color());
    for state in &view.states {
        let paint = match state.weight {
            StateWeight::Done => Paint::Green,
            StateWeight::Open => Paint::Yellow,
            StateWeight::Stuck if state.calls > 0 => Paint::Red,
            StateWeight::Stuck => Paint::Reset,
        };
        grid.row(vec![
            Cell::new(safe(&state.name)).fg(paint),
            Cell::new(count(state.calls)),
            Cell::new(share(state.calls, all)),
        ]);
    }
    grid.row(vec![
        Cell::new(format!("= {}s known", noun(view))),
        Cell::new(count(all)),
        Cell::new(share(all, all)),
    ]);
    let mut lines = vec![String::new()];
    lines.extend(grid.lines_with_sum(&[1, 2]));
    if view.bytes > 0 {
        lines.push(format!("{} of recordings in place.", bytes(view.bytes)));
    }
    if view.messages > 0 {
        lines.push(format!("{} in place.", counted(view.messages, "message")));
    }
    lines
}

/// How far the last run came, in a sentence or two.
fn work(view: &StatusView) -> Vec<String> {
    let Some(work) = &view.work else {
        return Vec::new();
    };
    let parts = [
        (work.in_place, "in place"),
        (work.left_out, "left out"),
        (work.held, "held"),
        (work.rejected, "rejected"),
        (work.failed, "failed"),
        (work.not_attempted, "not attempted"),
        (work.other_shards.unwrap_or(0), "of other shards"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, name)| format!("{} {name}", count(*number)))
        .collect();
    let about = if work.total_is_estimate { "about " } else { "" };
    let when = match work.counted_at {
        Some(at) if is_unfinished(view) => format!(" (counted at {} UTC)", second(at)),
        _ => String::new(),
    };
    let mut lines = vec![format!(
        "Run {} of {about}{}: {}{when}.",
        work.run,
        counted(work.total, "record"),
        parts.join(", "),
    )];
    if let (Some(to_send), true) = (work.to_send, view.held_by.is_some()) {
        let pace = work.calls_per_second.unwrap_or(0.0);
        let left = match work.seconds_left {
            Some(seconds) => format!(", about {} left", clock(seconds)),
            None => String::new(),
        };
        lines.push(format!(
            "{} to send, at {pace:.1} calls/s{left}.",
            counted(to_send, noun(view))
        ));
    }
    lines
}

/// Whether the last run goes on, or was killed.
fn is_unfinished(view: &StatusView) -> bool {
    let last = view.runs.iter().max_by_key(|run| run.number);
    last.is_some_and(|run| run.ended.is_none())
}

pub(super) fn failures(view: &StatusView, screen: &Screen) -> Vec<String> {
    if view.failures.is_empty() {
        return Vec::new();
    }
    let mut lines = title(screen, "What is not in place, and why");
    for failure in view.failures.iter().take(FAILURES) {
        lines.push(format!(
            "  {:<22} {} (as {})",
            safe(&failure.code),
            counted(failure.calls, noun(view)),
            safe(&failure.example),
        ));
        lines.push(format!("          {}", safe(&failure.message)));
    }
    lines.extend(more(view.failures.len(), FAILURES, "kinds of failure"));
    lines
}

fn runs(view: &StatusView, screen: &Screen) -> Vec<String> {
    if view.runs.is_empty() {
        return Vec::new();
    }
    let mut grid = Grid::new(screen.color());
    grid.header(&[
        "run",
        "started (UTC)",
        "took",
        "read",
        "created",
        "rejected",
        "failed",
        "ending",
    ]);
    for run in view.runs.iter().take(RUNS) {
        let took = run.ended.map_or_else(
            || "–".to_owned(),
            |ended| clock(ended.duration_since(run.started).as_secs_f64()),
        );
        grid.row(vec![
            Cell::new(run.number),
            Cell::new(minute(run.started)),
            Cell::new(took),
            Cell::new(known(run.read)),
            Cell::new(known(run.created)),
            Cell::new(known(run.rejected)),
            Cell::new(known(run.failed)),
            Cell::new(safe(&run.ending)),
        ]);
    }
    let mut lines = title(screen, "Runs");
    lines.extend(grid.lines(&[0, 2, 3, 4, 5, 6]));
    // Runs are numbered from 1, and a ledger hands over the latest.
    let all = view.runs.iter().map(|run| run.number).max().unwrap_or(0);
    let all = usize::try_from(all).unwrap_or(usize::MAX);
    lines.extend(more(all, view.runs.len().min(RUNS), "earlier runs"));
    lines
}

fn doubts(view: &StatusView, screen: &Screen) -> Vec<String> {
    if view.in_doubt.is_empty() {
        return Vec::new();
    }
    let mut lines = title(screen, "In doubt: sent, but no answer was kept");
    for doubt in view.in_doubt.iter().take(DOUBTS) {
        lines.push(format!("  {}", safe(&doubt.identity)));
    }
    let named = view.in_doubt.len().min(DOUBTS);
    let all = usize::try_from(view.doubts).unwrap_or(usize::MAX);
    lines.extend(more(all, named, &format!("{}s", noun(view))));
    lines
}

fn resent(view: &StatusView, screen: &Screen) -> Vec<String> {
    if view.resent.is_empty() {
        return Vec::new();
    }
    let mut lines = title(
        screen,
        "Sent again in doubt (upload-in-doubt): these recordings may be there twice",
    );
    for resent in view.resent.iter().take(DOUBTS) {
        let times = often(resent.times);
        lines.push(format!("  {}, sent again {times}", safe(&resent.identity)));
    }
    lines.extend(more(
        view.resent.len(),
        DOUBTS,
        "calls: `report` lists all of them in problems.csv",
    ));
    lines
}

fn conclusion(view: &StatusView) -> String {
    let of = |weight: StateWeight| -> u64 {
        let states = view.states.iter();
        states
            .filter(|state| state.weight == weight)
            .map(|state| state.calls)
            .sum()
    };
    let (open, stuck) = (of(StateWeight::Open), of(StateWeight::Stuck));
    let rest = not_in_place(view);
    let left = match (open, stuck) {
        (0, 0) => 0,
        _ => open.max(left_by_run(view)),
    };
    match (left, stuck) {
        (_, 0) if view.held_by.is_some() => {
            "A run is going on, and these are the counts of now.".to_owned()
        }
        _ if is_unfinished(view) && view.held_by.is_none() => format!(
            "The last run did not come to its end{}: run the same command again.",
            rest.map_or_else(String::new, |rest| format!(", {rest}"))
        ),
        (0, 0) if rest.is_some() => format!(
            "Not everything is in place: {}. {}",
            rest.unwrap_or_default(),
            next(view)
        ),
        _ if total(view) == 0 => "Nothing was sent yet.".to_owned(),
        (0, 0) => "Everything that is known is in place.".to_owned(),
        (_, 0) => format!(
            "{} left{}: run the import again to go on.",
            counted(left, noun(view)),
            and(rest)
        ),
        (0, _) => format!(
            "{} somebody's attention{}: `report` writes the list.",
            need(stuck, view),
            and(rest)
        ),
        _ => format!(
            "{} left and {} somebody's attention{}: run the import again, and `report` writes the \
             list.",
            counted(left, noun(view)),
            need(stuck, view),
            and(rest)
        ),
    }
}

/// What the last run has left for the next one. Conversations without their recording and calls in doubt are
/// among what it has not attempted, and so are calls that an earlier run holds.
fn left_by_run(view: &StatusView) -> u64 {
    let work = view.work.as_ref();
    work.map_or(0, |work| work.not_attempted + work.held)
}

/// What the last run left behind that no state of the ledger tells: it keeps neither what was rejected nor
/// what was never tried.
fn not_in_place(view: &StatusView) -> Option<String> {
    let work = view.work.as_ref()?;
    let about = if work.total_is_estimate { "about " } else { "" };
    let total = format!("{about}{}", counted(work.total, "record"));
    match (work.not_attempted, work.rejected) {
        (0, 0) => None,
        (0, rejected) => Some(format!("{} of {total} rejected", count(rejected))),
        (left, 0) => Some(format!("{about}{} of {total} not attempted", count(left))),
        (left, rejected) => Some(format!(
            "{about}{} of {total} not attempted and {} rejected",
            count(left),
            count(rejected)
        )),
    }
}

/// What to do about it.
fn next(view: &StatusView) -> &'static str {
    let work = view.work.as_ref();
    let (left, rejected) = work.map_or((0, 0), |work| (work.not_attempted, work.rejected));
    match (left, rejected) {
        (0, _) => "Correct rejected.csv and feed it in.",
        (_, 0) => "Run the same command again.",
        _ => "Run the same command again, correct rejected.csv and feed it in.",
    }
}

fn and(rest: Option<String>) -> String {
    rest.map_or_else(String::new, |rest| format!(" ({rest})"))
}

/// What is counted.
fn noun(view: &StatusView) -> &str {
    if view.noun.is_empty() {
        "call"
    } else {
        view.noun
    }
}

fn need(calls: u64, view: &StatusView) -> String {
    let verb = if calls == 1 { "needs" } else { "need" };
    format!("{} {verb}", counted(calls, noun(view)))
}

fn total(view: &StatusView) -> u64 {
    view.states.iter().map(|state| state.calls).sum()
}

fn title(screen: &Screen, text: &str) -> Vec<String> {
    vec![String::new(), screen.paint(TextStyle::Strong, text)]
}

fn more(all: usize, shown: usize, what: &str) -> Option<String> {
    (all > shown).then(|| format!("  and {} more {what}", all - shown))
}

/// A count, where it is known.
fn known(number: Option<u64>) -> String {
    number.map_or_else(|| "–".to_owned(), count)
}

fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::console::status_view::{
        DoubtView, FailureView, ResentView, RunView, StateView,
    };
    use crate::report::test_support::Buffer;

    fn view() -> StatusView {
        let state = |name: &str, weight, calls| StateView {
            name: name.to_owned(),
            weight,
            calls,
        };
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        StatusView {
            noun: "call",
            messages: 0,
            ledger: "capturi-import.db".to_owned(),
            destination: Some("https://api.example.com (v2)".to_owned()),
            held_by: Some("process 4711 on host \u{1b}[2J".to_owned()),
            states: vec![
                state("in place", StateWeight::Done, 1_200),
                state("waiting for its recording", StateWeight::Open, 3),
                state("refused", StateWeight::Stuck, 1),
            ],
            failures: vec![FailureView {
                code: "server-refused".to_owned(),
                message: "400: agentEmail is unknown".to_owned(),
                held_since: None,
                calls: 1,
                example: "call/7".to_owned(),
            }],
            work: None,
            runs: vec![RunView {
                number: 12,
                started: time("2024-03-15T08:00:00Z"),
                ended: Some(time("2024-03-15T09:01:05Z")),
                ending: "complete".to_owned(),
                read: Some(1_204),
                created: Some(1_200),
                rejected: Some(0),
                failed: Some(1),
            }],
            doubts: 8,
            in_doubt: vec![DoubtView {
                identity: "call/9".to_owned(),
            }],
            resent: (1..=12)
                .map(|number| ResentView {
                    identity: format!("call/{number}"),
                    times: number,
                })
                .collect(),
            bytes: 5_000_000,
        }
    }

    #[test]
    fn of_a_run_that_was_killed_no_counts_are_told() {
        let mut view = view();
        let run = &mut view.runs[0];
        run.ended = None;
        (run.read, run.created, run.rejected, run.failed) = (None, None, None, None);
        let results = Buffer::default();
        let mut screen = Screen::to(results.clone(), std::io::sink());
        print_status(&mut screen, &view, Style::Human);
        let text = results.text();
        let row = text
            .lines()
            .find(|line| line.starts_with("│  12 │"))
            .unwrap();
        assert_eq!(row.matches('–').count(), 5, "{row}");
    }

    #[test]
    fn the_status_in_full() {
        let results = Buffer::default();
        let mut screen = Screen::to(results.clone(), std::io::sink());
        print_status(&mut screen, &view(), Style::Human);
        insta::assert_snapshot!(results.text(), @r"
        Ledger: capturi-import.db
        Destination: https://api.example.com (v2)
        A run is going on: process 4711 on host <U+001B>[2J

        ┌───────────────────────────┬───────┬─────────┐
        │ in place                  │ 1,200 │  99.7 % │
        │ waiting for its recording │     3 │   0.2 % │
        │ refused                   │     1 │ < 0.1 % │
        ├───────────────────────────┼───────┼─────────┤
        │ = calls known             │ 1,204 │ 100.0 % │
        └───────────────────────────┴───────┴─────────┘
        5.0 MB of recordings in place.

        What is not in place, and why
          server-refused         1 call (as call/7)
                  400: agentEmail is unknown

        Runs
        ┌─────┬──────────────────┬─────────┬───────┬─────────┬──────────┬────────┬──────────┐
        │ run │ started (UTC)    │    took │  read │ created │ rejected │ failed │ ending   │
        ├─────┼──────────────────┼─────────┼───────┼─────────┼──────────┼────────┼──────────┤
        │  12 │ 2024-03-15 08:00 │ 1:01:05 │ 1,204 │   1,200 │        0 │      1 │ complete │
        └─────┴──────────────────┴─────────┴───────┴─────────┴──────────┴────────┴──────────┘
          and 11 more earlier runs

        In doubt: sent, but no answer was kept
          call/9
          and 7 more calls

        Sent again in doubt (upload-in-doubt): these recordings may be there twice
          call/1, sent again once
          call/2, sent again 2 times
          call/3, sent again 3 times
          call/4, sent again 4 times
          call/5, sent again 5 times
          call/6, sent again 6 times
          call/7, sent again 7 times
          call/8, sent again 8 times
          call/9, sent again 9 times
          call/10, sent again 10 times
          and 2 more calls: `report` lists all of them in problems.csv

        3 calls left and 1 call needs somebody's attention: run the import again, and `report` writes the
          list.
        ");
    }

    #[test]
    fn json_is_one_line_that_holds_everything() {
        let results = Buffer::default();
        let mut screen = Screen::to(results.clone(), std::io::sink());
        print_status(&mut screen, &view(), Style::Json);
        let text = results.text();
        assert_eq!(text.lines().count(), 1);
        assert!(!text.contains('\u{1b}'));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["states"][0]["weight"], "done");
        assert_eq!(json["failures"][0]["calls"], 1);
    }

    #[test]
    fn an_empty_ledger_says_so() {
        let results = Buffer::default();
        let mut screen = Screen::to(results.clone(), std::io::sink());
        print_status(&mut screen, &StatusView::default(), Style::Human);
        assert!(results.text().ends_with("Nothing was sent yet.\n"));
    }
}
