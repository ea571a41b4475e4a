//! With whom a call was.

use std::collections::{BTreeSet, HashMap};

use super::call_side::{CallSide, call_side};
use super::column_profile::ColumnProfile;
use super::expressions::{literal, quoted};
use super::known_names;
use super::name_rank::{folded, last_step, words};
use super::proposal::ProposalDraft;
use super::survey::Surveyed;
use crate::domain::CallDirection;
use crate::domain::call::Field;

/// Fewer records prove nothing by what they share.
const FEW: usize = 5;
/// How many other columns are named.
const SHOWN: usize = 5;

/// Why the side of the customer is open.
const NO_DIRECTION: &str = "the caller's number and the called one, and no column says in known words who called \
                            whom: take one, or both by `choose` (docs/mapping.md)";

/// Whether the name of a column says that it is the agent's.
pub(super) fn is_told_agents(column: &Surveyed) -> bool {
    call_side(&column.name) == Some(CallSide::Agent)
}

/// Who was called or called: by the direction where the export has both sides. A person decides where
/// several numbers could be the customer's.
pub(super) fn customer(draft: &mut ProposalDraft<'_>) {
    let is_free = |column: &Surveyed, shape: &ColumnProfile| {
        let is_party = !is_told_agents(column) && !is_an_id(&column.name);
        !column.is_nested && is_party && shape.times.is_none()
    };
    let phone = |column: &Surveyed, shape: &ColumnProfile| shape.is_phone && is_free(column, shape);
    let party =
        |column: &Surveyed, shape: &ColumnProfile| is_free(column, shape) && shape.has_phone;
    let from = draft.find(known_names::CALLERS, party);
    let to = draft.find(known_names::CALLED, party);
    let direction = draft.find(known_names::DIRECTIONS, |column, _| {
        !column.is_nested && (ways(column).is_some() || one_way(column).is_some())
    });
    let sides = match (from, to) {
        (Some(from), Some(to)) if from != to => Some([from, to]),
        _ => None,
    };
    let names = known_names::of(Field::Customer);
    let is_sure = |column: &Surveyed, shape: &ColumnProfile| {
        party(column, shape) && known_names::is_of_customer(&column.name)
    };
    let sure = draft.find(&names, is_sure);
    match (sides, direction, sure) {
        (Some(sides), Some(direction), _) => return by_direction(draft, sides, direction),
        (Some([from, to]), None, None) => {
            number(draft, from, None);
            return customer_is_open(draft, &[to], NO_DIRECTION);
        }
        _ => {}
    }
    // A number that all records share is the own one.
    let records = draft.survey.records;
    let varies = |column: &Surveyed, shape: &ColumnProfile| {
        phone(column, shape) && (records < FEW || column.values.len() > 1)
    };
    let found = sure
        .or_else(|| draft.find(&names, varies))
        .or_else(|| draft.find(&names, phone));
    let Some(at) = found else {
        return;
    };
    let check = doubts_of_customer(draft, at);
    number(draft, at, check);
    doubt_number(draft, at);
}

/// Leaves the customer to the operator where other columns have other numbers, or all records the same.
pub(super) fn doubt_number(draft: &mut ProposalDraft<'_>, at: usize) {
    doubt_number_among(draft, at, |shape| shape.is_phone);
}

/// The same of a number that only its values speak for: any other column with a number may be meant.
pub(super) fn doubt_number_by_values(draft: &mut ProposalDraft<'_>, at: usize) {
    doubt_number_among(draft, at, |shape| shape.has_phone);
}

fn doubt_number_among(
    draft: &mut ProposalDraft<'_>,
    at: usize,
    is_number: impl Fn(&ColumnProfile) -> bool,
) {
    let column = &draft.survey.columns[at];
    let columns = draft.survey.columns.iter().zip(&draft.shapes).enumerate();
    let others: Vec<usize> = columns
        .filter(|(other, (column, shape))| {
            let is_phone = is_number(shape) && shape.times.is_none() && !column.is_nested;
            let is_own = column.values.len() < 2 && draft.survey.records > 1;
            let is_party = !is_told_agents(column) && !is_an_id(&column.name);
            is_phone && *other != at && !is_own && is_party
        })
        .filter(|(_, (other, _))| !are_same(column, other))
        .map(|(other, _)| other)
        .take(SHOWN)
        .collect();
    if draft.survey.records >= FEW && column.values.len() == 1 {
        customer_is_open(draft, &others, "all records have the same number");
    } else if !others.is_empty() && !known_names::is_of_customer(&column.name) {
        customer_is_open(draft, &others, "which is the customer's number?");
    }
}

fn customer_is_open(draft: &mut ProposalDraft<'_>, others: &[usize], why: &str) {
    let others: Vec<String> = others.iter().map(|at| number_of(draft, *at)).collect();
    draft.leave_open(Field::Customer, why, others);
}

/// Whether two columns have the same numbers, with or without a country code.
fn are_same(one: &Surveyed, other: &Surveyed) -> bool {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let known: HashMap<usize, String> = one
        .cells
        .iter()
        .map(|(record, text)| (*record, digits(text)))
        .collect();
    other.cells.iter().all(|(record, text)| {
        let text = digits(text);
        let is_same = |known: &String| known.ends_with(&text) || text.ends_with(known.as_str());
        known.get(record).is_some_and(is_same)
    })
}

/// Whether the name ends as ids do, and means no number that called.
pub(super) fn is_an_id(name: &str) -> bool {
    let last = words(last_step(name)).pop().unwrap_or_default();
    let is_id = ["id", "guid", "uuid", "sid"].contains(&last.as_str());
    is_id && !folded(name).ends_with("callerid")
}

/// Proposes a column as the number of the customer.
pub(super) fn number(draft: &mut ProposalDraft<'_>, at: usize, check: Option<String>) {
    let toml = number_of(draft, at);
    draft.column_rule(Field::Customer, at, toml, check);
}

/// The rule that takes a column as a number.
fn number_of(draft: &mut ProposalDraft<'_>, at: usize) -> String {
    let repair = repair(draft, &[at]);
    let name = quoted(draft.name(at));
    format!("{{ from = {name}{repair}, as = \"phone\" }}")
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
    let column = &draft.survey.columns[direction];
    let Some((inbound, outbound)) = ways(column).or_else(|| one_way(column)) else {
        return;
    };
    let repair = repair(draft, &[from, to]);
    let case = |words: &[String], column: usize| {
        if words.is_empty() {
            return String::new();
        }
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
    let (inbound, outbound) = words_of_ways(column);
    let is_split = !inbound.is_empty() && !outbound.is_empty();
    is_split.then_some((inbound, outbound))
}

/// The same of a column that is called a direction, in whose first records all calls go one way.
fn one_way(column: &Surveyed) -> Option<(Vec<String>, Vec<String>)> {
    let is_type = folded(&column.name).ends_with("type");
    let (inbound, outbound) = words_of_ways(column);
    let is_one = inbound.is_empty() != outbound.is_empty();
    (is_one && !is_type).then_some((inbound, outbound))
}

fn words_of_ways(column: &Surveyed) -> (Vec<String>, Vec<String>) {
    let words: BTreeSet<String> = column
        .values
        .iter()
        .map(|value| value.trim().to_lowercase())
        .collect();
    let of = |direction: CallDirection| {
        let is_it = |word: &&String| CallDirection::of_word(word) == Some(direction);
        words.iter().filter(is_it).cloned().collect::<Vec<String>>()
    };
    (of(CallDirection::Inbound), of(CallDirection::Outbound))
}
