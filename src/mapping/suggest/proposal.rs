//! A proposed mapping, and the draft that becomes one.

use std::collections::BTreeSet;

use super::column_profile::ColumnProfile;
use super::name_rank::rank;
use super::survey::{ExportSurvey, Surveyed};
use crate::domain::call::Field;

/// A line of the proposed file.
#[derive(Debug)]
pub(super) struct ProposedRule {
    pub(super) field: Field,
    /// Positions of the columns that it takes.
    pub(super) columns: Vec<usize>,
    /// What stands behind `=`.
    pub(super) toml: String,
    /// What the operator should look at.
    pub(super) check: Option<String>,
}

/// A proposed mapping.
#[derive(Debug, Default)]
pub(super) struct SuggestedMapping {
    pub(super) rules: Vec<ProposedRule>,
    pub(super) needs: Vec<(&'static str, &'static str)>,
    /// A condition for records without an agent.
    pub(super) no_agent: Option<String>,
    /// The templates that name a recording.
    pub(super) recordings: Vec<String>,
    /// Whether the first of them are paths on a disk of Windows.
    pub(super) has_windows_paths: bool,
    /// The rule for the length of a recording.
    pub(super) seconds: Option<String>,
    /// Positions of the columns that feed something.
    pub(super) used: BTreeSet<usize>,
}

/// A survey while it is turned into a proposal.
pub(super) struct ProposalDraft<'s> {
    pub(super) survey: &'s ExportSurvey,
    pub(super) shapes: Vec<ColumnProfile>,
    pub(super) proposal: SuggestedMapping,
}

impl<'s> ProposalDraft<'s> {
    pub(super) fn new(survey: &'s ExportSurvey) -> Self {
        ProposalDraft {
            survey,
            shapes: survey.columns.iter().map(Surveyed::shape).collect(),
            proposal: SuggestedMapping::default(),
        }
    }

    /// Proposes a rule that takes no column, or several in a template.
    pub(super) fn rule(&mut self, field: Field, toml: String, check: Option<String>) {
        self.columns_rule(field, &[], toml, check);
    }

    /// Proposes a rule that takes a column.
    pub(super) fn column_rule(
        &mut self,
        field: Field,
        column: usize,
        toml: String,
        check: Option<String>,
    ) {
        self.columns_rule(field, &[column], toml, check);
    }

    /// Proposes a rule that takes these columns, which feed nothing else then.
    pub(super) fn columns_rule(
        &mut self,
        field: Field,
        columns: &[usize],
        toml: String,
        check: Option<String>,
    ) {
        self.proposal.used.extend(columns);
        self.proposal.rules.push(ProposedRule {
            field,
            columns: columns.to_vec(),
            toml,
            check,
        });
    }

    /// Takes back what was proposed for a field; its columns may feed others.
    pub(super) fn forget(&mut self, field: Field) {
        let columns = self.columns_of(field);
        self.proposal.rules.retain(|rule| rule.field != field);
        self.proposal.used.retain(|at| !columns.contains(at));
    }

    /// The columns that a field is made of.
    pub(super) fn columns_of(&self, field: Field) -> Vec<usize> {
        let mut rules = self.proposal.rules.iter();
        let rule = rules.find(|rule| rule.field == field);
        rule.map(|rule| rule.columns.clone()).unwrap_or_default()
    }

    /// The names of other columns that pass a test and feed nothing, the first few; empty when there are
    /// none.
    pub(super) fn named_others(
        &self,
        of: usize,
        shown: usize,
        test: impl Fn(&Surveyed, &ColumnProfile) -> bool,
    ) -> String {
        let columns = self.survey.columns.iter().zip(&self.shapes).enumerate();
        let others = columns.filter(|(other, (column, shape))| {
            let is_free = *other != of && !self.proposal.used.contains(other);
            is_free && !column.values.is_empty() && test(column, shape)
        });
        let names: Vec<&str> = others
            .map(|(_, (column, _))| column.name.as_str())
            .collect();
        let more = if names.len() > shown { " and more" } else { "" };
        let first: Vec<&str> = names.into_iter().take(shown).collect();
        format!("{}{more}", first.join(", "))
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.proposal.rules.iter().any(|rule| rule.field == field)
    }

    pub(super) fn need(&mut self, need: &'static str, why: &'static str) {
        if !self.proposal.needs.iter().any(|(known, _)| *known == need) {
            self.proposal.needs.push((need, why));
        }
    }

    /// The best column of these names that passes the test and feeds nothing yet.
    pub(super) fn find(
        &self,
        names: &[&str],
        test: impl Fn(&Surveyed, &ColumnProfile) -> bool,
    ) -> Option<usize> {
        let columns = self.survey.columns.iter().zip(&self.shapes).enumerate();
        columns
            .filter(|(at, (column, shape))| !self.proposal.used.contains(at) && test(column, shape))
            .filter_map(|(at, (column, _))| Some((rank(&column.name, names)?, at)))
            .min()
            .map(|(_, at)| at)
    }

    pub(super) fn name(&self, at: usize) -> &'s str {
        &self.survey.columns[at].name
    }

    /// The column inside of a template.
    pub(super) fn in_template(&self, at: usize) -> String {
        self.survey.columns[at].in_template()
    }
}
