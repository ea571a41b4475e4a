//! What mappings of calls and of cases share once they are bound to one export: rules, what is left out,
//! and the templates of both.

use std::borrow::Cow;
use std::sync::Arc;

use super::asked_keys::AskedKeys;
use super::binder::Binder;
use super::convert::value_of;
use super::field_input::FieldInput;
use super::rule::CompiledRule;
use super::skip::{Skip, SkipRules};
use super::watch::RecordWatch;
use crate::domain::Problem;
use crate::domain::call::{Field, Value};
use crate::mapping::error::LoadError;
use crate::mapping::file::MappingFile;
use crate::mapping::file::rule::FieldRule;
use crate::mapping::file::target::TargetField;
use crate::mapping::template::{BoundTemplates, Rendering};
use crate::source::{Record, Sheet};

/// The fields of a mapping whose columns are found in the header of one export.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct BoundFields {
    pub(in crate::mapping) rules: Vec<CompiledRule>,
    pub(in crate::mapping) skip: SkipRules,
    pub(in crate::mapping) templates: BoundTemplates,
    /// The columns of the export that nothing uses, in the order of the file. Empty for JSON.
    pub(in crate::mapping) unused: Vec<Box<str>>,
    pub(in crate::mapping) keys: AskedKeys,
}

impl BoundFields {
    /// Finds the columns of these rules, and of what every mapping looks at beside them.
    pub(in crate::mapping) fn bind(
        rules: &[&[FieldRule]],
        mapping: &MappingFile,
        sheet: &Sheet,
        binder: &mut Binder<'_>,
    ) -> BoundFields {
        let mut bound = Vec::new();
        for rules in rules {
            bound.extend(CompiledRule::bind(rules, mapping, binder));
        }
        refuse_unfilled(rules.iter().copied().flatten(), &bound, binder);
        let skip = SkipRules::bind(&mapping.skip, binder)
            .with_incomplete(mapping.incomplete, binder)
            .watched(RecordWatch::new(mapping, sheet, &mapping.skip).with_groups(mapping, sheet));
        binder.required(&mapping.source);
        BoundFields {
            rules: bound,
            skip,
            templates: BoundTemplates::new(&mapping.templates, sheet),
            unused: Vec::new(),
            keys: AskedKeys::default(),
        }
    }

    /// The same when all columns of the mapping have been looked for.
    ///
    /// # Errors
    /// When the export lacks columns, or the operator has not said what the file asks for.
    pub(in crate::mapping) fn finish(
        self,
        mapping: &MappingFile,
        binder: Binder<'_>,
    ) -> Result<BoundFields, LoadError> {
        let (unused, keys) = (binder.unused(), binder.keys());
        if !binder.findings.is_empty() {
            let (name, text) = (Arc::clone(&mapping.name), Arc::clone(&mapping.text));
            return Err(LoadError::new(name, text, binder.findings.into_list()));
        }
        Ok(BoundFields {
            unused,
            keys,
            ..self
        })
    }

    /// Whether a record is left out, which is noted. One of which nobody can tell is undecided, and the
    /// problem is reported.
    pub(in crate::mapping) fn admit(
        &self,
        record: &Record<'_>,
        templates: &Rendering<'_>,
        problems: &mut Vec<Problem>,
    ) -> Skip<'_> {
        match self.skip.admit(record, templates, problems) {
            Skip::No if self.keys.refuse_twins(record, problems) => Skip::Undecided,
            skip => skip,
        }
    }

    /// The rule of a target, if it has one.
    pub(in crate::mapping) fn rule(&self, target: &TargetField) -> Option<&CompiledRule> {
        self.rules.iter().find(|rule| rule.field == *target)
    }

    /// What the record says in a field, where its problems are told elsewhere.
    pub(in crate::mapping) fn value_of<'r>(
        &'r self,
        target: &TargetField,
        record: &Record<'r>,
    ) -> Value<'r> {
        let rule = self.rule(target);
        rule.map_or(Value::Absent, |rule| self.value(rule, record))
    }

    /// The same by a rule.
    pub(in crate::mapping) fn value<'r>(
        &'r self,
        rule: &'r CompiledRule,
        record: &Record<'r>,
    ) -> Value<'r> {
        let templates = self.templates.at(record);
        value_of(rule, &FieldInput::new(record, &templates), &mut Vec::new())
    }

    /// The column to name in a problem with a target; the target's own name when no column feeds it.
    pub(in crate::mapping) fn column_for<'r>(
        &'r self,
        target: &TargetField,
        record: &Record<'_>,
        templates: &Rendering<'_>,
    ) -> Cow<'r, str> {
        match self.rule(target) {
            Some(rule) => rule.column(record, templates),
            None => target.name(),
        }
    }
}

/// An optional rule may lack its columns, but a required field may not lack its value in every record.
fn refuse_unfilled<'m>(
    rules: impl Iterator<Item = &'m FieldRule>,
    bound: &[CompiledRule],
    binder: &mut Binder<'_>,
) {
    let is_bound = |rule: &FieldRule| bound.iter().any(|bound| bound.field == rule.field);
    for rule in rules.filter(|rule| rule.optional) {
        if rule.field.field().is_some_and(Field::is_required) && !is_bound(rule) {
            binder.unfilled(rule);
        }
    }
}
