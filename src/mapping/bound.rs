//! Rules bound to one export: what the profiles of calls and of cases share.

use std::borrow::Cow;

use super::bind::{Binder, Source};
use super::conversion::Conversion;
use super::convert::convert;
use super::file::Mapping;
use super::rule::{FieldRule, Steps};
use super::target::Target;
use super::template::{Rendering, TemplateId};
use super::value::Apply;
use crate::call::{Problem, Value};
use crate::source::Record;

/// The rule of one field, bound to the export.
#[derive(Debug, Clone)]
pub(super) struct BoundRule {
    pub(super) field: Target,
    pub(super) source: Source,
    pub(super) steps: Steps,
    pub(super) conversion: Conversion,
}

impl BoundRule {
    /// Finds the columns of these rules; a rule whose columns may be missing and are is left out.
    pub(super) fn bind(
        rules: &[FieldRule],
        mapping: &Mapping,
        binder: &mut Binder<'_>,
    ) -> Vec<BoundRule> {
        let mut bound = Vec::new();
        for rule in rules {
            // A default stands in for a column that the export lacks, too.
            let default = rule.steps.default.as_ref();
            let default = default.map(|_| Source::Constant(String::new()));
            if let Some(source) = binder.field(rule).or(default) {
                bound.push(BoundRule {
                    field: rule.field.clone(),
                    source,
                    steps: rule.steps.clone(),
                    conversion: rule.conversion.bound(mapping.zone.as_ref(), mapping.region),
                });
            }
        }
        bound
    }

    /// What the record says; [`Value::Broken`] exactly when an error was reported.
    pub(super) fn value<'r>(
        &'r self,
        record: &Record<'r>,
        templates: &Rendering<'r>,
        problems: &mut Vec<Problem>,
    ) -> Value<'r> {
        // Most rules are this one, and it must cost no more than finding the cell.
        if let (Source::Column(named), Conversion::Text, true) = (
            &self.source,
            &self.conversion,
            self.steps.is_empty() && record.tree().is_none(),
        ) {
            return match record.text(&named.column) {
                Some(text) if !text.is_empty() => Value::Text(text),
                _ => Value::Absent,
            };
        }
        convert(&mut Apply {
            rule: self,
            record,
            templates,
            is_default: false,
            problems,
        })
    }

    /// The column to name in a problem: of several the one that is filled, and the name of the
    /// target when no column feeds it.
    pub(super) fn column<'r>(
        &'r self,
        record: &Record<'_>,
        templates: &Rendering<'_>,
    ) -> Cow<'r, str> {
        match self.source.label_for(record, templates) {
            "" => self.field.name(),
            label => Cow::Borrowed(label),
        }
    }
}

/// Rules by which records are left out, with their names.
#[derive(Debug, Clone, Default)]
pub(super) struct SkipRules(Vec<(Box<str>, TemplateId)>);

/// What skip rules say about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skip<'s> {
    No,
    /// The rule of this name holds.
    By(&'s str),
    /// A rule failed, and the problem is reported.
    Undecided,
}

impl SkipRules {
    /// Checks the columns of these rules.
    pub(super) fn bind(rules: &[(String, TemplateId)], binder: &mut Binder<'_>) -> SkipRules {
        for (_, condition) in rules {
            binder.template(*condition, false);
        }
        let rules = rules.iter();
        SkipRules(
            rules
                .map(|(name, id)| (name.as_str().into(), *id))
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first rule that holds.
    pub(super) fn decide(
        &self,
        record: &Record<'_>,
        templates: &Rendering<'_>,
        problems: &mut Vec<Problem>,
    ) -> Skip<'_> {
        for (name, condition) in &self.0 {
            match templates.holds(*condition) {
                Ok(true) => return Skip::By(name),
                Ok(false) => {}
                Err(failure) => {
                    let message = format!("the skip rule `{name}`: {}", failure.message);
                    problems.push(Problem::new(failure.code, record.place(), message));
                    return Skip::Undecided;
                }
            }
        }
        Skip::No
    }
}
