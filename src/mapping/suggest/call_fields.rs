//! When a call was, and with whom.

use std::collections::BTreeSet;

use super::column_profile::{self, ColumnProfile};
use super::expressions::{literal, quoted};
use super::known_names;
use super::name_rank::is_whole;
use super::proposal::ProposalDraft;
use super::survey::Surveyed;
use crate::domain::call::Field;

/// Fewer records prove nothing by what they share.
const FEW: usize = 5;

/// The time, in one column or in a day and a clock. When the record was made or changed comes last,
/// and what cannot be read is named all the same.
pub(super) fn date_time(draft: &mut ProposalDraft<'_>) {
    let names = known_names::of(Field::DateTime);
    let is_time =
        |column: &Surveyed, shape: &ColumnProfile| shape.times.is_some() && !column.is_nested;
    let of_call = |column: &Surveyed, shape: &ColumnProfile| {
        is_time(column, shape) && !known_names::is_time_of_record(&column.name)
    };
    if let Some(at) = draft.find(&names, of_call) {
        let check = doubts_of_time(draft, at);
        draft.proposal.used.insert(at);
        return times(draft, at, check);
    }
    if day_and_clock(draft) {
        return;
    }
    if let Some(at) = draft.find(&names, is_time) {
        let check = doubts_of_time(draft, at);
        draft.proposal.used.insert(at);
        return times(draft, at, check);
    }
    let is_named = |column: &Surveyed, shape: &ColumnProfile| {
        let is_whole = is_whole(&column.name, &names);
        is_whole && !column.is_nested && !column.values.is_empty() && !shape.is_duration
    };
    let is_free = |shape: &ColumnProfile| shape.times.is_none();
    let has_times = draft.shapes.iter().any(|shape| !is_free(shape));
    if !has_times && let Some(at) = draft.find(&names, is_named) {
        draft.proposal.used.insert(at);
        let example = draft.survey.columns[at].examples().first();
        let example = example.map_or("", String::as_str);
        let check = format!(
            "no time format that is tried reads `{example}`: say it in `formats` (docs/mapping.md), \
             and the zone"
        );
        draft.rule(Field::DateTime, quoted(draft.name(at)), Some(check));
    }
}

/// What to look at where the export has several times.
fn doubts_of_time(draft: &ProposalDraft<'_>, at: usize) -> Option<String> {
    let name = draft.name(at);
    let others = others(draft, at, |column, shape| {
        shape.times.is_some() && !column.is_nested
    });
    if known_names::is_time_of_record(name) {
        return Some(
            "its name says when the record was made or changed: is that when the call began?"
                .to_owned(),
        );
    }
    (!known_names::is_time_of_call(name) && !others.is_empty())
        .then(|| format!("{others} hold times, too: which of them is when the call began?"))
}

/// The names of other columns that pass a test, the first few; empty when there are none.
fn others(
    draft: &ProposalDraft<'_>,
    at: usize,
    test: impl Fn(&Surveyed, &ColumnProfile) -> bool,
) -> String {
    const SHOWN: usize = 5;
    let columns = draft.survey.columns.iter().zip(&draft.shapes).enumerate();
    let others = columns.filter(|(other, (column, shape))| {
        let is_free = *other != at && !draft.proposal.used.contains(other);
        is_free && !column.values.is_empty() && test(column, shape)
    });
    let names: Vec<&str> = others
        .map(|(_, (column, _))| column.name.as_str())
        .collect();
    let more = if names.len() > SHOWN { " and more" } else { "" };
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>();
    format!("{}{more}", shown.join(", "))
}

/// The times of a column, as they are written.
pub(super) fn times(draft: &mut ProposalDraft<'_>, at: usize, check: Option<String>) {
    let Some(times) = draft.shapes[at].times.clone() else {
        return;
    };
    let name = quoted(draft.name(at));
    let toml = if times.format == "iso" {
        name
    } else {
        format!("{{ from = {name}, formats = [{}] }}", quoted(times.format))
    };
    let also = (!times.also.is_empty())
        .then(|| format!("the values could as well be {}", times.also.join(" or ")));
    let doubts: Vec<String> = also.into_iter().chain(check).collect();
    let check = (!doubts.is_empty()).then(|| doubts.join("; "));
    draft.rule(Field::DateTime, toml, check);
    if !times.has_offset {
        draft.need("timezone", "the times have no offset");
    }
}

