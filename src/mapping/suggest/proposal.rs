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
    /// What the values allow as well, each as it would stand behind `=`.
    pub(super) others: Vec<String>,
    /// Whether a person must decide. Its lines are written as comments: nothing of them is sent, and a file
    /// in which a required target has no other line is refused.
    pub(super) is_open: bool,
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
            others: Vec::new(),
            is_open: false,
        });
    }

    /// Leaves to the operator what was proposed for a field: why, and what else it could be.
    pub(super) fn leave_open(&mut self, field: Field, why: &str, others: Vec<String>) {
        let mut rules = self.proposal.rules.iter_mut();
        let Some(rule) = rules.find(|rule| rule.field == field) else {
            return;
        };
        rule.is_open = true;
        for other in others {
            if other != rule.toml && !rule.others.contains(&other) {
                rule.others.push(other);
            }
        }
        rule.check = Some(match rule.check.take() {
            Some(check) if check.contains(why) => check,
            Some(check) => format!("{check}; {why}"),
            None => why.to_owned(),
        });
    }

    /// Whether a person must decide about one of these columns.
    pub(super) fn is_open(&self, columns: &[usize]) -> bool {
        let mut open = self.proposal.rules.iter().filter(|rule| rule.is_open);
        open.any(|rule| rule.columns.iter().any(|at| columns.contains(at)))
    }

    /// Takes back what was proposed for a field; its columns may feed others.
    pub(super) fn forget(&mut self, field: Field) {
        let columns = self.columns_of(field);
        self.proposal.rules.retain(|rule| rule.field != field);
        self.proposal.used.retain(|at| !columns.contains(at));
    }

    /// Takes back the rule of a field, to offer it beside another.
    pub(super) fn taken_back(&mut self, field: Field) -> Option<ProposedRule> {
        let rules = &mut self.proposal.rules;
        let at = rules.iter().position(|rule| rule.field == field)?;
        let rule = rules.remove(at);
        self.proposal.used.retain(|at| !rule.columns.contains(at));
        Some(rule)
    }

    /// Offers a rule that was taken back: alone, or beside the one that was found instead.
    pub(super) fn restore(&mut self, rule: Option<ProposedRule>) {
        let Some(rule) = rule else { return };
        let mut rules = self.proposal.rules.iter_mut();
        match rules.find(|other| other.field == rule.field) {
            Some(found) if found.is_open => found.others.push(rule.toml),
            Some(_) => {}
            None => {
                self.proposal.used.extend(&rule.columns);
                self.proposal.rules.push(rule);
            }
        }
    }

    /// The columns of fields that are made of one, and about which nothing must be decided.
    pub(super) fn settled_columns(&self, fields: &[Field]) -> Vec<usize> {
        let rules = self.proposal.rules.iter();
        let settled = rules.filter(|rule| fields.contains(&rule.field) && !rule.is_open);
        settled
            .flat_map(|rule| rule.columns.iter().copied())
            .collect()
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

    /// Whether something is proposed that no person must decide about.
    pub(super) fn is_settled(&self, field: Field) -> bool {
        let mut rules = self.proposal.rules.iter();
        rules.any(|rule| rule.field == field && !rule.is_open)
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
