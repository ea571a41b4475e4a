//! Records beside what the API would get of them: how a mapping is tried.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use comfy_table::Cell;

use super::screen::{Screen, TextStyle};
use super::table::Grid;
use crate::domain::Problem;
use crate::domain::call::{Draft, Field, Value};
use crate::domain::redact;
use crate::events::Outcome;
use crate::mapping::{CallMapping, LoadError, MappedCall, MappingFile};
use crate::pipeline::{Action, DecidedBatch, Decision, OpenedFile};
use crate::report::format::{counted, safe, shorten, wrapped};
use crate::source::Record;
use crate::targets::{CallJob, CaseJob};

/// Lines of a cell before it is cut.
const LINES: usize = 3;
/// Bytes of a cell that are kept until it is shown.
const KEPT: usize = 4096;

/// Gathers the first records that are not left out.
#[derive(Debug)]
pub struct MappingTrial {
    mapping: MappingFile,
    wanted: usize,
    shown: Vec<Try>,
    left_out: BTreeMap<String, u64>,
    reading: String,
    unused: Vec<String>,
}

/// One record.
#[derive(Debug)]
struct Try {
    place: String,
    fate: String,
    verdict: TrialVerdict,
    rows: Vec<[String; 3]>,
    problems: Vec<Problem>,
}

/// What would become of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TrialVerdict {
    Sent,
    /// Nothing is wrong with it, but it waits.
    Held,
    NotSent,
}

impl MappingTrial {
    /// Waits for so many records of this mapping.
    pub fn new(mapping: MappingFile, wanted: usize) -> Self {
        MappingTrial {
            mapping,
            wanted,
            shown: Vec::new(),
            left_out: BTreeMap::new(),
            reading: String::new(),
            unused: Vec::new(),
        }
    }

