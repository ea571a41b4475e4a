//! With whom a call was.

use std::collections::BTreeSet;

use super::call_side::{CallSide, call_side};
use super::column_profile::ColumnProfile;
use super::expressions::{literal, quoted};
use super::known_names;
use super::proposal::ProposalDraft;
use super::survey::Surveyed;
use crate::domain::CallDirection;
use crate::domain::call::Field;

/// Fewer records prove nothing by what they share.
const FEW: usize = 5;
/// How many other columns are named.
const SHOWN: usize = 5;

/// Whether the name of a column says that it is the agent's.
pub(super) fn is_told_agents(column: &Surveyed) -> bool {
    call_side(&column.name) == Some(CallSide::Agent)
}

/// Who was called or called: by the direction where the export has both sides.
pub(super) fn customer(draft: &mut ProposalDraft<'_>) {
    let phone = |column: &Surveyed, shape: &ColumnProfile| {
        shape.is_phone && !column.is_nested && !is_told_agents(column)
    };
    let from = draft.find(known_names::CALLERS, phone);
    let to = draft.find(known_names::CALLED, phone);
    let direction = draft.find(known_names::DIRECTIONS, |column, _| {
        !column.is_nested && ways(column).is_some()
    });
    let sides = match (from, to) {
        (Some(from), Some(to)) if from != to => Some([from, to]),
        _ => None,
    };
    if let (Some(sides), Some(direction)) = (sides, direction) {
        return by_direction(draft, sides, direction);
    }
    // A number that all records share is the own one.
    let records = draft.survey.records;
    let varies = |column: &Surveyed, shape: &ColumnProfile| {
        phone(column, shape) && (records < FEW || column.values.len() > 1)
    };
    let names = known_names::of(Field::Customer);
    let found = draft
        .find(&names, varies)
        .or_else(|| draft.find(&names, phone));
    let Some(at) = found else {
        return;
    };
    let check = "by direction it may be another column: see `choose` in docs/mapping.md";
    let check = sides.map(|_| check.to_owned());
    let check = check.or_else(|| doubts_of_customer(draft, at));
    number(draft, at, check);
}

/// Proposes a column as the number of the customer.
pub(super) fn number(draft: &mut ProposalDraft<'_>, at: usize, check: Option<String>) {
    let repair = repair(draft, &[at]);
    let name = quoted(draft.name(at));
    let toml = format!("{{ from = {name}{repair}, as = \"phone\" }}");
    draft.column_rule(Field::Customer, at, toml, check);
}

/// The repair that the numbers of these columns need, and the country that is asked for.
fn repair(draft: &mut ProposalDraft<'_>, columns: &[usize]) -> &'static str {
    if columns.iter().any(|at| draft.shapes[*at].lacks_country) {
        draft.need("region", "some phone numbers have no country code");
    }
    let lacks_plus = columns.iter().any(|at| draft.shapes[*at].lacks_plus);
    if lacks_plus {
        ", repair = [\"plus\"]"
    } else {
        ""
    }
}

/// What to look at where the export has several numbers.
fn doubts_of_customer(draft: &ProposalDraft<'_>, at: usize) -> Option<String> {
    let is_sure = known_names::is_of_customer(draft.name(at));
    let others = draft.named_others(at, SHOWN, |column, shape| {
        shape.is_phone && !column.is_nested
    });
    let column = &draft.survey.columns[at];
    if draft.survey.records > 1 && column.values.len() == 1 {
        let value = &column.values[0];
        return Some(format!("all records have {value}: is it your own number?"));
    }
    match (is_sure, others.is_empty()) {
        (true, _) => None,
        (false, true) => Some("is this the customer's number on every call?".to_owned()),
        (false, false) => Some(format!(
            "is this the customer's number? Other numbers: {others}"
        )),
    }
}

fn by_direction(draft: &mut ProposalDraft<'_>, [from, to]: [usize; 2], direction: usize) {
    let way = draft.in_template(direction);
    let Some((inbound, outbound)) = ways(&draft.survey.columns[direction]) else {
        return;
    };
    let repair = repair(draft, &[from, to]);
    let case = |words: &[String], column: usize| {
        let words: Vec<String> = words.iter().map(|word| literal(word)).collect();
        let when = format!("{way} | trim | lower in [{}]", words.join(", "));
        format!(
            "    {{ when = {}, from = {} }},\n",
            quoted(&when),
            quoted(draft.name(column))
        )
    };
    let cases = case(&inbound, from) + &case(&outbound, to);
    let toml = format!("{{ as = \"phone\"{repair}, choose = [\n{cases}] }}");
    let check = "the customer calls in, and is called on the way out".to_owned();
    draft.columns_rule(Field::Customer, &[from, to], toml, Some(check));
}

/// The words for calls that come in and for calls that go out, when a column has nothing else and
/// both.
pub(super) fn ways(column: &Surveyed) -> Option<(Vec<String>, Vec<String>)> {
    let words: BTreeSet<String> = column
        .values
        .iter()
        .map(|value| value.trim().to_lowercase())
        .collect();
    let of = |direction: CallDirection| {
        let is_it = |word: &&String| CallDirection::of_word(word) == Some(direction);
        words.iter().filter(is_it).cloned().collect::<Vec<String>>()
    };
    let (inbound, outbound) = (of(CallDirection::Inbound), of(CallDirection::Outbound));
    let is_split = !inbound.is_empty() && !outbound.is_empty();
    is_split.then_some((inbound, outbound))
}
