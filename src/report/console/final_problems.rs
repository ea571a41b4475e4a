//! The problems at the end of a run, by kind.

use crate::domain::{Code, Severity};
use crate::report::RunSummary;
use crate::report::console::screen::{Screen, TextStyle, paint};
use crate::report::example_text::{extent, location, with_ids};
use crate::report::format::{count, safe, shorten};
use crate::report::problem_groups::{Example, ProblemGroup};

/// Characters of a message.
const MESSAGE: usize = 160;

/// The problems of each kind, with examples and what to do.
pub(in crate::report) fn problems(summary: &RunSummary, screen: &Screen) -> Vec<String> {
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
            let locations = examples.iter().map(|example| location(example));
            let locations = locations.collect::<Vec<_>>().join(", ");
            match locations.as_str() {
                // It is about the export and not about a place in it.
                "" => format!("{message}{}", with_ids(&examples)),
                locations => format!(
                    "{locations}: {}{}",
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