    /// Takes what was decided of calls; breaks off when there is enough.
    ///
    /// # Errors
    /// When the mapping does not fit the export.
    pub fn take_calls(
        &mut self,
        decided: &DecidedBatch<CallJob>,
    ) -> Result<ControlFlow<()>, LoadError> {
        self.open(decided.opened.as_ref());
        let profile = CallMapping::bind(&self.mapping, decided.batch.sheet())?;
        let decisions = decided.batch.iter().zip(&decided.decisions);
        for (index, (record, decision)) in decisions.enumerate() {
            if self.shown.len() >= self.wanted {
                return Ok(ControlFlow::Break(()));
            }
            let before = self.shown.len();
            self.one(&profile, &record, decision);
            let found = decided.matched.iter().find(|(at, _)| *at == index);
            if let (Some((_, found)), Some(shown)) = (found, self.shown.get_mut(before)) {
                let how = format!("found: {}", found.grade.name());
                let row = ["recording".to_owned(), how, found.recording.clone()];
                shown.rows.push(row);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The same of cases. A case is shown once, as the API would get it, whatever records tell it.
    pub fn take_cases(&mut self, decided: &DecidedBatch<CaseJob>) -> ControlFlow<()> {
        self.open(decided.opened.as_ref());
        for (record, decision) in decided.batch.iter().zip(&decided.decisions) {
            if self.shown.len() >= self.wanted {
                return ControlFlow::Break(());
            }
            let (fate, verdict, rows) = match decision.action() {
                Action::Send(job) => ("can be sent".to_owned(), TrialVerdict::Sent, case_rows(job)),
                Action::Finished(Outcome::Skipped, rule) => {
                    *self.left_out.entry(rule.to_string()).or_default() += 1;
                    continue;
                }
                Action::Finished(outcome, detail) => {
                    let fate = finished(*outcome, detail);
                    (fate, TrialVerdict::NotSent, Vec::new())
                }
                _ => continue,
            };
            self.shown.push(Try {
                place: record.location().to_string(),
                fate,
                verdict,
                rows: rows.into_iter().map(|cells| cells.map(beginning)).collect(),
                problems: decision.problems().to_vec(),
            });
        }
        ControlFlow::Continue(())
    }

    fn open(&mut self, opened: Option<&OpenedFile>) {
        if let Some(opened) = opened {
            self.reading = format!("{} as: {}", opened.sheet.file, opened.sheet.reading);
            self.unused.clone_from(&opened.unused);
        }
    }

    fn one(&mut self, profile: &CallMapping, record: &Record<'_>, decision: &Decision<CallJob>) {
        let mut draft = Draft::new();
        let mapped = profile.evaluate(record, &mut draft, &mut Vec::new());
        if let MappedCall::Skipped(rule) = mapped {
            *self.left_out.entry(rule.to_owned()).or_default() += 1;
            return;
        }
        let (fate, verdict) = match decision.action() {
            Action::WithLead | Action::WithJob | Action::PutAside => return,
            Action::Send(_) | Action::Ready => ("can be sent".to_owned(), TrialVerdict::Sent),
            Action::Noted(noted) if noted.outcome == Outcome::Held => {
                (format!("held: {}", noted.detail), TrialVerdict::Held)
            }
            Action::Noted(noted) => (finished(noted.outcome, noted.detail), TrialVerdict::NotSent),
            Action::Finished(outcome, detail) => {
                (finished(*outcome, detail), TrialVerdict::NotSent)
            }
        };
        let rows = Field::ALL.into_iter().filter_map(|field| {
            let sent = match decision.action() {
                Action::Send(job) => job.call.get(field),
                _ => draft.get(field),
            };
            row(field, profile, record, &draft.get(field), &sent)
        });
        self.shown.push(Try {
            place: record.location().to_string(),
            fate,
            verdict,
            rows: rows.map(|cells| cells.map(beginning)).collect(),
            problems: decision.problems().to_vec(),
        });
    }

    /// Shows the records, and whether all of them can be sent, now or once what they wait for is there.
    pub fn show(&self, screen: &mut Screen) -> bool {
        screen.notice(&format!("reading {}", safe(&self.reading)));
        let ink = |is_good| {
            if is_good {
                TextStyle::Strong
            } else {
                TextStyle::Bad
            }
        };
        for one in &self.shown {
            screen.result("");
            let fate = screen.paint(ink(one.verdict != TrialVerdict::NotSent), &safe(&one.fate));
            screen.result(&format!("{}: {fate}", safe(&one.place)));
            // Borders and blanks take ten columns.
            let room = usize::from(screen.width()).max(60) - 10 - 23;
            let mut grid = Grid::new(screen.color());
            grid.header(&["field", "the file says", "the API would get"]);
            for [field, says, gets] in &one.rows {
                let cell = |text: &str, part: usize| Cell::new(broken(&safe(text), part));
                grid.row(vec![
                    cell(field, 23),
                    cell(says, room * 3 / 5),
                    cell(gets, room * 2 / 5),
                ]);
            }
            for line in grid.lines(&[]) {
                screen.result(&line);
            }
            for problem in &one.problems {
                let head = screen.paint(ink(!problem.is_error()), problem.severity.name());
                let value = safe(&problem.value);
                let value = if value.is_empty() {
                    Cow::Borrowed("")
                } else {
                    format!(" ({})", shorten(&value, 40)).into()
                };
                let column = safe(&problem.column);
                let line = format!(
                    "  {head} {}: {column}{value}: {}",
                    problem.code,
                    safe(&problem.message)
                );
                for line in screen.folded(line) {
                    screen.result(&line);
                }
            }
        }
        self.ending(screen)
    }

    fn ending(&self, screen: &mut Screen) -> bool {
        let mut lines = Vec::new();
        if !self.left_out.is_empty() {
            let rules = self
                .left_out
                .iter()
                .map(|(rule, count)| format!("{count} {}", safe(rule)));
            lines.push(format!(
                "Left out by rule so far: {}.",
                rules.collect::<Vec<_>>().join(", ")
            ));
        }
        if !self.unused.is_empty() {
            lines.push(format!(
                "Columns that nothing uses: {}.",
                safe(&self.unused.join(", "))
            ));
        }
        let count = |verdict| {
            let some = self.shown.iter().filter(|one| one.verdict == verdict);
            u64::try_from(some.count()).unwrap_or(0)
        };
        let (sent, held) = (count(TrialVerdict::Sent), count(TrialVerdict::Held));
        let all = u64::try_from(self.shown.len()).unwrap_or(0);
        let waits = match held {
            0 => String::new(),
            1 => ", 1 is held".to_owned(),
            some => format!(", {some} are held"),
        };
        let records = counted(all, "record");
        lines.push(format!("{sent} of {records} can be sent{waits}."));
        screen.result("");
        for line in wrapped(&lines, screen.width()) {
            screen.result(&line);
        }
        sent + held == all
    }
}

/// As much of a cell as may be shown: records may be many megabytes long.
fn beginning(mut text: String) -> String {
    if text.len() > KEPT {
        text.truncate(redact::beginning(&text, KEPT).len());
        text.shrink_to_fit();
    }
    text
}

/// How a record ended of which nothing is sent.
fn finished(outcome: Outcome, detail: &str) -> String {
    format!("{outcome:?} {detail}").trim().to_lowercase()
}

/// A case and its messages, as they would be sent. Of what the file says nothing is shown: each
/// message has a place of its own there.
fn case_rows(shipment: &CaseJob) -> Vec<[String; 3]> {
    let case = &shipment.case;
    let row = |name: &str, text: &str| [name.to_owned(), String::new(), text.to_owned()];
    let mut rows = vec![
        row("caseUid", &case.uid),
        row("source", &case.source),
        row("created", &case.created),
        row("updated", &case.updated),
        row("subject", &case.subject),
    ];
    let optional = [
        ("inbox", &case.inbox),
        ("status", &case.status),
        ("priority", &case.priority),
    ];
    let filled = optional
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.as_ref()?)));
    rows.extend(filled.map(|(name, text)| row(name, text)));
    if !case.tags.is_empty() {
        rows.push(row("tags", &case.tags.join(", ")));
    }
    rows.extend(
        case.custom
            .iter()
            .map(|(name, text)| row(&format!("customFields.{name}"), text)),
    );
    rows.extend(shipment.messages.iter().map(|message| {
        let (direction, from) = (message.direction.name(), &message.from);
        let text = format!("{direction}, {}: {}", from.name, message.text);
        row(&format!("message {}", message.uid), &text)
    }));
    rows
}

