//! The `[legs]` table: several rows of the export are one call.
//!
//! ```toml
//! [legs]
//! group  = "linkedid"              # rows of one call are equal here
//! order  = "calldate"              # which row is first; without it the order of the file
//! length = "billsec"               # what "longest" compares
//! speaks = "longest"               # which row speaks for a field that is not named below
//! [legs.fields]
//! agentId = "last"
//! customNumberProp1 = "sum"
//! ```
//!
//! Read and checked here; the grouping itself is not this room's.

use toml::Spanned;
use toml::de::DeValue;

use super::bind::Binder;
use super::error::{Findings, suggest};
use super::reader::{Section, Text, wrong_type};
use crate::call::{Field, Kind};
use crate::source::Column;

/// Which row of a call speaks for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leg {
    /// The first in order that says anything.
    #[default]
    First,
    /// The last in order that says anything.
    Last,
    /// The longest.
    Longest,
    /// All of them: the sum of a number field.
    Sum,
}

const WORDS: &[(&str, Leg)] = &[
    ("first", Leg::First),
    ("last", Leg::Last),
    ("longest", Leg::Longest),
    ("sum", Leg::Sum),
];

/// How rows become one call, by the columns of one export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legs {
    /// Rows of one call are equal in these.
    pub group: Vec<Column>,
    /// What orders the rows of a call; `None` keeps the order of the file.
    pub order: Option<Column>,
    /// What [`Leg::Longest`] compares: seconds, or any form of a duration.
    pub length: Option<Column>,
    /// By [`Field::index`].
    pub fields: [Leg; 36],
}

/// The table by the names in the file.
#[derive(Debug, Clone)]
pub(super) struct LegsSection {
    group: Vec<Text>,
    order: Option<Text>,
    length: Option<Text>,
    fields: [Leg; 36],
}

impl LegsSection {
    pub(super) fn read(
        mut section: Section<'_, '_>,
        findings: &mut Findings,
    ) -> Option<LegsSection> {
        let group = section.texts("group", findings).unwrap_or_default();
        if group.is_empty() && section.value("group").is_none() {
            findings.add(section.span(), "[legs] has no `group`");
        }
        let speaks = section
            .choice("speaks", &WORDS[..3], findings)
            .unwrap_or_default();
        let legs = LegsSection {
            group,
            order: section.text("order", findings),
            length: section.text("length", findings),
            fields: read_fields(&mut section, speaks, findings),
        };
        if legs.fields.contains(&Leg::Longest) && legs.length.is_none() {
            findings.add(section.span(), "`longest` needs the column of the `length`");
        }
        section.finish(findings);
        (!legs.group.is_empty()).then_some(legs)
    }

    pub(super) fn bind(&self, binder: &mut Binder<'_>) -> Legs {
        let mut find = |name: &Text| binder.column(name, false).map(|named| named.column);
        Legs {
            group: self.group.iter().filter_map(&mut find).collect(),
            order: self.order.as_ref().and_then(&mut find),
            length: self.length.as_ref().and_then(&mut find),
            fields: self.fields,
        }
    }
}

fn read_fields(section: &mut Section<'_, '_>, speaks: Leg, findings: &mut Findings) -> [Leg; 36] {
    let mut legs = [speaks; 36];
    let Some(table) = section.table("fields", findings) else {
        return legs;
    };
    for (key, value) in table.entries() {
        let name = key.get_ref().as_ref();
        let Some(field) = Field::from_name(name) else {
            let message = format!("`{name}` is no field of a conversation");
            findings.add_with(
                key.span(),
                message,
                suggest(name, Field::ALL.map(Field::name)),
            );
            continue;
        };
        if let Some(leg) = read_leg(name, value, findings) {
            if leg == Leg::Sum && field.kind() != Kind::Number {
                findings.add(
                    value.span(),
                    format!("`{field}` is no number, so there is no sum"),
                );
            }
            legs[field.index()] = leg;
        }
    }
    legs
}

fn read_leg(name: &str, value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Leg> {
    let DeValue::String(word) = value.get_ref() else {
        return wrong_type(name, "a string", value.get_ref(), value.span(), findings);
    };
    let found = WORDS.iter().find(|(known, _)| known == word);
    if found.is_none() {
        let message = format!("`{word}` is no row of a call");
        findings.add_with(
            value.span(),
            message,
            suggest(word, WORDS.iter().map(|(known, _)| *known)),
        );
    }
    found.map(|(_, leg)| *leg)
}
