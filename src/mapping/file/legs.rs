//! The `[legs]` table: several rows of the export are one call.
//!
//! ```toml
//! [legs]
//! group    = "linkedid"              # rows of one call are equal here
//! order    = "calldate"              # numbers or times; without it the order of the file
//! length   = "billsec"               # what "longest" compares
//! speaks   = "longest"               # which row speaks for a field that is not named below
//! requires = "agentId"               # a call none of whose rows says this is left out
//! [legs.fields]
//! agentId = "last"
//! customNumberProp1 = "sum"
//! ```
//!
//! Read and checked here; `merge` makes one draft of several, and bringing the rows of a call
//! together is the pipeline's.

use toml::Spanned;
use toml::de::DeValue;

use super::Mapping;
use super::toml_table::{Section, Text, texts_of, wrong_type};
use crate::domain::call::{Field, Kind};
use crate::mapping::bound::binder::{Binder, Named};
use crate::mapping::bound::ranking::Ranking;
use crate::mapping::error::{Findings, suggest};
use crate::source::{Column, Record};

/// Which row of a call speaks for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leg {
    /// The first in order that says anything.
    #[default]
    First,
    /// The last in order that says anything.
    Last,
    /// The longest that says anything; of equals the first.
    Longest,
    /// All of them: the sum of a number field.
    Sum,
    /// All of them: those that say anything must say the same.
    Same,
    /// The one that speaks for `agentId`; without such a row the first that says anything.
    Agent,
}

/// Fields that would be wrong without anybody noticing, if they came from another row than the id.
const OF_AGENT: [Field; 2] = [Field::AgentName, Field::AgentEmail];

const WORDS: &[(&str, Leg)] = &[
    ("first", Leg::First),
    ("last", Leg::Last),
    ("longest", Leg::Longest),
    ("agent", Leg::Agent),
    ("same", Leg::Same),
    ("sum", Leg::Sum),
];

/// In which rows of one call are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) enum Group<C> {
    /// In all of these.
    All(Vec<C>),
    /// In the first of these that is not empty.
    First(Vec<C>),
}

/// What orders the rows of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) enum Order<C> {
    /// This column, by the numbers or the times in it.
    Column(C),
    /// The time of the call that a row makes.
    Time,
}

/// How rows become one call, by the columns of one export.
#[derive(Debug, Clone)]
pub struct Legs {
    pub(in crate::mapping) group: Group<Column>,
    pub(in crate::mapping) order: Option<Order<Ranking>>,
    pub(in crate::mapping) length: Option<Named>,
    /// By [`Field::index`].
    pub(in crate::mapping) fields: [Leg; 36],
    pub(in crate::mapping) requires: Vec<Field>,
}

impl Legs {
    /// Writes what the rows of a call have in common to `key`, and whether there is anything: a row
    /// without it is a call of its own.
    pub fn key(&self, record: &Record<'_>, key: &mut Vec<u8>) -> bool {
        key.clear();
        let mut is_filled = false;
        let mut put = |column: &Column| {
            let text = record.text(column).unwrap_or_default();
            let text = text.trim();
            // The length keeps `1` + `23` apart from `12` + `3`.
            key.extend_from_slice(&text.len().to_le_bytes());
            key.extend_from_slice(text.as_bytes());
            !text.is_empty()
        };
        match &self.group {
            Group::All(columns) => columns.iter().for_each(|column| is_filled |= put(column)),
            Group::First(columns) => {
                let says = |column: &&Column| {
                    record
                        .text(column)
                        .is_some_and(|text| !text.trim().is_empty())
                };
                is_filled = columns.iter().find(says).is_some_and(put);
            }
        }
        is_filled
    }
}

/// The table by the names in the file.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct LegsSection {
    group: Group<Text>,
    order: Option<Order<Text>>,
    length: Option<Text>,
    fields: [Leg; 36],
    requires: Vec<Field>,
}

impl LegsSection {
    pub(in crate::mapping) fn read(
        mut section: Section<'_, '_>,
        findings: &mut Findings,
    ) -> Option<LegsSection> {
        let group = read_group(&mut section, findings);
        if group.is_none() && section.value("group").is_none() {
            findings.add(section.span(), "[legs] has no `group`");
        }
        let speaks = section
            .choice("speaks", &WORDS[..3], findings)
            .unwrap_or_default();
        let order = read_order(&mut section, findings);
        let length = section.text("length", findings);
        let fields = read_fields(&mut section, speaks, findings);
        if fields.contains(&Leg::Longest) && length.is_none() {
            findings.add(section.span(), "`longest` needs the column of the `length`");
        }
        let requires = read_requires(&mut section, findings);
        section.finish(findings);
        Some(LegsSection {
            group: group?,
            order,
            length,
            fields,
            requires,
        })
    }

