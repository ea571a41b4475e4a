//! Asks a condition about a message as if some of its cells said something else.

use serde_json::{Value as Json, json};

use super::columns::NamedColumn;
use super::record_scope::RecordScope;
use crate::mapping::template::{BoundTemplates, TemplateError, TemplateId};
use crate::source::{Column, Record};

/// So many spellings of the cells of a message are tried together.
const MOST_TRIALS: usize = 64;

/// How yes and no are spelled in a flag, as values of JSON: yes first.
pub(in crate::mapping) const WRITTEN: [[&str; 2]; 6] = [
    ["true", "false"],
    ["\"true\"", "\"false\""],
    ["\"True\"", "\"False\""],
    ["\"yes\"", "\"no\""],
    ["\"1\"", "\"0\""],
    ["1", "0"],
];

/// A message of which a condition is asked.
pub(in crate::mapping) struct AskedMessage<'a, 'r> {
    pub(in crate::mapping) record: &'a Record<'r>,
    pub(in crate::mapping) templates: &'a BoundTemplates,
    pub(in crate::mapping) scope: &'a RecordScope,
}

impl AskedMessage<'_, '_> {
    /// Whether a condition holds of the message.
    pub(in crate::mapping) fn holds(&self, condition: TemplateId) -> Result<bool, TemplateError> {
        let rendering = self.templates.within(self.record, self.scope);
        rendering.holds(condition)
    }

    /// Whether a condition holds of the message, as if it said these in some of its cells.
    pub(in crate::mapping) fn holds_with(
        &self,
        condition: TemplateId,
        others: &[(&Column, &Json)],
    ) -> Result<bool, TemplateError> {
        if self.record.tree().is_none() {
            return self
                .templates
                .with(self.record, self.scope, others)
                .holds(condition);
        }
        // By the first steps to them, under which a template finds them.
        let mut changed: Vec<(Column, Json)> = Vec::new();
        for (column, value) in others {
            let Column::Path(path) = column else { continue };
            let Some((first, rest)) = path.split_first() else {
                continue;
            };
            let key = Column::Path([first.clone()].into());
            let known = changed.iter().position(|(known, _)| *known == key);
            let at = known.unwrap_or_else(|| {
                let whole = self.record.json(&key).filter(|_| !rest.is_empty());
                whole.inspect(|whole| self.scope.take_copy(whole));
                changed.push((key, whole.cloned().unwrap_or_default()));
                changed.len() - 1
            });
            let last = rest
                .iter()
                .try_fold(&mut changed[at].1, |tree, step| match tree {
                    Json::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
                    other => other.get_mut(step),
                });
            if let Some(last) = last {
                self.scope.take_copy(value);
                *last = (*value).clone();
            }
        }
        let others: Vec<(&Column, &Json)> =
            changed.iter().map(|(key, value)| (key, value)).collect();
        self.templates
            .with(self.record, self.scope, &others)
            .holds(condition)
    }
}

/// A condition, asked about one message with other values in one column.
pub(in crate::mapping) struct Asks<'a, 'r> {
    pub(in crate::mapping) condition: TemplateId,
    pub(in crate::mapping) message: &'a AskedMessage<'a, 'r>,
    pub(in crate::mapping) column: &'a Column,
}

impl Asks<'_, '_> {
    /// Whether the condition takes the column for a flag of which this answer makes the message private,
    /// by one of its spellings, while the other does not, by one of its own.
    pub(in crate::mapping) fn hides(
        &self,
        answer: bool,
        spellings: &[[&str; 2]],
    ) -> Result<bool, TemplateError> {
        let find = |answer: bool, wanted: bool| {
            for spelling in spellings {
                let text = spelling[usize::from(!answer)];
                let value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
                match self.holds(&value) {
                    Ok(held) if held == wanted => return Ok(true),
                    Ok(_) => {}
                    // A condition that cannot take a flag is none about it.
                    Err(failure) if failure.is_of_value => {}
                    Err(failure) => return Err(failure),
                }
            }
            Ok(false)
        };
        Ok(find(answer, true)? && find(!answer, false)?)
    }

    /// Whether the condition takes the column for a flag at all, by words.
    pub(in crate::mapping) fn is_flag(&self) -> Result<bool, TemplateError> {
        let words = &WRITTEN[..4];
        Ok(self.hides(false, words)? || self.hides(true, words)?)
    }

    fn holds(&self, value: &Json) -> Result<bool, TemplateError> {
        let others = [(self.column, value)];
        self.message.holds_with(self.condition, &others)
    }
}

/// A cell with another spelling of it.
pub(in crate::mapping) type RespelledCells<'c> = Vec<(&'c NamedColumn, &'c Json)>;

/// The cells with other spellings, each alone and in all ways together; where these are too many, all at once
/// and each alone.
pub(in crate::mapping) fn trials<'c>(
    cells: &'c [(&NamedColumn, Vec<Json>)],
) -> Vec<RespelledCells<'c>> {
    let ways = cells.iter().try_fold(1_usize, |ways, (_, others)| {
        ways.checked_mul(others.len() + 1)
    });
    if ways.is_none_or(|ways| ways > MOST_TRIALS) {
        let alone = cells
            .iter()
            .flat_map(|(named, others)| others.iter().map(|other| vec![(*named, other)]));
        let last = cells
            .iter()
            .filter_map(|(named, others)| Some((*named, others.last()?)));
        return std::iter::once(last.collect()).chain(alone).collect();
    }
    let mut trials: Vec<RespelledCells<'_>> = vec![Vec::new()];
    for (named, others) in cells {
        let more = trials.iter().flat_map(|trial| {
            others.iter().map(|other| {
                let mut trial = trial.clone();
                trial.push((*named, other));
                trial
            })
        });
        let more: Vec<RespelledCells<'_>> = more.collect();
        trials.extend(more);
    }
    // The first has no other spelling.
    trials.split_off(1)
}
