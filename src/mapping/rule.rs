//! The table of one target field: where its value comes from and how it is read.

use std::collections::HashMap;
use std::ops::Range;

use jiff::tz::TimeZone;
use regex::Regex;
use rlibphonenumber::enums::Region;
use toml::Spanned;
use toml::de::DeValue;

use super::boolean::{Words, fold};
use super::duration::Unit;
use super::error::{Findings, suggest};
use super::number::Notation;
use super::reader::{Section, Text, scalar, texts_of, wrong_type};
use super::source_section::{read_region, read_zone};
use super::template::{TemplateId, Templates};
use super::time::{Choice, Format, TimeRule};
use crate::call::{Field, Kind};

/// Where a value comes from, by the names in the file.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// A column.
    Column(Text),
    /// Several columns put together; empty ones are left out.
    Joined { columns: Vec<Text>, join: String },
    /// The first of these columns that exists and is not empty.
    First(Vec<Text>),
    /// The same text for every record.
    Constant(String),
    /// A rendered template.
    Template(TemplateId),
    /// The first case whose condition holds; a case without one always does.
    Choice(Vec<(Option<TemplateId>, Origin)>),
}

/// A table of values: exact, else without regard to case and blanks around.
#[derive(Debug, Clone, Default)]
pub(super) struct ValueMap {
    exact: HashMap<String, String>,
    folded: HashMap<String, String>,
}

impl ValueMap {
    pub(super) fn get(&self, text: &str) -> Option<&str> {
        let found = self.exact.get(text).or_else(|| self.folded.get(&fold(text)));
        found.map(String::as_str)
    }
}

/// How a text becomes a value.
#[derive(Debug, Clone)]
pub(super) enum Conversion {
    Text,
    Phone(Option<Region>),
    Time(Box<TimeRule>),
    Number(Notation),
    Boolean(Words),
    Seconds(Unit),
    Email,
    Labels,
    Segments,
    Json,
}

/// The checked table of one target field.
#[derive(Debug, Clone)]
pub(super) struct FieldRule {
    pub(super) field: Field,
    /// Place of the field's name in the file.
    pub(super) span: Range<usize>,
    pub(super) origin: Origin,
    /// Whether the columns may be missing from the export.
    pub(super) optional: bool,
    pub(super) steps: Steps,
    pub(super) conversion: Conversion,
}

/// What happens to a text between its origin and its conversion.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps {
    /// The part of the text to keep: the first group, or the whole match.
    pub(super) extract: Option<Regex>,
    pub(super) map: Option<ValueMap>,
    /// In place of a value that the map does not know.
    pub(super) otherwise: Option<String>,
    /// In place of an empty value.
    pub(super) default: Option<String>,
    /// The first of these that occurs separates labels.
    pub(super) split: Vec<String>,
}

impl Steps {
    /// Whether text passes through untouched.
    pub(super) fn is_empty(&self) -> bool {
        self.extract.is_none() && self.map.is_none() && self.default.is_none()
    }
}

/// What the tables of fields share while they are read.
pub(super) struct RuleReader<'f> {
    pub(super) zone: Option<TimeZone>,
    pub(super) region: Option<Region>,
    pub(super) templates: &'f mut Templates,
    pub(super) findings: &'f mut Findings,
}

