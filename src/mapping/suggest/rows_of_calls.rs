//! Whether several records may be rows of one call.
//!
//! Sent as a call each, the legs of a transfer would be as many conversations, each with the whole
//! recording. Only a person knows which of two ids is meant, so both are written down.

use std::collections::{HashMap, HashSet};

use super::expressions::quoted;
use super::known_names;
use super::name_rank::{folded, last_step, words};
use super::proposal::ProposalDraft;
use super::survey::Surveyed;

/// Shorter ids without a letter may as well be seconds, counts or extensions.
const SHORT: usize = 4;
/// Words in names of ids that records of one call share.
const SHARED: &[&str] = &[
    "call",
    "conversation",
    "interaction",
    "session",
    "correlation",
    "opkald",
    "opkalds",
    "samtale",
    "samtal",
    "anruf",
    "vorgang",
];
/// The same as one word.
const ONE_WORD: &[&str] = &["linkedid", "callid", "sessionid", "conversationid"];

/// Why a person must say which rows are one call, and how the id would be written then; nothing where
/// each record seems to be a call.
pub(super) fn rows_of_calls(
    draft: &ProposalDraft<'_>,
    identity: usize,
) -> Option<(String, Vec<String>)> {
    let ids: HashSet<&str> = texts(&draft.survey.columns[identity]).collect();
    let mut columns = draft.survey.columns.iter().enumerate();
    let (_, shared) = columns.find(|(at, column)| {
        let is_other = *at != identity && !column.is_nested && column.filled > 1;
        is_other && (is_shared(column) || is_pointer(column, &draft.survey.columns[identity], &ids))
    })?;
    let why = format!(
        "records that share `{}` may be rows of one call: keep a row for each call (`[source.skip]`), or gather \
         them (`[legs]`, docs/mapping.md), else each row becomes a call",
        shared.name
    );
    let others = if is_shared(shared) {
        vec![quoted(&shared.name)]
    } else {
        Vec::new()
    };
    Some((why, others))
}

/// Whether a column is named as the id of a call, and several records have the same.
fn is_shared(column: &Surveyed) -> bool {
    let name = last_step(&column.name);
    let of_call = words(name)
        .iter()
        .any(|word| SHARED.contains(&word.as_str()));
    let is_id = known_names::is_id(name) && of_call || ONE_WORD.contains(&folded(name).as_str());
    is_id && column.repeats() > 0 && column.values.iter().all(|value| may_be_an_id(value))
}

/// Whether a value may be an id, if nothing else says so: long enough not to be a count, with a digit,
/// and no clock, address or sentence.
pub(super) fn may_be_an_id(value: &str) -> bool {
    let value = value.trim();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let is_long = digits > SHORT || digits > 0 && value.contains(char::is_alphabetic);
    is_long && !value.contains([':', ' ', ',', '@'])
}

/// Whether a column names other records by their ids, as a leg names the call it came from.
fn is_pointer(column: &Surveyed, identity: &Surveyed, ids: &HashSet<&str>) -> bool {
    let own: HashMap<usize, &str> = identity
        .cells
        .iter()
        .map(|(record, text)| (*record, text.trim()))
        .collect();
    let is_id = |text: &str| text.len() > 2 && ids.contains(text);
    let mut to_others = 0;
    for (record, text) in &column.cells {
        let text = text.trim();
        if own.get(record) == Some(&text) || text == "0" {
            continue;
        }
        if !is_id(text) {
            return false;
        }
        to_others += 1;
    }
    to_others > 0 && known_names::is_id_like(&column.name)
}

fn texts(column: &Surveyed) -> impl Iterator<Item = &str> {
    column.cells.iter().map(|(_, text)| text.trim())
}
