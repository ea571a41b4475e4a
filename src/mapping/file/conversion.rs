//! How the text of a field becomes a value, as the mapping file says it.

use jiff::tz::TimeZone;
use rlibphonenumber::enums::Region;

use super::locale::{read_region, read_zone};
use super::target::TargetField;
use super::toml_table::TomlTable;
use crate::domain::call::ValueKind;
use crate::mapping::error::{Findings, suggest};
use crate::mapping::value::ambiguous_time::AmbiguousTime;
use crate::mapping::value::boolean::{BooleanWords, fold};
use crate::mapping::value::duration::{Lengths, Unit};
use crate::mapping::value::number::Notation;
use crate::mapping::value::time::{TimeFormat, TimeRule};

/// How a text becomes a value. It is asked for each cell, and a number of its own is told at a look.
#[derive(Debug, Clone)]
#[repr(u8)]
pub(in crate::mapping) enum Conversion {
    Text,
    Phone(Option<Region>),
    Time(Box<TimeRule>),
    Number(Notation),
    Boolean(BooleanWords),
    Seconds(Lengths),
    Email,
    Labels,
    Segments,
    Json,
}

impl Conversion {
    /// The conversion of a field when the table does not say `as`.
    pub(in crate::mapping) fn usual(kind: ValueKind) -> Conversion {
        match kind {
            ValueKind::Text => Conversion::Text,
            ValueKind::Time => Conversion::Time(Box::default()),
            ValueKind::Number => Conversion::Number(Notation::default()),
            ValueKind::Bool => Conversion::Boolean(BooleanWords::default()),
            ValueKind::Labels => Conversion::Labels,
            ValueKind::Segments => Conversion::Segments,
        }
    }

    /// The same for what a rule fills.
    pub(in crate::mapping) fn of(target: &TargetField) -> Conversion {
        match target {
            TargetField::Seconds => Conversion::Seconds(Lengths::default()),
            TargetField::Call(_) | TargetField::Case(_) => Conversion::usual(target.kind()),
        }
    }

    /// The same conversion, with the zone and region of the file where it has none of its own.
    pub(in crate::mapping) fn bound(
        &self,
        zone: Option<&TimeZone>,
        region: Option<Region>,
    ) -> Conversion {
        match self {
            Conversion::Time(rule) if rule.zone.is_none() => Conversion::Time(Box::new(TimeRule {
                zone: zone.cloned(),
                ..TimeRule::clone(rule)
            })),
            Conversion::Phone(None) => Conversion::Phone(region),
            other => other.clone(),
        }
    }
}

/// Reads `as` and the keys that belong to it.
pub(in crate::mapping) fn read_conversion(
    section: &mut TomlTable<'_, '_>,
    field: &TargetField,
    findings: &mut Findings,
) -> Conversion {
    const WORDS: &[&str] = &[
        "text", "phone", "time", "number", "boolean", "seconds", "email", "segments", "json",
    ];
    let word = section.text("as", findings);
    let mut conversion = Conversion::of(field);
    if let Some(word) = &word {
        match named(word.get_ref(), field.kind()) {
            Some(named) => conversion = named,
            None if WORDS.contains(&word.get_ref().as_str()) => {
                let message = format!("`{field}` cannot be read as {}", word.get_ref());
                findings.add(word.span(), message);
            }
            None => findings.add_with(
                word.span(),
                format!("`{}` is no value of `as`", word.get_ref()),
                suggest(word.get_ref(), WORDS.iter().copied()),
            ),
        }
    }
    read_options(section, &mut conversion, findings);
    conversion
}