impl RuleReader<'_> {
    /// Reads what stands behind a target field.
    pub(super) fn field(
        &mut self,
        field: Field,
        key: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<FieldRule> {
        let table = match value.get_ref() {
            DeValue::String(name) => {
                let column = Spanned::new(value.span(), name.to_string());
                let conversion = self.usual(field.kind());
                return Some(FieldRule {
                    field,
                    span: key,
                    origin: Origin::Column(column),
                    optional: false,
                    steps: Steps::default(),
                    conversion,
                });
            }
            DeValue::Table(table) => table,
            other => {
                let wanted = "the name of a column or a table such as { from = \"column\" }";
                return wrong_type(field.name(), wanted, other, value.span(), self.findings);
            }
        };
        let mut section = Section::new(table, format!("`{field}`"), value.span());
        let origin = self.origin(&mut section, false);
        let optional = section.flag("optional", self.findings).unwrap_or_default();
        let steps = self.steps(&mut section, field);
        let conversion = self.conversion(&mut section, field);
        section.finish(self.findings);
        Some(FieldRule {
            field,
            span: key,
            origin: origin?,
            optional,
            steps,
            conversion,
        })
    }

    /// Reads `from`, `first`, `value`, `template` or `choose`, of which exactly one is there.
    pub(super) fn origin(&mut self, section: &mut Section<'_, '_>, wildcards: bool) -> Option<Origin> {
        const KEYS: [&str; 5] = ["from", "first", "value", "template", "choose"];
        let given: Vec<&'static str> =
            KEYS.into_iter().filter(|key| section.value(key).is_some()).collect();
        let key = match given.as_slice() {
            [key] => *key,
            [] => {
                let message = format!("nothing says where the value comes from: one of {}", KEYS.join(", "));
                self.findings.add(section.span(), message);
                return None;
            }
            [first, second, ..] => {
                let message = format!("`{first}` and `{second}` both say where the value comes from");
                self.findings.add(section.key_span(second), message);
                return None;
            }
        };
        let join = section.text("join", self.findings).map(Spanned::into_inner);
        match key {
            "from" => {
                let mut columns = section.texts(key, self.findings)?;
                if columns.len() == 1 {
                    return columns.pop().map(Origin::Column);
                }
                let join = join.unwrap_or_else(|| " ".to_owned());
                self.some(section, key, columns).map(|columns| Origin::Joined { columns, join })
            }
            "first" => {
                let columns = section.texts(key, self.findings)?;
                self.some(section, key, columns).map(Origin::First)
            }
            "value" => {
                let value = section.value(key)?;
                match scalar(value.get_ref()) {
                    Some(text) => Some(Origin::Constant(text)),
                    None => wrong_type(key, "a string", value.get_ref(), value.span(), self.findings),
                }
            }
            "template" => {
                let text = section.text(key, self.findings)?;
                self.templates.template(&text, wildcards, self.findings).map(Origin::Template)
            }
            _ => self.choose(section.value(key)?, wildcards),
        }
    }

    fn some(&mut self, section: &Section<'_, '_>, key: &str, columns: Vec<Text>) -> Option<Vec<Text>> {
        if columns.is_empty() {
            self.findings.add(section.key_span(key), format!("`{key}` names no column"));
            return None;
        }
        Some(columns)
    }

    fn choose(&mut self, value: &Spanned<DeValue<'_>>, wildcards: bool) -> Option<Origin> {
        let DeValue::Array(items) = value.get_ref() else {
            return wrong_type("choose", "a list of tables", value.get_ref(), value.span(), self.findings);
        };
        let mut cases = Vec::new();
        for item in items {
            let DeValue::Table(table) = item.get_ref() else {
                return wrong_type("choose", "a list of tables", item.get_ref(), item.span(), self.findings);
            };
            let mut section = Section::new(table, "a case of `choose`", item.span());
            let when = section.text("when", self.findings);
            let condition = match &when {
                Some(text) => Some(self.templates.condition(text, self.findings)?),
                None => None,
            };
            let origin = self.origin(&mut section, wildcards);
            section.finish(self.findings);
            cases.push((condition, origin?));
        }
        if cases.is_empty() {
            self.findings.add(value.span(), "`choose` has no case");
            return None;
        }
        Some(Origin::Choice(cases))
    }

    fn steps(&mut self, section: &mut Section<'_, '_>, field: Field) -> Steps {
        let findings = &mut *self.findings;
        let extract = section.text("extract", findings).and_then(|pattern| {
            let regex = regex::RegexBuilder::new(pattern.get_ref()).size_limit(1 << 20).build();
            if regex.is_err() {
                findings.add(pattern.span(), "`extract` is no regular expression");
            }
            regex.ok()
        });
        let map = section.table("map", findings).and_then(|table| read_map(&table, findings));
        let otherwise = read_scalar(section, "otherwise", findings);
        if otherwise.is_some() && map.is_none() {
            findings.add(section.key_span("otherwise"), "`otherwise` belongs to a `map`");
        }
        let default = read_scalar(section, "default", findings);
        let split = section.value("split").and_then(|value| {
            if field.kind() != Kind::Labels {
                findings.add(section.key_span("split"), format!("`{field}` is no list, so nothing can be split"));
            }
            texts_of("split", value, findings)
        });
        let split = split.unwrap_or_default().into_iter().map(Spanned::into_inner);
        Steps {
            extract,
            map,
            otherwise,
            default,
            split: split.filter(|separator| !separator.is_empty()).collect(),
        }
    }

    /// The conversion of a field when the table does not say `as`.
    fn usual(&self, kind: Kind) -> Conversion {
        match kind {
            Kind::Text => Conversion::Text,
            Kind::Time => Conversion::Time(Box::new(TimeRule {
                zone: self.zone.clone(),
                ..TimeRule::default()
            })),
            Kind::Number => Conversion::Number(Notation::default()),
            Kind::Bool => Conversion::Boolean(Words::default()),
            Kind::Labels => Conversion::Labels,
            Kind::Segments => Conversion::Segments,
        }
    }

    fn conversion(&mut self, section: &mut Section<'_, '_>, field: Field) -> Conversion {
        const WORDS: &[&str] = &[
            "text", "phone", "time", "number", "boolean", "seconds", "email", "segments", "json",
        ];
        let word = section.text("as", self.findings);
        let mut conversion = self.usual(field.kind());
        if let Some(word) = &word {
            match self.named(word.get_ref(), field.kind()) {
                Some(named) => conversion = named,
                None if WORDS.contains(&word.get_ref().as_str()) => {
                    let message = format!("`{field}` cannot be read as {}", word.get_ref());
                    self.findings.add(word.span(), message);
                }
                None => self.findings.add_with(
                    word.span(),
                    format!("`{}` is no value of `as`", word.get_ref()),
                    suggest(word.get_ref(), WORDS.iter().copied()),
                ),
            }
        }
        self.options(section, &mut conversion);
        conversion
    }

    fn named(&self, word: &str, kind: Kind) -> Option<Conversion> {
        Some(match (word, kind) {
            ("text", Kind::Text | Kind::Time | Kind::Number) => Conversion::Text,
            ("phone", Kind::Text) => Conversion::Phone(self.region),
            ("time", Kind::Text | Kind::Time) => self.usual(Kind::Time),
            ("number", Kind::Text | Kind::Number) => self.usual(Kind::Number),
            ("boolean", Kind::Text | Kind::Bool) => self.usual(Kind::Bool),
            ("seconds", Kind::Text | Kind::Number) => Conversion::Seconds(Unit::default()),
            ("email", Kind::Text) => Conversion::Email,
            ("json", Kind::Text) => Conversion::Json,
            ("text" | "json", Kind::Labels) => Conversion::Labels,
            ("segments" | "json", Kind::Segments) => Conversion::Segments,
            _ => return None,
        })
    }

    /// Reads the keys that belong to one conversion, and reports those that belong to another.
    fn options(&mut self, section: &mut Section<'_, '_>, conversion: &mut Conversion) {
        let findings = &mut *self.findings;
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
                if let Some(decimal) = section.letter("decimal", findings) {
                    notation.decimal = decimal;
                }
                notation.thousands = section.letter("thousands", findings);
                if notation.thousands == Some(notation.decimal) {
                    findings.add(section.key_span("thousands"), "`thousands` and `decimal` are the same sign");
                }
            }
            Conversion::Boolean(words) => {
                allowed = &["true", "false"];
                read_words(section, words, findings);
            }
            Conversion::Seconds(unit) => {
                allowed = &["unit"];
                *unit = section.choice("unit", Unit::WORDS, findings).unwrap_or_default();
            }
            _ => {}
        }
        for (key, owner) in [
            ("formats", "time"),
            ("timezone", "time"),
            ("fold", "time"),
            ("gap", "time"),
            ("region", "phone"),
            ("decimal", "number"),
            ("thousands", "number"),
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
}

