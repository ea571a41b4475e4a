//! Problems of one kind in words, for the screen and the page: how many, where, of which records.

use std::sync::Arc;

use crate::domain::Location;
use crate::report::RunSummary;
use crate::report::format::{count, counted, safe, share};
use crate::report::problem_groups::{Example, ProblemGroup};

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

/// `file:line (record number) column`, as far as each is known.
pub(in crate::report) fn location(example: &Example) -> String {
    let location = Location {
        file: Arc::clone(&example.file),
        line: example.line,
        record: example.record,
    };
    let mut location = safe(&location.to_string()).into_owned();
    if !example.column.is_empty() {
        location = format!("{location} {}", safe(&example.column));
    }
    location
}
