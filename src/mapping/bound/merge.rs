//! One draft of the rows of one call, by the `[legs]` of the mapping.

use serde_json::Value as Json;

use super::call::CallMapping;
use super::legs::Legs;
use super::ranking::{Rank, Ranking};
use crate::domain::call::{Draft, Field, Value};
use crate::domain::{Code, Problem};
use crate::mapping::file::legs::{LegOrder, LegRule};
use crate::mapping::value::duration::{Lengths, read_length};
use crate::mapping::value::number::Decimal;
use crate::source::Record;

/// A row of a call and what the mapping made of it.
#[derive(Debug)]
pub struct CallRow<'r> {
    /// The row.
    pub record: Record<'r>,
    /// Its fields.
    pub draft: Draft<'r>,
}

/// What became of the rows of a call.
#[derive(Debug)]
pub struct Merged<'r> {
    /// The fields of the call.
    pub draft: Draft<'r>,
    /// Position of the row that speaks for the agent, or else of the first row.
    pub lead: usize,
    /// Positions of the rows, in their order.
    pub order: Vec<usize>,
    /// A field that the call must have to be meant, and has not.
    pub lacks: Option<Field>,
}

/// The rows of a call in the orders in which they are asked.
struct LegOrders {
    first: Vec<usize>,
    last: Vec<usize>,
    longest: Vec<usize>,
}

impl LegOrders {
    fn of(&self, leg: LegRule) -> &[usize] {
        match leg {
            LegRule::First | LegRule::Sum | LegRule::Same | LegRule::Agent => &self.first,
            LegRule::Last => &self.last,
            LegRule::Longest => &self.longest,
        }
    }
}

impl<'r> Merged<'r> {
    /// Makes one draft of the rows of a call, which are at least one. Rows that contradict each
    /// other are a problem at the later one.
    pub fn of(
        mapping: &CallMapping,
        parts: &[CallRow<'r>],
        problems: &mut Vec<Problem>,
    ) -> Merged<'r> {
        let Some(legs) = mapping.legs() else {
            let draft = parts
                .first()
                .map(|part| part.draft.clone())
                .unwrap_or_default();
            return Merged {
                draft,
                lead: 0,
                order: (0..parts.len()).collect(),
                lacks: None,
            };
        };
        let orders = orders(legs, parts, problems);
        let says = |at: &&usize, field| parts[**at].draft.get(field) != Value::Absent;
        let speaker = |field: Field| {
            let order = orders.of(legs.fields[field.index()]);
            order.iter().find(|at| says(at, field)).copied()
        };
        let agent = speaker(Field::AgentId);
        let mut draft = Draft::new();
        for field in Field::ALL {
            let value = match legs.fields[field.index()] {
                LegRule::Agent if agent.is_some() => agent.map(|at| parts[at].draft.copied(field)),
                LegRule::Sum => sum(field, parts, &orders.first, problems),
                leg => {
                    if leg == LegRule::Same {
                        compare(mapping, field, parts, &orders.first, problems);
                    }
                    speaker(field).map(|at| parts[at].draft.copied(field))
                }
            };
            draft.set(field, value.unwrap_or_default());
        }
        let lacks = |field: &&Field| draft.get(**field) == Value::Absent;
        Merged {
            lead: agent.or(orders.first.first().copied()).unwrap_or(0),
            lacks: legs.requires.iter().find(lacks).copied(),
            order: orders.first,
            draft,
        }
    }
}

/// Reports the rows that say something else than the first that says anything.
fn compare(
    mapping: &CallMapping,
    field: Field,
    parts: &[CallRow<'_>],
    order: &[usize],
    problems: &mut Vec<Problem>,
) {
    let rows = order.iter().map(|at| &parts[*at]);
    let mut saying = rows.filter(|row| row.draft.get(field) != Value::Absent);
    let Some(first) = saying.next() else {
        return;
    };
    let wanted = first.draft.get(field);
    for part in saying {
        let value = part.draft.get(field);
        if value == wanted || value == Value::Broken {
            continue;
        }
        let other = first.record.location().within();
        let message = format!("another `{field}` than {other} of the same call");
        let shown = match &value {
            Value::Text(text) | Value::Number(text) | Value::Time(text, _) => text,
            Value::Bool(true) => "true",
            Value::Bool(false) => "false",
            _ => "",
        };
        problems.push(
            Problem::new(Code::LegsDisagree, part.record.location(), message)
                .at(mapping.column_for(field, &part.record), shown),
        );
    }
}

/// The exact sum of a number field. Durations and counts are never negative; a number that is, or
/// that has an exponent, is not added to others and makes the sum [`Value::Broken`].
fn sum<'r>(
    field: Field,
    parts: &[CallRow<'r>],
    order: &[usize],
    problems: &mut Vec<Problem>,
) -> Option<Value<'r>> {
    let said: Vec<&CallRow<'r>> = order
        .iter()
        .map(|at| &parts[*at])
        .filter(|part| !matches!(part.draft.get(field), Value::Absent | Value::Broken))
        .collect();
    if let [only] = said.as_slice() {
        return Some(only.draft.copied(field));
    }
    let mut total = None;
    for part in said {
        let Value::Number(number) = part.draft.get(field) else {
            return Some(part.draft.copied(field));
        };
        let number = Decimal::read(&number);
        total = match (total, number) {
            (None, number @ Some(_)) => number,
            (Some(total), Some(number)) => Decimal::plus(total, number),
            _ => None,
        };
        if total.is_none() {
            let message =
                format!("a number that cannot be added to those of other rows: `{field}`");
            problems.push(Problem::new(
                Code::BadNumber,
                part.record.location(),
                message,
            ));
            return Some(Value::Broken);
        }
    }
    total.map(|total| Value::Number(total.to_text().into()))
}

