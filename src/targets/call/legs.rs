//! Several rows, one call: how a worker decides rows that were brought together.
//!
//! One row speaks for the call and carries its outcome; the others are told with it. Whatever is
//! wrong with any of the rows rejects all of them, because a call of which a part could not be read
//! is not the call that took place. A row that stands there once more is no further leg.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use xxhash_rust::xxh3::Xxh3Default;

use super::batch_result::BatchResult;
use super::call_judge::{CallJudge, count};
use super::proposal::{CallProposal, ended};
use super::unsent_recordings::{named_recordings, named_recordings_of_left_out};
use crate::domain::call::{Draft, Value};
use crate::domain::{Code, Location, Problem};
use crate::events::{FurtherRow, Outcome};
use crate::mapping::{CallMapping, CallRow, MappedCall, Merged};
use crate::pipeline::{Action, RecordingUse, RowGroup};
use crate::source::{Batch, Record};

/// A row that the mapping made something of.
struct Row<'b> {
    index: usize,
    part: CallRow<'b>,
    problems: Vec<Problem>,
}

/// Decides rows that were brought together.
pub(in crate::targets) struct LegJudge<'w, 'r> {
    pub(in crate::targets) judge: &'w mut CallJudge<'r>,
}

impl LegJudge<'_, '_> {
    /// Decides the rows of a group.
    pub(in crate::targets) fn group(
        &mut self,
        batch: &Batch,
        at: usize,
        group: RowGroup,
        result: &mut BatchResult,
    ) {
        let record = batch.get(at);
        let mut problems: Vec<Problem> = record.problems().cloned().collect();
        let proposal = match group {
            RowGroup::Call(rows) => {
                return self.call(batch, at..at + rows as usize, result);
            }
            // What is broken says nothing for certain, its time included.
            RowGroup::Older if problems.iter().any(Problem::is_error) => {
                ended(problems, Outcome::Rejected, "")
            }
            RowGroup::Older => ended(problems, Outcome::Skipped, "older copy"),
            RowGroup::Undated => {
                let newest = self.judge.mapping.newest();
                let (column, value) = newest.map(|rule| rule.at(&record)).unwrap_or_default();
                let message = "no time or number, so nobody can say which copy is the newest";
                problems.push(
                    Problem::new(Code::BadTime, record.location(), message).at(column, &value),
                );
                ended(problems, Outcome::Rejected, "")
            }
            RowGroup::Crowd => {
                let message = "more than 1000 rows have this id, which are hardly one call";
                problems.push(Problem::new(Code::LegsDisagree, record.location(), message));
                ended(problems, Outcome::Rejected, "")
            }
        };
        result.totals.records += 1;
        result.proposals.push(proposal);
    }

    /// Decides the rows of one call.
    fn call(&mut self, batch: &Batch, range: Range<usize>, result: &mut BatchResult) {
        let mapping = std::sync::Arc::clone(&self.judge.mapping);
        let mut rows: Vec<Row<'_>> = Vec::new();
        // By the hash of what they say, where the rows that count stand.
        let mut counted = HashMap::new();
        let may_repeat = range.len() > 1;
        let mut is_broken = false;
        for index in range {
            result.totals.records += 1;
            let record = batch.get(index);
            let mut problems: Vec<Problem> = record.problems().cloned().collect();
            let proposal = if problems.iter().any(Problem::is_error) {
                is_broken = true;
                ended(problems, Outcome::Rejected, "")
            } else if problems
                .iter()
                .any(|problem| problem.code == Code::TrailingRow)
            {
                ended(problems, Outcome::Skipped, "no record")
            } else if let Some(first) = may_repeat.then(|| counted.get(&content(&record))).flatten()
            {
                repeat(&mapping, &record, first, problems)
            } else {
                let mut draft = Draft::new();
                match mapping.evaluate(&record, &mut draft, &mut problems) {
                    MappedCall::Skipped(rule) => CallProposal {
                        recording: named_recordings_of_left_out(
                            self.judge.context(),
                            std::slice::from_ref(&record),
                        ),
                        ..ended(problems, Outcome::Skipped, rule.to_owned())
                    },
                    MappedCall::Undecided => {
                        is_broken = true;
                        ended(problems, Outcome::Rejected, "")
                    }
                    MappedCall::Filled => {
                        is_broken |= problems.iter().any(Problem::is_error);
                        if may_repeat {
                            counted.insert(content(&record), record.location());
                        }
                        rows.push(Row {
                            index,
                            part: CallRow { record, draft },
                            problems,
                        });
                        told()
                    }
                }
            };
            result.proposals.push(proposal);
        }
        if rows.is_empty() {
            return;
        }
        if is_broken {
            end_all(rows, Outcome::Rejected, "leg", &mut result.proposals);
            return;
        }
        self.merged(rows, result);
    }

