//! When a call was, and with whom.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::expressions::{literal, quoted};
use super::names;
use super::shape::{self, Shape};
use super::survey::Surveyed;
use crate::call::Field;

impl Draft<'_> {
    /// The time, in one column or in a day and a clock.
    pub(super) fn date_time(&mut self) {
        let is_time = |column: &Surveyed, shape: &Shape| shape.times.is_some() && !column.is_nested;
        let column = self.find(&names::of(Field::DateTime), is_time);
        if let Some(at) = column {
            self.proposal.used.insert(at);
            return self.times(at, None);
        }
        self.day_and_clock();
    }

    /// The times of a column, as they are written.
    pub(super) fn times(&mut self, at: usize, check: Option<String>) {
        let Some(times) = self.shapes[at].times.clone() else {
            return;
        };
        let name = quoted(self.name(at));
        let toml = if times.format == "iso" {
            name
        } else {
            format!("{{ from = {name}, formats = [{}] }}", quoted(times.format))
        };
        let also = (!times.also.is_empty())
            .then(|| format!("the values could as well be {}", times.also.join(" or ")));
        self.rule(Field::DateTime, toml, also.or(check));
        if !times.has_offset {
            self.need("timezone", "the times have no offset");
        }
    }

    /// The same of two columns.
    fn day_and_clock(&mut self) {
        let day = self.find(&names::of(Field::DateTime), |column, _| {
            !column.is_nested && shape::days(&column.values).is_some()
        });
        let clock = self.find(names::CLOCKS, |column, _| {
            !column.is_nested && shape::clocks(&column.values).is_some()
        });
        if let (Some(day), Some(clock)) = (day, clock)
            && let (Some(days), Some(clocks)) = (
                shape::days(&self.survey.columns[day].values),
                shape::clocks(&self.survey.columns[clock].values),
            )
        {
            self.proposal.used.extend([day, clock]);
            let toml = format!(
                "{{ from = [{}, {}], formats = [{}] }}",
                quoted(self.name(day)),
                quoted(self.name(clock)),
                quoted(&format!("{days} {clocks}"))
            );
            let check = (days == "%d/%m/%Y").then(|| "is the day before the month?".to_owned());
            self.rule(Field::DateTime, toml, check);
            self.need("timezone", "the times have no offset");
        }
    }

    /// Who was called or called: by the direction where the export has both sides.
    pub(super) fn customer(&mut self) {
        let phone = |column: &Surveyed, shape: &Shape| shape.is_phone && !column.is_nested;
        let from = self.find(names::CALLERS, phone);
        let to = self.find(names::CALLED, phone);
        let direction = self.find(names::DIRECTIONS, |column, _| {
            !column.is_nested && ways(column).is_some()
        });
        let sides = match (from, to) {
            (Some(from), Some(to)) => Some([from, to]),
            _ => None,
        };
        let found = if let (Some(sides), Some(direction)) = (sides, direction) {
            self.by_direction(sides, direction);
            sides.to_vec()
        } else {
            let Some(at) = self.find(&names::of(Field::Customer), phone) else {
                return;
            };
            let toml = format!("{{ from = {}, as = \"phone\" }}", quoted(self.name(at)));
            let check = "by direction it may be another column: see `choose` in docs/mapping.md";
            self.rule(Field::Customer, toml, sides.map(|_| check.to_owned()));
            vec![at]
        };
        if found.iter().any(|at| self.shapes[*at].lacks_country) {
            self.need("region", "some phone numbers have no country code");
        }
        self.proposal.used.extend(found);
    }

    fn by_direction(&mut self, [from, to]: [usize; 2], direction: usize) {
        let way = self.in_template(direction);
        let Some((inbound, outbound)) = ways(&self.survey.columns[direction]) else {
            return;
        };
        let case = |words: &[String], column: usize| {
            let words: Vec<String> = words.iter().map(|word| literal(word)).collect();
            let when = format!("{way} | trim | lower in [{}]", words.join(", "));
            format!(
                "    {{ when = {}, from = {} }},\n",
                quoted(&when),
                quoted(self.name(column))
            )
        };
        let cases = case(&inbound, from) + &case(&outbound, to);
        let toml = format!("{{ as = \"phone\", choose = [\n{cases}] }}");
        let check = "the customer calls in, and is called on the way out".to_owned();
        self.rule(Field::Customer, toml, Some(check));
    }
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