/// What [`LegRule::Longest`] and the order compare.
fn orders(legs: &Legs, parts: &[CallRow<'_>], problems: &mut Vec<Problem>) -> LegOrders {
    let mut first: Vec<usize> = (0..parts.len()).collect();
    match &legs.order {
        None => {}
        Some(LegOrder::Time) => {
            first.sort_by_key(|at| match parts[*at].draft.get(Field::DateTime) {
                Value::Time(_, time) => (false, time.as_nanosecond()),
                _ => (true, 0),
            });
        }
        Some(LegOrder::Column(ranking)) => {
            if let Some(ranks) = ranks(ranking, parts, problems) {
                first.sort_by(|one, other| ranks[*one].cmp(&ranks[*other]));
            }
        }
    }
    let lengths: Vec<u128> = parts
        .iter()
        .map(|part| length(legs, part, problems))
        .collect();
    let mut longest = first.clone();
    longest.sort_by_key(|at| std::cmp::Reverse(lengths[*at]));
    LegOrders {
        last: first.iter().rev().copied().collect(),
        first,
        longest,
    }
}

/// Where each row stands. Rows that say the same need no order; else all of them are numbers, or all are
/// times, and what is neither is a problem of its row.
fn ranks(
    ranking: &Ranking,
    parts: &[CallRow<'_>],
    problems: &mut Vec<Problem>,
) -> Option<Vec<Rank>> {
    let column = &ranking.named.column;
    let text = |part: &CallRow<'_>| part.record.text(column).unwrap_or_default().into_owned();
    let texts: Vec<String> = parts.iter().map(text).collect();
    if texts.iter().all(|text| *text == texts[0]) {
        return None;
    }
    let ranks: Vec<Option<Rank>> = parts
        .iter()
        .map(|part| ranking.rank(&part.record))
        .collect();
    let kind = ranks.iter().flatten().find(|rank| **rank != Rank::Nothing);
    let mut all = Vec::with_capacity(parts.len());
    for ((rank, part), text) in ranks.iter().zip(parts).zip(&texts) {
        match rank {
            Some(rank) if kind.is_none_or(|kind| kind.is_like(rank)) => all.push(rank.clone()),
            _ => {
                let message = "no number or no time, as the other rows have, so nobody knows which row \
                               is first: use order = { field = \"dateTime\" }";
                let problem = Problem::new(Code::LegsDisagree, part.record.location(), message);
                problems.push(problem.at(&ranking.named.name, text));
            }
        }
    }
    (all.len() == parts.len()).then_some(all)
}

/// Milliseconds of a row.
fn length(legs: &Legs, part: &CallRow<'_>, problems: &mut Vec<Problem>) -> u128 {
    let Some(named) = &legs.length else {
        return 0;
    };
    let text = part.record.text(&named.column).unwrap_or_default();
    if text.trim().is_empty() {
        return 0;
    }
    let is_certain = matches!(part.record.json(&named.column), Some(Json::Number(_)));
    let seconds = read_length(&text, Lengths::default(), is_certain);
    let milliseconds = seconds.and_then(|text| thousandths(&text));
    milliseconds.unwrap_or_else(|| {
        let message = "no duration, so nobody can say which row of the call is the longest";
        problems.push(
            Problem::new(Code::BadDuration, part.record.location(), message).at(&named.name, &text),
        );
        0
    })
}

fn thousandths(text: &str) -> Option<u128> {
    let thousand = Decimal::read(text)?.times(1000)?.to_thousandths();
    let text = thousand.to_text();
    text.split('.').next()?.parse().ok()
}
