//! The text of a field before it is read: fetched, cut, mapped, defaulted.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value as Json;

use super::columns::RawText;
use super::rule::CompiledRule;
use crate::domain::{Code, Problem};
use crate::mapping::file::conversion::Conversion;
use crate::mapping::template::Rendering;
use crate::mapping::value::repair::Repair;
use crate::source::{Column, Record};

/// One field of one record on its way.
pub(in crate::mapping) struct FieldInput<'a, 'r, 'p> {
    pub(in crate::mapping) rule: &'r CompiledRule,
    pub(in crate::mapping) record: &'a Record<'r>,
    pub(in crate::mapping) templates: &'a Rendering<'r>,
    /// Whether the value is the rule's own default, which needs no map.
    pub(in crate::mapping) is_default: bool,
    pub(in crate::mapping) problems: &'p mut Vec<Problem>,
}

/// A field for which an error is already reported.
#[derive(Debug)]
pub(in crate::mapping) struct Reported;

impl<'r> FieldInput<'_, 'r, '_> {
    /// Fetches the value and takes it through the steps that come before its conversion. Lists of
    /// labels are mapped label by label later.
    pub(in crate::mapping) fn raw(&mut self) -> Result<RawText<'r>, Reported> {
        let steps = &self.rule.steps;
        let mut raw = match RawText::of(&self.rule.source, self.record, self.templates) {
            Ok(raw) => raw,
            Err(failure) => return Err(self.error(failure.code, &failure.value, &failure.message)),
        };
        if let (Some(expression), RawText::Text(text)) = (&steps.extract, &raw) {
            let Ok(found) = expression.find(text, self.templates.work()) else {
                let value = text.chars().take(40).collect::<String>();
                let message = "there is too much text for the `extract` rules of the mapping";
                return Err(self.error(Code::TemplateFailed, &value, message));
            };
            raw = found.map_or(RawText::Missing, |part| cut(text, part));
        }
        for repair in &steps.repairs {
            raw = self.repaired(*repair, raw);
        }
        if let (Some((lookup, column)), RawText::Text(key)) = (&steps.lookup, &raw) {
            raw = match lookup.value(key, *column) {
                Some(value) => RawText::text(Cow::Borrowed(value)),
                None if steps.default.is_some() => RawText::Missing,
                None => {
                    let message = format!("not in the table [lookup.{}]", lookup.name);
                    return Err(self.error(Code::LookupMissed, &key.clone(), &message));
                }
            };
        }
        if raw.is_blank()
            && let Some(default) = &steps.default
        {
            self.is_default = true;
            return Ok(RawText::text(Cow::Borrowed(default)));
        }
        Ok(raw)
    }

    /// Whether a number was made by a program and not written for people, so that its point is a decimal
    /// one: a number of JSON, or what a template calculated and no column says.
    pub(in crate::mapping) fn is_calculated(&self, text: &str) -> bool {
        let text = text.trim();
        if !text.contains('.') {
            return false;
        }
        let is_number = |column: &Column| match self.record.json(column) {
            Some(Json::Number(_)) => true,
            Some(_) => false,
            None => self.record.tree().is_some(),
        };
        let cells = self.rule.source.cells(self.record, self.templates);
        cells.iter().all(|(name, cell)| {
            let column = self.record.sheet().column(name);
            cell.trim() != text || column.is_some_and(|column| is_number(&column))
        })
    }

    /// Looks a text up in the map of the rule, if there is one.
    pub(in crate::mapping) fn mapped(
        &mut self,
        text: Cow<'r, str>,
    ) -> Result<Cow<'r, str>, Reported> {
        let steps = &self.rule.steps;
        let Some(map) = steps.map.as_ref().filter(|_| !self.is_default) else {
            return Ok(text);
        };
        let found = map
            .get(&text)
            .or(steps.otherwise.as_deref())
            .or(steps.default.as_deref());
        match found {
            Some(found) => Ok(Cow::Borrowed(found)),
            None => Err(self.error(Code::UnmappedValue, &text, map.refusal())),
        }
    }

    /// Reports an error about the field.
    pub(in crate::mapping) fn error(&mut self, code: Code, value: &str, message: &str) -> Reported {
        self.report(code, value, message);
        Reported
    }

    /// Reports a problem about the field.
    pub(in crate::mapping) fn report(&mut self, code: Code, value: &str, message: &str) {
        let label = match self.rule.source.label_for(self.record, self.templates) {
            "" => self.rule.field.name(),
            label => Cow::Borrowed(label),
        };
        let problem = Problem::new(code, self.record.place(), message).at(&label, value);
        self.problems.push(problem);
    }

    fn repaired(&mut self, repair: Repair, raw: RawText<'r>) -> RawText<'r> {
        let RawText::Text(text) = &raw else {
            return raw;
        };
        let region = match self.rule.conversion {
            Conversion::Phone(region) => region,
            _ => None,
        };
        let Some(repaired) = repair.apply(text, region).map(Cow::into_owned) else {
            return raw;
        };
        let message = format!("repaired by the rule `{}`", repair.name());
        self.report(Code::RepairedByRule, text, &message);
        RawText::text(Cow::Owned(repaired))
    }
}

/// A part of a text.
fn cut<'r>(text: &Cow<'r, str>, range: Range<usize>) -> RawText<'r> {
    RawText::text(match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
    })
}