    pub(in crate::mapping) fn bind(&self, mapping: &Mapping, binder: &mut Binder<'_>) -> Legs {
        let mut find = |name: &Text| binder.column(name, false);
        let group = match &self.group {
            Group::All(names) => {
                let found = names.iter().filter_map(&mut find);
                Group::All(found.map(|named| named.column).collect())
            }
            Group::First(names) => Group::First(first_columns(names, binder)),
        };
        let order = self.order.as_ref().and_then(|order| match order {
            Order::Column(name) => Ranking::bind(name, mapping, binder).map(Order::Column),
            Order::Time => Some(Order::Time),
        });
        let mut find = |name: &Text| binder.column(name, false);
        Legs {
            group,
            order,
            length: self.length.as_ref().and_then(&mut find),
            fields: self.fields,
            requires: self.requires.clone(),
        }
    }
}

/// Those of the columns that the export has; it needs to have one.
fn first_columns(names: &[Text], binder: &mut Binder<'_>) -> Vec<Column> {
    let found: Vec<Named> = names
        .iter()
        .filter_map(|name| binder.column(name, true))
        .collect();
    if found.is_empty()
        && let Some(name) = names.first()
        && !binder.may_lack(name.get_ref())
    {
        binder.column(name, false);
    }
    found.into_iter().map(|named| named.column).collect()
}

fn read_group(section: &mut Section<'_, '_>, findings: &mut Findings) -> Option<Group<Text>> {
    let value = section.value("group")?;
    let (group, columns) = match value.get_ref() {
        DeValue::Table(table) => {
            let mut table = Section::new(table, "`group`", value.span());
            let first = table.texts("first", findings).unwrap_or_default();
            table.finish(findings);
            (Group::First as fn(_) -> _, first)
        }
        _ => (
            Group::All as fn(_) -> _,
            texts_of("group", value, findings)?,
        ),
    };
    if columns.is_empty() {
        findings.add(value.span(), "`group` names no column");
        return None;
    }
    Some(group(columns))
}

fn read_order(section: &mut Section<'_, '_>, findings: &mut Findings) -> Option<Order<Text>> {
    let value = section.value("order")?;
    let DeValue::Table(table) = value.get_ref() else {
        return section.text("order", findings).map(Order::Column);
    };
    let mut table = Section::new(table, "`order`", value.span());
    let field = table.choice("field", &[(Field::DateTime.name(), ())], findings);
    if table.value("field").is_none() {
        findings.add(
            value.span(),
            "`order` is a column or { field = \"dateTime\" }",
        );
    }
    table.finish(findings);
    field.map(|()| Order::Time)
}

fn read_requires(section: &mut Section<'_, '_>, findings: &mut Findings) -> Vec<Field> {
    let mut fields = Vec::new();
    for text in section.texts("requires", findings).unwrap_or_default() {
        match Field::from_name(text.get_ref()) {
            Some(field) => fields.push(field),
            None => no_field(text.get_ref(), text.span(), findings),
        }
    }
    fields
}

fn no_field(name: &str, span: std::ops::Range<usize>, findings: &mut Findings) {
    let message = format!("`{name}` is no field of a conversation");
    findings.add_with(span, message, suggest(name, Field::ALL.map(Field::name)));
}

fn read_fields(section: &mut Section<'_, '_>, speaks: Leg, findings: &mut Findings) -> [Leg; 36] {
    let mut legs = [speaks; 36];
    // A call has one id, and of two answers about consent neither may be picked.
    legs[Field::ExternalIdentity.index()] = Leg::Same;
    legs[Field::HasConsent.index()] = Leg::Same;
    for field in OF_AGENT.into_iter().chain([Field::TeamId, Field::TeamName]) {
        legs[field.index()] = Leg::Agent;
    }
    let Some(table) = section.table("fields", findings) else {
        return legs;
    };
    for (key, value) in table.entries() {
        let name = key.get_ref().as_ref();
        let Some(field) = Field::from_name(name) else {
            no_field(name, key.span(), findings);
            continue;
        };
        if let Some(leg) = read_leg(name, value, findings) {
            if leg == Leg::Sum && field.kind() != Kind::Number {
                findings.add(
                    value.span(),
                    format!("`{field}` is no number, so there is no sum"),
                );
            }
            if leg != Leg::Agent && OF_AGENT.contains(&field) {
                findings.add(
                    value.span(),
                    format!("`{field}` is always said by the row that speaks for `agentId`"),
                );
            }
            if leg == Leg::Agent && field == Field::AgentId {
                findings.add(value.span(), "`agentId` is what the others are asked about");
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