fn read_scalar(section: &mut Section<'_, '_>, key: &'static str, findings: &mut Findings) -> Option<String> {
    let value = section.value(key)?;
    match scalar(value.get_ref()) {
        Some(text) => Some(text),
        None => wrong_type(key, "a string", value.get_ref(), value.span(), findings),
    }
}

fn read_map(table: &Section<'_, '_>, findings: &mut Findings) -> Option<ValueMap> {
    let mut map = ValueMap::default();
    for (key, value) in table.entries() {
        let Some(text) = scalar(value.get_ref()) else {
            return wrong_type(key.get_ref(), "a string", value.get_ref(), value.span(), findings);
        };
        let other = map.folded.insert(fold(key.get_ref()), text.clone());
        if other.is_some_and(|other| other != text) {
            let message = format!("`{}` stands twice, but for case or blanks", key.get_ref());
            findings.add(key.span(), message);
        }
        map.exact.insert(key.get_ref().to_string(), text);
    }
    Some(map)
}

fn read_time(section: &mut Section<'_, '_>, rule: &mut TimeRule, findings: &mut Findings) {
    for text in section.texts("formats", findings).unwrap_or_default() {
        match Format::read(text.get_ref()) {
            Ok(format) => rule.formats.push(format),
            Err(reason) => {
                let near = suggest(text.get_ref(), Format::NAMES).filter(|_| !text.get_ref().contains('%'));
                findings.add_with(text.span(), format!("no time format: {reason}"), near);
            }
        }
    }
    if let Some(text) = section.text("timezone", findings) {
        rule.zone = read_zone(&text, findings);
    }
    rule.fold = section.choice("fold", Choice::WORDS, findings).unwrap_or_default();
    rule.gap = section.choice("gap", Choice::WORDS, findings).unwrap_or_default();
}

fn read_words(section: &mut Section<'_, '_>, words: &mut Words, findings: &mut Findings) {
    let mut read = |key| -> Vec<String> {
        let texts = section.texts(key, findings).unwrap_or_default();
        texts.iter().map(|text| fold(text.get_ref())).collect()
    };
    words.yes = read("true");
    words.no = read("false");
    if let Some(word) = words.yes.iter().find(|word| words.no.contains(word)) {
        let message = format!("`{word}` stands for both true and false");
        findings.add(section.key_span("false"), message);
    }
}
