//! A proposal that is completed by what the operator answers.

use super::agent_fields::agents;
use super::build::draft;
use super::call_customer::number;
use super::call_time::{settle_format, times};
use super::expressions::quoted;
use super::listed_recordings::ListedRecordings;
use super::proposal::ProposalDraft;
use super::survey::ExportSurvey;
use super::write::written;
use crate::domain::call::Field;
use crate::domain::shown;

/// The three fields of an agent, of which one is enough.
const AGENT: [Field; 3] = [Field::AgentId, Field::AgentName, Field::AgentEmail];
/// How all three are called.
const AGENT_WORD: &str = "agent";

/// A proposal, and what is missing in it.
pub struct GuidedProposal<'s> {
    draft: ProposalDraft<'s>,
}

impl std::fmt::Debug for GuidedProposal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let missing = self.missing();
        f.debug_struct("GuidedProposal")
            .field("missing", &missing)
            .finish_non_exhaustive()
    }
}

impl<'s> GuidedProposal<'s> {
    /// The proposal for an export, before any answer.
    pub fn of(survey: &'s ExportSurvey) -> Self {
        GuidedProposal {
            draft: draft(survey),
        }
    }

    /// The required targets for which no column was found, by their names.
    pub fn missing(&self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        for field in Field::REQUIRED {
            let name = match field {
                _ if self.draft.is_settled(field) => continue,
                field if AGENT.contains(&field) => AGENT_WORD,
                field => field.name(),
            };
            if !missing.contains(&name) {
                missing.push(name);
            }
        }
        missing
    }

    /// The first required target about whose column there is a doubt: its name, the column, the doubt.
    pub fn doubtful(&self) -> Option<(&'static str, &'s str, &str)> {
        const ASKED: [Field; 5] = [
            Field::DateTime,
            Field::Customer,
            Field::ExternalIdentity,
            Field::AgentName,
            Field::AgentEmail,
        ];
        ASKED.into_iter().find_map(|field| {
            let mut rules = self.draft.proposal.rules.iter();
            let rule = rules.find(|rule| rule.field == field && !rule.is_open)?;
            let (Some(check), [column]) = (&rule.check, &rule.columns[..]) else {
                return None;
            };
            Some((field.name(), self.draft.name(*column), check.as_str()))
        })
    }

    /// The columns that can be chosen, each with an example.
    pub fn columns(&self) -> Vec<(&'s str, &'s str)> {
        let columns = self.draft.survey.columns.iter();
        columns
            .filter(|column| !column.is_nested)
            .map(|column| {
                let example = column.examples().first().map_or("", String::as_str);
                (column.name.as_str(), example)
            })
            .collect()
    }

    /// Takes an answer for a target: a column by its name or its number from 1, or `= TEXT` for what is the
    /// same in every record. The error says why it cannot be taken.
    ///
    /// # Errors
    /// When no such column exists, or it does not hold what the target needs.
    pub fn answer(&mut self, target: &str, answer: &str) -> Result<(), String> {
        let answer = answer.trim();
        let field = match target {
            AGENT_WORD => None,
            name => Field::from_name(name),
        };
        if let Some(text) = answer.strip_prefix('=') {
            return self.same_text(field, text.trim());
        }
        let (answer, format) = match answer.find(" %") {
            Some(at) => (answer[..at].trim(), Some(answer[at..].trim())),
            None => (answer, None),
        };
        let at = self.column(answer)?;
        let shape = &self.draft.shapes[at];
        let field = match field {
            Some(field) => field,
            None if shape.is_email => Field::AgentEmail,
            None if shape.is_person => Field::AgentName,
            None => Field::AgentId,
        };
        if field == Field::DateTime && shape.named_times().is_none() {
            let example = self.draft.survey.columns[at].examples().first();
            let example = example.map_or("", String::as_str);
            return Err(format!(
                "no time format that is tried reads `{}`",
                shown(example)
            ));
        }
        if AGENT.contains(&field) {
            // What was made of a column in doubt is made again of this one.
            for field in AGENT {
                if !self.draft.is_settled(field) {
                    self.draft.forget(field);
                }
            }
        }
        self.draft.forget(field);
        match field {
            Field::DateTime => {
                times(&mut self.draft, at, None);
                settle_format(&mut self.draft, format)?;
            }
            Field::Customer => number(&mut self.draft, at, None),
            field => {
                let name = quoted(self.draft.name(at));
                self.draft.column_rule(field, at, name, None);
            }
        }
        if AGENT.contains(&field) {
            agents(&mut self.draft);
        }
        self.draft.proposal.rules.sort_by_key(|rule| rule.field);
        Ok(())
    }

    fn same_text(&mut self, field: Option<Field>, text: &str) -> Result<(), String> {
        let field = match field {
            Some(Field::ExternalIdentity | Field::DateTime) => {
                return Err("every call needs one of its own".to_owned());
            }
            Some(field) => field,
            None => return Err("name a column that says who the agent is".to_owned()),
        };
        self.draft.forget(field);
        let toml = format!("{{ value = {} }}", quoted(text));
        self.draft.rule(field, toml, None);
        Ok(())
    }

    fn column(&self, answer: &str) -> Result<usize, String> {
        let names = self.columns();
        let by_number = answer.parse::<usize>().ok();
        let name = match by_number.and_then(|number| names.get(number.checked_sub(1)?)) {
            Some((name, _)) => name,
            None => answer,
        };
        let mut columns = self.draft.survey.columns.iter();
        let found = columns.position(|column| {
            !column.is_nested && column.name.to_lowercase() == name.to_lowercase()
        });
        found.ok_or_else(|| format!("no column is called `{answer}`"))
    }

    /// The mapping file as it stands.
    pub fn text(&self, recordings: Option<&ListedRecordings<'_>>) -> String {
        written(self.draft.survey, &self.draft.proposal, recordings)
    }
}

/// A mapping file that says one more thing in `[source]`.
pub fn said_in_source(text: &str, key: &str, value: &str) -> String {
    // What a proposal writes as an example is no longer needed.
    let is_example = |line: &&str| {
        let rest = line
            .strip_prefix("# ")
            .and_then(|line| line.strip_prefix(key));
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let kept: Vec<&str> = text.lines().filter(|line| !is_example(line)).collect();
    let text = kept.join("\n") + "\n";
    let line = format!("[source]\n{key} = {}\n", quoted(value));
    text.replacen("[source]\n", &line, 1)
}