/// The same of two columns; whether there are such.
fn day_and_clock(draft: &mut ProposalDraft<'_>) -> bool {
    let day = draft.find(&known_names::of(Field::DateTime), |column, _| {
        !column.is_nested && column_profile::days(&column.values).is_some()
    });
    let clock = draft.find(known_names::CLOCKS, |column, _| {
        !column.is_nested && column_profile::clocks(&column.values).is_some()
    });
    if let (Some(day), Some(clock)) = (day, clock)
        && let (Some(days), Some(clocks)) = (
            column_profile::days(&draft.survey.columns[day].values),
            column_profile::clocks(&draft.survey.columns[clock].values),
        )
    {
        draft.proposal.used.extend([day, clock]);
        let toml = format!(
            "{{ from = [{}, {}], formats = [{}] }}",
            quoted(draft.name(day)),
            quoted(draft.name(clock)),
            quoted(&format!("{days} {clocks}"))
        );
        let check = (days == "%d/%m/%Y").then(|| "is the day before the month?".to_owned());
        draft.rule(Field::DateTime, toml, check);
        draft.need("timezone", "the times have no offset");
        return true;
    }
    false
}

/// Who was called or called: by the direction where the export has both sides.
pub(super) fn customer(draft: &mut ProposalDraft<'_>) {
    let phone = |column: &Surveyed, shape: &ColumnProfile| shape.is_phone && !column.is_nested;
    let from = draft.find(known_names::CALLERS, phone);
    let to = draft.find(known_names::CALLED, phone);
    let direction = draft.find(known_names::DIRECTIONS, |column, _| {
        !column.is_nested && ways(column).is_some()
    });
    let sides = match (from, to) {
        (Some(from), Some(to)) => Some([from, to]),
        _ => None,
    };
    let found = if let (Some(sides), Some(direction)) = (sides, direction) {
        by_direction(draft, sides, direction);
        sides.to_vec()
    } else {
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
        let toml = format!("{{ from = {}, as = \"phone\" }}", quoted(draft.name(at)));
        let check = "by direction it may be another column: see `choose` in docs/mapping.md";
        let check = sides.map(|_| check.to_owned());
        let check = check.or_else(|| doubts_of_customer(draft, at));
        draft.rule(Field::Customer, toml, check);
        vec![at]
    };
    if found.iter().any(|at| draft.shapes[*at].lacks_country) {
        draft.need("region", "some phone numbers have no country code");
    }
    draft.proposal.used.extend(found);
}

/// What to look at where the export has several numbers.
fn doubts_of_customer(draft: &ProposalDraft<'_>, at: usize) -> Option<String> {
    let is_sure = known_names::is_of_customer(draft.name(at));
    let others = others(draft, at, |column, shape| {
        shape.is_phone && !column.is_nested
    });
    (!is_sure && !others.is_empty())
        .then(|| format!("{others} hold phone numbers, too: is this one the customer's?"))
}

fn by_direction(draft: &mut ProposalDraft<'_>, [from, to]: [usize; 2], direction: usize) {
    let way = draft.in_template(direction);
    let Some((inbound, outbound)) = ways(&draft.survey.columns[direction]) else {
        return;
    };
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
    let toml = format!("{{ as = \"phone\", choose = [\n{cases}] }}");
    let check = "the customer calls in, and is called on the way out".to_owned();
    draft.rule(Field::Customer, toml, Some(check));
}

/// The words for calls that come in and for calls that go out, when a column has nothing else and
/// both.
pub(super) fn ways(column: &Surveyed) -> Option<(Vec<String>, Vec<String>)> {
    let words: BTreeSet<String> = column
        .values
        .iter()
        .map(|value| value.trim().to_lowercase())
        .collect();
    let is_in = |word: &String| {
        let is_word = ["in", "ein", "entra", "ank"]
            .iter()
            .any(|start| word.starts_with(start));
        is_word && !word.starts_with("int")
    };
    let is_out = |word: &String| {
        ["out", "ud", "ut", "aus", "sort", "sal"]
            .iter()
            .any(|start| word.starts_with(start))
    };
    let inbound: Vec<String> = words.iter().filter(|word| is_in(word)).cloned().collect();
    let outbound: Vec<String> = words.iter().filter(|word| is_out(word)).cloned().collect();
    let is_split = !inbound.is_empty() && !outbound.is_empty();
    is_split.then_some((inbound, outbound))
}
