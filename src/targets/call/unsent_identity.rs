//! Id and party of a record that is no call, as far as they are certain.

use xxhash_rust::xxh3::xxh3_64;

use super::proposal::CallProposal;
use crate::domain::call::{Field, Value};
use crate::domain::{Code, Party, Problem};
use crate::events::Outcome;
use crate::mapping::CallMapping;
use crate::pipeline::{Action, RecordKey};
use crate::source::{Batch, Record};

/// The id of a rejected record, where nothing is wrong with that: its cells stand in their columns, and
/// a spreadsheet has not touched it.
pub(in crate::targets) fn sure_id(
    mapping: &CallMapping,
    record: &Record<'_>,
    problems: &[Problem],
) -> Option<String> {
    if record.problems().any(Problem::is_error) {
        return None;
    }
    match mapping.id(record) {
        (column, Value::Text(id)) => {
            let is_of_id = |problem: &Problem| problem.is_error() && *problem.column == *column;
            (!problems.iter().any(is_of_id)).then(|| id.into_owned())
        }
        _ => None,
    }
}

/// With whom and when a record that is no call would have been one, where it says both and neither is wrong.
pub(in crate::targets) fn party_of(
    mapping: &CallMapping,
    record: &Record<'_>,
    problems: &[Problem],
) -> Party {
    let text = |field| {
        let column = mapping.column_for(field, record);
        let is_of_it = |problem: &Problem| problem.is_error() && *problem.column == *column;
        let text = mapping.text_of(field, record);
        (!text.is_empty() && !problems.iter().any(is_of_it)).then_some(text)
    };
    match (text(Field::Customer), text(Field::DateTime)) {
        (Some(customer), Some(time)) => Party::of(&customer, &time),
        _ => Party::default(),
    }
}

/// Names the records of which no call is sent, for the copies of them in older files.
pub(in crate::targets) fn note_unsent(
    mapping: &CallMapping,
    batch: &Batch,
    items: &mut [CallProposal],
) {
    for (index, item) in items.iter_mut().enumerate() {
        let is_left_out = match item.action {
            _ if item.key.is_some() => continue,
            Action::Finished(Outcome::Rejected | Outcome::AlreadyThere, _) => false,
            Action::Finished(Outcome::Skipped, _)
                if !item.has(Code::TrailingRow) && !item.has(Code::RepeatedRecord) =>
            {
                true
            }
            _ => continue,
        };
        let problems = &item.problems;
        if problems.iter().any(|problem| mapping.doubts_id(problem)) {
            continue;
        }
        let record = batch.get(index);
        let Some(id) = sure_id(mapping, &record, problems) else {
            continue;
        };
        let known = if is_left_out { &[] } else { &problems[..] };
        item.key = Some(RecordKey::Unsent {
            identity: xxh3_64(id.as_bytes()),
            party: party_of(mapping, &record, known),
            is_left_out,
        });
    }
}
