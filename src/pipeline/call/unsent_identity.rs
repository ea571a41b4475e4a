//! Id and party of a record that is no call, as far as they are certain.

use crate::domain::call::{Field, Value};
use crate::domain::{Party, Problem};
use crate::mapping::CallMapping;
use crate::source::Record;

/// The id of a rejected record, where nothing is wrong with that: its cells stand in their columns, and
/// a spreadsheet has not touched it.
pub(in crate::pipeline) fn sure_id(
    profile: &CallMapping,
    record: &Record<'_>,
    problems: &[Problem],
) -> Option<String> {
    if record.problems().any(Problem::is_error) {
        return None;
    }
    match profile.id(record) {
        (column, Value::Text(id)) => {
            let is_of_id = |problem: &Problem| problem.is_error() && *problem.column == *column;
            (!problems.iter().any(is_of_id)).then(|| id.into_owned())
        }
        _ => None,
    }
}

/// With whom and when a record that is no call would have been one, where it says both and neither is wrong.
pub(in crate::pipeline) fn party_of(
    profile: &CallMapping,
    record: &Record<'_>,
    problems: &[Problem],
) -> Party {
    let text = |field| {
        let column = profile.column_for(field, record);
        let is_of_it = |problem: &Problem| problem.is_error() && *problem.column == *column;
        let text = profile.text_of(field, record);
        (!text.is_empty() && !problems.iter().any(is_of_it)).then_some(text)
    };
    match (text(Field::Customer), text(Field::DateTime)) {
        (Some(customer), Some(time)) => Party::of(&customer, &time),
        _ => Party::default(),
    }
}
