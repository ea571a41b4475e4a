//! Which records a mapping leaves out.

use std::sync::Arc;

use super::binder::Binder;
use super::watch::RecordWatch;
use crate::domain::{Code, Problem};
use crate::mapping::template::{Rendering, TemplateId};
use crate::source::Record;

/// What is looked at before a record is mapped: whether a rule leaves it out, by the rule's name, and
/// whether it says that its export is not complete.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct SkipRules {
    rules: Vec<(Box<str>, TemplateId)>,
    incomplete: Option<TemplateId>,
    /// Sees whether the records are those that the rules are for.
    watch: Option<Arc<RecordWatch>>,
}

/// What skip rules say about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum Skip<'s> {
    No,
    /// The rule of this name holds.
    By(&'s str),
    /// A rule failed, and the problem is reported.
    Undecided,
}

impl SkipRules {
    /// Checks the columns of these rules.
    pub(in crate::mapping) fn bind(
        rules: &[(String, TemplateId)],
        binder: &mut Binder<'_>,
    ) -> SkipRules {
        for (_, condition) in rules {
            binder.template(*condition, false);
        }
        let rules = rules.iter();
        SkipRules {
            rules: rules
                .map(|(name, id)| (name.as_str().into(), *id))
                .collect(),
            incomplete: None,
            watch: None,
        }
    }

    /// The same, with a watch over the records.
    pub(in crate::mapping) fn watched(mut self, watch: RecordWatch) -> SkipRules {
        self.watch = Some(Arc::new(watch));
        self
    }

    /// Whether a rule looks at the column.
    pub(in crate::mapping) fn look_at(&self, column: &str) -> bool {
        let watch = self.watch.as_ref();
        watch.is_some_and(|watch| watch.rules_look_at(column))
    }

    /// The watch over the records.
    pub(in crate::mapping) fn watch(&self) -> Option<&Arc<RecordWatch>> {
        self.watch.as_ref()
    }

    /// Notes that a record is not left out.
    #[inline]
    pub(in crate::mapping) fn keep(&self) {
        if let Some(watch) = &self.watch {
            watch.keep();
        }
    }

    /// What the rules say about a record, which is noted; a record that is none is undecided.
    pub(in crate::mapping) fn admit(
        &self,
        record: &Record<'_>,
        templates: &Rendering<'_>,
        problems: &mut Vec<Problem>,
    ) -> Skip<'_> {
        let foreign = self.watch.as_ref().and_then(|watch| watch.see(record));
        if let Some(problem) = foreign {
            problems.push(problem);
            return Skip::Undecided;
        }
        let skip = self.decide(record, templates, problems);
        match (&skip, &self.watch) {
            (Skip::By(name), Some(watch)) => {
                let rule = self.rules.iter().position(|(known, _)| **known == **name);
                watch.leave_out(rule.unwrap_or_default(), record);
            }
            _ => self.keep(),
        }
        skip
    }

    /// The same, with the condition under which an export is not complete.
    pub(in crate::mapping) fn with_incomplete(
        mut self,
        condition: Option<TemplateId>,
        binder: &mut Binder<'_>,
    ) -> SkipRules {
        if let Some(condition) = condition {
            binder.template(condition, false);
        }
        self.incomplete = condition;
        self
    }

    pub(in crate::mapping) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.incomplete.is_none()
    }

    /// The first rule that holds. That the export is not complete is told of left out records, too:
    /// it is not about them.
    pub(in crate::mapping) fn decide(
        &self,
        record: &Record<'_>,
        templates: &Rendering<'_>,
        problems: &mut Vec<Problem>,
    ) -> Skip<'_> {
        if let Some(condition) = self.incomplete {
            match templates.holds(condition) {
                Ok(true) => problems.push(Problem::new(
                    Code::ExportIncomplete,
                    record.location(),
                    "the export says here that it is not complete, so records are missing from it",
                )),
                Ok(false) => {}
                Err(failure) => {
                    let message = format!("`incomplete`: {}", failure.message);
                    problems.push(Problem::new(failure.code, record.location(), message));
                    return Skip::Undecided;
                }
            }
        }
        for (name, condition) in &self.rules {
            match templates.holds(*condition) {
                Ok(true) => return Skip::By(name),
                Ok(false) => {}
                Err(failure) => {
                    let message = format!("the skip rule `{name}`: {}", failure.message);
                    problems.push(Problem::new(failure.code, record.location(), message));
                    return Skip::Undecided;
                }
            }
        }
        Skip::No
    }
}
