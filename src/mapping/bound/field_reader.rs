//! The text of a field before it is read: fetched, cut, mapped, defaulted.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value as Json;

use super::columns::RawText;
use super::field_input::FieldInput;
use super::rule::CompiledRule;
use crate::domain::call::is_blank;
use crate::domain::{Code, Problem};
use crate::mapping::file::conversion::Conversion;
use crate::mapping::file::rule::ValueMap;
use crate::mapping::value::repair::Repair;
use crate::source::Column;

/// One field of one record on its way.
pub(in crate::mapping) struct FieldReader<'a, 'r> {
    pub(in crate::mapping) rule: &'r CompiledRule,
    pub(in crate::mapping) input: &'a FieldInput<'a, 'r>,
    problems: &'a mut Vec<Problem>,
    /// Whether the value is the rule's own default, which needs no map.
    is_default: bool,
}

/// What a look at the cells of a rule tells.
#[derive(Debug)]
pub(in crate::mapping) enum Glance<'r> {
    /// The record says nothing in the field.
    Nothing,
    /// A text that is not blank, and goes into the map or the conversion as it stands.
    Says(&'r str),
    /// More than the look must tell.
    Unclear,
}

/// A field for which an error is already reported.
#[derive(Debug)]
pub(in crate::mapping) struct Reported;

impl<'a, 'r> FieldReader<'a, 'r> {
    #[inline]
    pub(in crate::mapping) fn new(
        rule: &'r CompiledRule,
        input: &'a FieldInput<'a, 'r>,
        problems: &'a mut Vec<Problem>,
    ) -> Self {
        FieldReader {
            rule,
            input,
            problems,
            is_default: false,
        }
    }

    /// What the cells of the rule say at a look: the first of them that says something counts.
    #[inline]
    pub(in crate::mapping) fn glance(&self) -> Glance<'r> {
        let (Some(cells), Some(of_rule)) = (&self.input.cells, &self.rule.cells) else {
            return Glance::Unclear;
        };
        for cell in of_rule {
            match cells.said(*cell) {
                None => {}
                Some(text) if is_blank(text) => return Glance::Unclear,
                Some(text) => return Glance::Says(text),
            }
        }
        match self.rule.steps.default {
            None => Glance::Nothing,
            Some(_) => Glance::Unclear,
        }
    }

    /// Fetches the value and takes it through the steps that come before its conversion. Lists of
    /// labels are mapped label by label later.
    #[inline(never)]
    pub(in crate::mapping) fn raw(&mut self) -> Result<RawText<'r>, Reported> {
        let steps = &self.rule.steps;
        let (record, templates) = (self.input.record, self.input.templates);
        let mut raw = match RawText::of(&self.rule.source, record, templates) {
            Ok(raw) => raw,
            Err(failure) => return Err(self.error(failure.code, &failure.value, &failure.message)),
        };
        if let (Some(expression), RawText::Text(text)) = (&steps.extract, &raw) {
            let Ok(found) = expression.find(text, templates.work()) else {
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
        let record = self.input.record;
        let is_number = |column: &Column| match record.json(column) {
            Some(Json::Number(_)) => true,
            Some(_) => false,
            None => record.tree().is_some(),
        };
        let cells = self.rule.source.cells(record, self.input.templates);
        cells.iter().all(|(name, cell)| {
            let column = record.sheet().column(name);
            cell.trim() != text || column.is_some_and(|column| is_number(&column))
        })
    }

    /// Looks a text up in the map of the rule, if there is one.
    #[inline]
    pub(in crate::mapping) fn mapped(
        &mut self,
        text: Cow<'r, str>,
    ) -> Result<Cow<'r, str>, Reported> {
        match &self.rule.steps.map {
            Some(map) if !self.is_default => self.looked_up(map, &text).map(Cow::Borrowed),
            _ => Ok(text),
        }
    }

    #[inline(never)]
    fn looked_up(&mut self, map: &'r ValueMap, text: &str) -> Result<&'r str, Reported> {
        let steps = &self.rule.steps;
        let found = map
            .get(text)
            .or(steps.otherwise.as_deref())
            .or(steps.default.as_deref());
        match found {
            Some(found) => Ok(found),
            None => Err(self.error(Code::UnmappedValue, text, map.refusal())),
        }
    }

    /// Reports an error about the field.
    #[cold]
    pub(in crate::mapping) fn error(&mut self, code: Code, value: &str, message: &str) -> Reported {
        self.report(code, value, message);
        Reported
    }

    /// Reports a problem about the field.
    #[cold]
    pub(in crate::mapping) fn report(&mut self, code: Code, value: &str, message: &str) {
        let record = self.input.record;
        let label = self.rule.column(record, self.input.templates);
        let problem = Problem::new(code, record.location(), message).at(&label, value);
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
