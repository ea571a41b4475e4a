//! Reading TOML tables key by key, so that everything wrong is found in one go and each finding
//! knows its place. Serde would stop at the first.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mapping::error::{Findings, suggest};

/// A string of the file with its place.
pub(in crate::mapping) type SpannedText = Spanned<String>;

/// One table while it is read. Keys that nobody asked for are findings at the end.
pub(in crate::mapping) struct TomlTable<'a, 't> {
    table: &'a DeTable<'t>,
    name: Cow<'static, str>,
    span: Range<usize>,
    asked: Vec<&'static str>,
}

impl<'a, 't> TomlTable<'a, 't> {
    pub(in crate::mapping) fn new(
        table: &'a DeTable<'t>,
        name: impl Into<Cow<'static, str>>,
        span: Range<usize>,
    ) -> Self {
        TomlTable {
            table,
            name: name.into(),
            span,
            asked: Vec::new(),
        }
    }

    /// Place of the whole table.
    pub(in crate::mapping) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The value of a key, as it stands.
    pub(in crate::mapping) fn value(
        &mut self,
        key: &'static str,
    ) -> Option<&'a Spanned<DeValue<'t>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table.get(key)
    }

    /// Place of a key, or of the table when it does not have it.
    pub(in crate::mapping) fn key_span(&self, key: &str) -> Range<usize> {
        self.table
            .get_key_value(key)
            .map_or_else(|| self.span(), |(key, _)| key.span())
    }

    pub(in crate::mapping) fn text(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<SpannedText> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Spanned::new(value.span(), text.to_string())),
            other => wrong_type(key, "a string", other, value.span(), findings),
        }
    }

    /// A string that is one character, such as a delimiter. `\t` is also written `tab`.
    pub(in crate::mapping) fn letter(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<char> {
        let text = self.text(key, findings)?;
        let mut letters = text.get_ref().chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Some(letter),
            _ if text.get_ref() == "tab" => Some('\t'),
            _ => {
                findings.add(text.span(), format!("`{key}` is one character"));
                None
            }
        }
    }

    pub(in crate::mapping) fn flag(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<bool> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => wrong_type(key, "true or false", other, value.span(), findings),
        }
    }

    pub(in crate::mapping) fn count(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<u64> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => {
                let count = integer.as_str().parse().ok();
                if count.is_none() {
                    findings.add(value.span(), format!("`{key}` is a count from 0"));
                }
                count
            }
            other => wrong_type(key, "a whole number", other, value.span(), findings),
        }
    }

    /// A string, or a list of strings.
    pub(in crate::mapping) fn texts(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<Vec<SpannedText>> {
        let value = self.value(key)?;
        texts_of(key, value, findings)
    }

    /// A sub-table.
    pub(in crate::mapping) fn table(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<TomlTable<'a, 't>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(TomlTable::new(table, key, value.span())),
            other => wrong_type(key, "a table", other, value.span(), findings),
        }
    }

    /// A string that must be one of the given words.
    pub(in crate::mapping) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        findings: &mut Findings,
    ) -> Option<T> {
        let text = self.text(key, findings)?;
        let found = words.iter().find(|(word, _)| word == text.get_ref());
        if found.is_none() {
            findings.add_with(
                text.span(),
                format!("`{}` is no value of `{key}`", text.get_ref()),
                suggest(text.get_ref(), words.iter().map(|(word, _)| *word)),
            );
        }
        found.map(|(_, value)| *value)
    }

    /// Every key with its value, for tables whose keys are the operator's own.
    pub(in crate::mapping) fn entries(
        &self,
    ) -> impl Iterator<Item = (&'a Spanned<Cow<'t, str>>, &'a Spanned<DeValue<'t>>)> + use<'a, 't>
    {
        self.table.iter()
    }

    /// Reports the keys that nobody asked for.
    pub(in crate::mapping) fn finish(self, findings: &mut Findings) {
        for (key, _) in self.table {
            let word = key.get_ref().as_ref();
            if !self.asked.contains(&word) {
                findings.add_with(
                    key.span(),
                    format!("unknown key `{word}` in {}", self.name),
                    suggest(word, self.asked.iter().copied()),
                );
            }
        }
    }
}

/// A string or a list of strings; numbers and booleans are taken as they are written.
pub(in crate::mapping) fn texts_of(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    findings: &mut Findings,
) -> Option<Vec<SpannedText>> {
    match value.get_ref() {
        DeValue::Array(items) => {
            let mut texts = Vec::new();
            for item in items {
                match scalar(item.get_ref()) {
                    Some(text) => texts.push(Spanned::new(item.span(), text)),
                    None => {
                        return wrong_type(
                            key,
                            "a list of strings",
                            item.get_ref(),
                            item.span(),
                            findings,
                        );
                    }
                }
            }
            Some(texts)
        }
        other => match scalar(other) {
            Some(text) => Some(vec![Spanned::new(value.span(), text)]),
            None => wrong_type(
                key,
                "a string or a list of strings",
                other,
                value.span(),
                findings,
            ),
        },
    }
}

/// The text of a string, number or boolean.
pub(in crate::mapping) fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(integer) => Some(integer.to_string()),
        DeValue::Float(float) => Some(float.to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Reports a value of the wrong type.
pub(in crate::mapping) fn wrong_type<T>(
    key: &str,
    wanted: &str,
    found: &DeValue<'_>,
    span: Range<usize>,
    findings: &mut Findings,
) -> Option<T> {
    let found = match found.type_str() {
        "array" => "a list",
        "integer" => "an integer",
        "float" => "a float",
        "boolean" => "true or false",
        "datetime" => "a date",
        "table" => "a table",
        _ => "a string",
    };
    findings.add(span, format!("`{key}` must be {wanted}, not {found}"));
    None
}
