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

use super::toml_table::{SpannedText, TomlTable, texts_of, wrong_type};
use crate::domain::call::{Field, ValueKind};
use crate::mapping::error::{Findings, suggest};

/// Which row of a call speaks for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LegRule {
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

const WORDS: &[(&str, LegRule)] = &[
    ("first", LegRule::First),
    ("last", LegRule::Last),
    ("longest", LegRule::Longest),
    ("agent", LegRule::Agent),
    ("same", LegRule::Same),
    ("sum", LegRule::Sum),
];

/// In which rows of one call are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) enum LegKey<C> {
    /// In all of these.
    All(Vec<C>),
    /// In the first of these that is not empty.
    First(Vec<C>),
}

/// What orders the rows of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) enum LegOrder<C> {
    /// This column, by the numbers or the times in it.
    Column(C),
    /// The time of the call that a row makes.
    Time,
}

/// The table by the names in the file.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct LegsSection {
    pub(in crate::mapping) group: LegKey<SpannedText>,
    pub(in crate::mapping) order: Option<LegOrder<SpannedText>>,
    pub(in crate::mapping) length: Option<SpannedText>,
    pub(in crate::mapping) fields: [LegRule; 36],
    pub(in crate::mapping) requires: Vec<Field>,
}

impl LegsSection {
    pub(in crate::mapping) fn read(
        mut section: TomlTable<'_, '_>,
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
        if fields.contains(&LegRule::Longest) && length.is_none() {
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
}

fn read_group(
    section: &mut TomlTable<'_, '_>,
    findings: &mut Findings,
) -> Option<LegKey<SpannedText>> {
    let value = section.value("group")?;
    let (group, columns) = match value.get_ref() {
        DeValue::Table(table) => {
            let mut table = TomlTable::new(table, "`group`", value.span());
            let first = table.texts("first", findings).unwrap_or_default();
            table.finish(findings);
            (LegKey::First as fn(_) -> _, first)
        }
        _ => (
            LegKey::All as fn(_) -> _,
            texts_of("group", value, findings)?,
        ),
    };
    if columns.is_empty() {
        findings.add(value.span(), "`group` names no column");
        return None;
    }
    Some(group(columns))
}

fn read_order(
    section: &mut TomlTable<'_, '_>,
    findings: &mut Findings,
) -> Option<LegOrder<SpannedText>> {
    let value = section.value("order")?;
    let DeValue::Table(table) = value.get_ref() else {
        return section.text("order", findings).map(LegOrder::Column);
    };
    let mut table = TomlTable::new(table, "`order`", value.span());
    let field = table.choice("field", &[(Field::DateTime.name(), ())], findings);
    if table.value("field").is_none() {
        findings.add(
            value.span(),
            "`order` is a column or { field = \"dateTime\" }",
        );
    }
    table.finish(findings);
    field.map(|()| LegOrder::Time)
}

fn read_requires(section: &mut TomlTable<'_, '_>, findings: &mut Findings) -> Vec<Field> {
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

fn read_fields(
    section: &mut TomlTable<'_, '_>,
    speaks: LegRule,
    findings: &mut Findings,
) -> [LegRule; 36] {
    let mut legs = [speaks; 36];
    // A call has one id, and of two answers about consent neither may be picked.
    legs[Field::ExternalIdentity.index()] = LegRule::Same;
    legs[Field::HasConsent.index()] = LegRule::Same;
    for field in OF_AGENT.into_iter().chain([Field::TeamId, Field::TeamName]) {
        legs[field.index()] = LegRule::Agent;
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
            if leg == LegRule::Sum && field.kind() != ValueKind::Number {
                findings.add(
                    value.span(),
                    format!("`{field}` is no number, so there is no sum"),
                );
            }
            if leg != LegRule::Agent && OF_AGENT.contains(&field) {
                findings.add(
                    value.span(),
                    format!("`{field}` is always said by the row that speaks for `agentId`"),
                );
            }
            if leg == LegRule::Agent && field == Field::AgentId {
                findings.add(value.span(), "`agentId` is what the others are asked about");
            }
            legs[field.index()] = leg;
        }
    }
    legs
}

fn read_leg(name: &str, value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<LegRule> {
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