/// Reads the keys that belong to one conversion, and reports those that belong to another.
fn read_options(
    section: &mut TomlTable<'_, '_>,
    conversion: &mut Conversion,
    findings: &mut Findings,
) {
    let mut allowed: &[&str] = &[];
    match conversion {
        Conversion::Time(rule) => {
            allowed = &["formats", "timezone", "fold", "gap"];
            read_time(section, rule, findings);
        }
        Conversion::Phone(region) => {
            allowed = &["region"];
            if let Some(text) = section.text("region", findings) {
                *region = read_region(&text, findings);
            }
        }
        Conversion::Number(notation) => {
            allowed = &["decimal", "thousands"];
            *notation = read_notation(section, findings).unwrap_or_default();
        }
        Conversion::Boolean(words) => {
            allowed = &["true", "false"];
            read_words(section, words, findings);
        }
        Conversion::Seconds(lengths) => {
            allowed = &["unit", "decimal", "thousands"];
            lengths.notation = read_notation(section, findings);
            lengths.unit = section
                .choice("unit", Unit::WORDS, findings)
                .unwrap_or_default();
        }
        _ => {}
    }
    for (key, owner) in [
        ("formats", "time"),
        ("timezone", "time"),
        ("fold", "time"),
        ("gap", "time"),
        ("region", "phone"),
        ("decimal", "number\" or as = \"seconds"),
        ("thousands", "number\" or as = \"seconds"),
        ("true", "boolean"),
        ("false", "boolean"),
        ("unit", "seconds"),
    ] {
        if !allowed.contains(&key) && section.value(key).is_some() {
            let message = format!("`{key}` has a meaning only with as = \"{owner}\"");
            findings.add(section.key_span(key), message);
        }
    }
}

fn named(word: &str, kind: ValueKind) -> Option<Conversion> {
    Some(match (word, kind) {
        ("text", ValueKind::Text | ValueKind::Time | ValueKind::Number) => Conversion::Text,
        ("phone", ValueKind::Text) => Conversion::Phone(None),
        ("time", ValueKind::Text | ValueKind::Time) => Conversion::usual(ValueKind::Time),
        ("number", ValueKind::Text | ValueKind::Number) => Conversion::usual(ValueKind::Number),
        ("boolean", ValueKind::Text | ValueKind::Bool) => Conversion::usual(ValueKind::Bool),
        ("seconds", ValueKind::Text | ValueKind::Number) => Conversion::Seconds(Lengths::default()),
        ("email", ValueKind::Text) => Conversion::Email,
        ("json", ValueKind::Text) => Conversion::Json,
        ("text" | "json", ValueKind::Labels) => Conversion::Labels,
        ("segments" | "json", ValueKind::Segments) => Conversion::Segments,
        _ => return None,
    })
}

/// The signs of numbers, where one of them is named.
fn read_notation(section: &mut TomlTable<'_, '_>, findings: &mut Findings) -> Option<Notation> {
    let decimal = section.letter("decimal", findings);
    let thousands = section.letter("thousands", findings);
    if decimal.is_none() && thousands.is_none() {
        return None;
    }
    let usual = Notation::default().decimal;
    let notation = Notation {
        decimal: decimal.unwrap_or(usual),
        thousands,
    };
    if notation.thousands == Some(notation.decimal) {
        findings.add(
            section.key_span("thousands"),
            "`thousands` and `decimal` are the same sign",
        );
    }
    Some(notation)
}

fn read_time(section: &mut TomlTable<'_, '_>, rule: &mut TimeRule, findings: &mut Findings) {
    for text in section.texts("formats", findings).unwrap_or_default() {
        match TimeFormat::read(text.get_ref()) {
            Ok(format) => rule.formats.push(format),
            Err(reason) => {
                let near = suggest(text.get_ref(), TimeFormat::NAMES)
                    .filter(|_| !text.get_ref().contains('%'));
                findings.add_with(text.span(), format!("no time format: {reason}"), near);
            }
        }
    }
    if let Some(text) = section.text("timezone", findings) {
        rule.zone = read_zone(&text, findings);
    }
    rule.fold = section
        .choice("fold", AmbiguousTime::WORDS, findings)
        .unwrap_or_default();
    rule.gap = section
        .choice("gap", AmbiguousTime::WORDS, findings)
        .unwrap_or_default();
}

fn read_words(section: &mut TomlTable<'_, '_>, words: &mut BooleanWords, findings: &mut Findings) {
    let mut read = |key| -> Vec<String> {
        let texts = section.texts(key, findings).unwrap_or_default();
        texts.iter().map(|text| fold(text.get_ref())).collect()
    };
    words.yes = read("true");
    words.no = read("false");
    if let Some(word) = words.yes.iter().find(|word| words.no.contains(word)) {
        let message = format!("`{word}` means both true and false");
        findings.add(section.key_span("false"), message);
    }
}