    /// The recordings of a call that is rejected or left out.
    fn sought_by(&self, parts: &[CallRow<'_>], is_rejected: bool) -> Option<Box<RecordingUse>> {
        let records: Vec<Record<'_>> = parts.iter().map(|part| part.record).collect();
        if is_rejected {
            named_recordings(self.judge.context(), &records)
        } else {
            named_recordings_of_left_out(self.judge.context(), &records)
        }
    }

    fn merged(&mut self, mut rows: Vec<Row<'_>>, result: &mut BatchResult) {
        let mut problems = Vec::new();
        let (mut indices, mut parts, mut own) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows.drain(..) {
            indices.push(row.index);
            parts.push(row.part);
            own.push(row.problems);
        }
        let Merged {
            draft,
            lead,
            order,
            lacks,
        } = Merged::of(&self.judge.mapping, &parts, &mut problems);
        let is_broken = problems.iter().any(Problem::is_error);
        for problem in problems {
            let of = parts
                .iter()
                .position(|part| part.record.location() == problem.location);
            own[of.unwrap_or(lead)].push(problem);
        }
        let action = match lacks {
            _ if is_broken => Some((Outcome::Rejected, Cow::Borrowed("leg"))),
            Some(field) => Some((Outcome::Skipped, Cow::Owned(format!("no {field}")))),
            None => None,
        };
        if let Some((outcome, detail)) = action {
            let speaks = indices[lead];
            for (index, problems) in indices.into_iter().zip(own) {
                result.proposals[index] = ended(problems, outcome, detail.clone());
            }
            result.proposals[speaks].recording = self.sought_by(&parts, is_broken);
            return;
        }
        // The row that speaks comes first, then the others in their order.
        let mut records = vec![parts[lead].record];
        records.extend(
            order
                .iter()
                .filter(|at| **at != lead)
                .map(|at| parts[*at].record),
        );
        let mut problems = std::mem::take(&mut own[lead]);
        // A row that may be cut makes the call doubtful, whichever of its rows that is.
        for row in &mut own {
            let doubts = |problem: &mut Problem| problem.code == Code::RowUnterminated;
            problems.extend(row.extract_if(.., doubts));
        }
        let judge = &mut *self.judge;
        let proposal = match judge.checked(&records, draft, problems) {
            Err(proposal) => *proposal,
            Ok(checked) => {
                count(&judge.run, &checked, &mut result.totals);
                judge.decide(&records, checked, indices[lead], &mut result.open)
            }
        };
        result.proposals[indices[lead]] = proposal;
        let further = further_rows(&indices, own, lead);
        if !further.is_empty() {
            result.further.push((indices[lead], further));
        }
    }
}

/// The rows of a call for which the leading one speaks, with what is wrong with each.
fn further_rows(indices: &[usize], own: Vec<Vec<Problem>>, lead: usize) -> Vec<FurtherRow> {
    let rows = indices.iter().zip(own).enumerate();
    let further = rows.filter(|(at, _)| *at != lead);
    let row = |(_, (index, problems)): (usize, (&usize, _))| FurtherRow {
        index: *index,
        problems,
    };
    further.map(row).collect()
}

/// A row that says what another row of its call says.
fn repeat(
    mapping: &CallMapping,
    record: &Record<'_>,
    first: &Location,
    mut problems: Vec<Problem>,
) -> CallProposal {
    let message = format!("the same record as {}", first.within());
    let mut problem = Problem::new(Code::RepeatedRecord, record.location(), message);
    if let (column, Value::Text(id)) = mapping.id(record) {
        problem = problem.at(&column, &id);
    }
    problems.push(problem);
    ended(problems, Outcome::Skipped, "repeat")
}

/// The hash of all that a row says, wherever it stands.
fn content(record: &Record<'_>) -> u128 {
    let mut hash = Xxh3Default::new();
    for cell in record.cells() {
        hash.update(&cell.len().to_le_bytes());
        hash.update(cell.as_bytes());
    }
    if let Some(tree) = record.tree() {
        hash.update(tree.to_string().as_bytes());
    }
    hash.digest128()
}

fn end_all(
    rows: Vec<Row<'_>>,
    outcome: Outcome,
    detail: &'static str,
    proposals: &mut [CallProposal],
) {
    for row in rows {
        // A row that has a problem of its own needs no other word.
        let detail = if row.problems.iter().any(Problem::is_error) {
            ""
        } else {
            detail
        };
        proposals[row.index] = ended(row.problems, outcome, detail);
    }
}

fn told() -> CallProposal {
    let mut proposal = ended(Vec::new(), Outcome::Skipped, "");
    proposal.action = Action::WithLead;
    proposal
}