/// The text on lines of at most `width` characters, broken between words where they are short enough, and
/// not on more than a few of them.
fn broken(text: &str, width: usize) -> String {
    let width = width.max(1);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_inclusive(' ') {
        let fits = |line: &String| line.chars().count() + word.trim_end().chars().count() <= width;
        match lines.last_mut() {
            Some(line) if fits(line) => line.push_str(word),
            _ => {
                let chars: Vec<char> = word.chars().collect();
                lines.extend(
                    chars
                        .chunks(width)
                        .map(|part| part.iter().collect::<String>()),
                );
            }
        }
    }
    if lines.len() > LINES {
        lines.truncate(LINES);
        if let Some(last) = lines.last_mut() {
            *last = format!(
                "{}…",
                shorten(last.trim_end(), width - 1).trim_end_matches('…')
            );
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n")
}

fn row(
    field: Field,
    profile: &CallMapping,
    record: &Record<'_>,
    own: &Value<'_>,
    sent: &Value<'_>,
) -> Option<[String; 3]> {
    let cells = profile.cells_of(field, record);
    if cells.is_empty() && matches!(sent, Value::Absent) {
        return None;
    }
    let says: Vec<String> = cells
        .iter()
        .map(|(name, text)| format!("{name}: {text}"))
        .collect();
    let says = match own {
        Value::Absent if !matches!(sent, Value::Absent) => "(another row of the call)".to_owned(),
        _ if says.is_empty() => "(the mapping itself)".to_owned(),
        _ => says.join("; "),
    };
    Some([field.name().to_owned(), says, shown(sent)])
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Absent => "–".to_owned(),
        Value::Broken => "✗ nothing: see below".to_owned(),
        Value::Text(text) | Value::Number(text) => text.to_string(),
        Value::Time(text, _) if text.ends_with('Z') => text.to_string(),
        Value::Time(text, at) => format!("{text} = {at}"),
        Value::Bool(flag) => flag.to_string(),
        Value::Labels(labels) => labels.join(" | "),
        Value::Segments(segments) => counted(u64::try_from(segments.len()).unwrap_or(0), "segment"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_breaks_between_words_and_ends_with_a_mark_where_it_is_cut() {
        assert_eq!(broken("Direction: Inbound", 12), "Direction:\nInbound");
        assert_eq!(broken("abcdefghij", 4), "abcd\nefgh\nij");
        assert_eq!(broken("", 4), "");
        let cut = broken("one two three four five six seven", 6);
        assert_eq!(cut, "one\ntwo\nthree…");
    }
}
