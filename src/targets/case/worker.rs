//! The worker for a help desk's records: tickets become cases, rows become messages of their case, and
//! each case gets its step. Rows of one case lie side by side in a batch (`gather`).

use jiff::Timestamp;

use super::assemble::{CaseRecord, CaseRecords};
use super::cut_row::cut_row;
use super::proposal::CaseProposal;
use super::read_message::{ReadMessage, ReadMessages};
use super::scoped_record::ScopedRecord;
use super::target::CaseTarget;
use crate::domain::case::{
    Case, CaseDraft, CaseField, CasePath, CaseViolation, Message, MessageDraft, MessageField,
};
use crate::domain::{Code, Problem};
use crate::events::{Outcome, Totals};
use crate::ledger::{CaseFact, LedgerEntry, LedgerReader};
use crate::mapping::{CaseMapping, MappedCase, MappedMessage, RecordScope};
use crate::pipeline::{
    Action, BatchTask, Error, NotedEnd, Proposals, Purpose, RunContext, SheetMappings, Worker,
    overdue,
};
use crate::source::{Batch, Record};
use crate::targets::case::job::CaseJob;

/// What makes proposals of the records of cases.
pub struct CaseWorker<'r> {
    run: RunContext<'r>,
    target: &'r CaseTarget,
    reader: Option<LedgerReader>,
    latest: Timestamp,
    violations: Vec<CaseViolation>,
}

/// What became of one record on its own.
enum Read {
    Ended(Box<CaseProposal>),
    Record(Box<CaseRecord>),
}

/// What is wrong with a case that says nothing; `list` is where its messages would stand.
fn without_messages(record: &Record<'_>, list: &str) -> Problem {
    let message = "the case has no message";
    Problem::new(Code::MissingField, record.location(), message).at(list, "")
}

impl<'r> CaseWorker<'r> {
    pub(in crate::targets) fn new(
        target: &'r CaseTarget,
        run: RunContext<'r>,
    ) -> Result<Self, Error> {
        Ok(CaseWorker {
            run,
            target,
            reader: run.reader()?,
            latest: run.latest(),
            violations: Vec::new(),
        })
    }

    /// How many of these count: none where another process imports the case.
    fn own(&self, case: Option<&Case>, count: u64) -> u64 {
        let is_own = case.is_none_or(|case| self.run.owns(case.identity_hash()));
        if is_own { count } else { 0 }
    }

    fn read(
        &mut self,
        record: &Record<'_>,
        mapping: &CaseMapping,
        index: usize,
        totals: &mut Totals,
    ) -> Read {
        let mut problems = match CaseProposal::readable(record) {
            Ok(problems) => problems,
            Err(proposal) => return Read::Ended(proposal),
        };
        let end = |problems, outcome, why: &str| {
            let ended = CaseProposal::finished(problems, outcome, why.to_owned());
            Read::Ended(Box::new(ended))
        };
        let scope = RecordScope::default();
        let draft = match mapping.apply(record, &scope, &mut problems) {
            MappedCase::Skipped(rule) => return end(problems, Outcome::Skipped, rule),
            MappedCase::Undecided => return end(problems, Outcome::Rejected, ""),
            MappedCase::Draft(draft) => draft,
        };
        let at = ScopedRecord::whole(record, &scope);
        let messages = match self.messages(at, mapping, &mut problems) {
            Ok(messages) => messages,
            Err(rule) => {
                let said = problems.len();
                let case = self.case(draft, at, mapping, &mut problems);
                problems.truncate(said);
                totals.left_out += self.own(case.as_ref(), 1);
                return match case {
                    Some(case) => Read::Record(Box::new(CaseRecord {
                        index,
                        case,
                        messages: Vec::new(),
                        problems,
                        left_out: Some(rule),
                    })),
                    None => end(problems, Outcome::Skipped, rule),
                };
            }
        };
        let left_out = messages.left_out;
        let case = self.case(draft, at, mapping, &mut problems);
        if let Some(name) = messages.lacks_any {
            problems.push(without_messages(record, &name));
        }
        totals.left_out += self.own(case.as_ref(), left_out);
        let Some(case) = case.filter(|_| !problems.iter().any(Problem::is_error)) else {
            return end(problems, Outcome::Rejected, "");
        };
        if messages.list.is_empty() {
            return end(
                problems,
                Outcome::Skipped,
                "only messages that are left out",
            );
        }
        totals.cases += self.own(Some(&case), 1);
        totals.messages += self.own(Some(&case), messages.list.len() as u64);
        Read::Record(Box::new(CaseRecord {
            index,
            case,
            messages: messages.list,
            problems,
            left_out: None,
        }))
    }

    /// Holds a row that may be cut in a cell that is used, until a run finds it unchanged. One that is left
    /// out does not speak for its case.
    fn doubt_last_row(
        &self,
        mut told: Box<CaseRecord>,
        mapping: &CaseMapping,
        record: &Record<'_>,
    ) -> Result<Read, Error> {
        let doubts = |problem: &&mut Problem| {
            problem.code == Code::RowUnterminated && mapping.uses(&problem.column)
        };
        let Some(problem) = told.problems.iter_mut().find(doubts) else {
            return Ok(Read::Record(told));
        };
        let row = cut_row(&told.case, &told.messages);
        let is_known = match &self.reader {
            Some(reader) => reader.has_cut_row(row.hash)?,
            None => false,
        };
        if is_known {
            return Ok(Read::Record(told));
        }
        if let Some(rule) = told.left_out {
            let ended = CaseProposal::finished(told.problems, Outcome::Skipped, rule.to_owned());
            return Ok(Read::Ended(Box::new(ended)));
        }
        let message = format!(
            "{}; the row is held, and the next run that finds it unchanged sends it",
            problem.message
        );
        problem.message = message.into();
        problem.holds = true;
        let overdue = overdue(None, self.run.now, self.target.hold_for);
        let overdue =
            overdue.map(|words| Problem::new(Code::HeldTooLong, record.location(), words));
        told.problems.extend(overdue);
        let mut proposal = CaseProposal::finished(
            told.problems,
            Outcome::Held,
            Code::RowUnterminated.name().to_owned(),
        );
        if self.run.purpose == Purpose::Run {
            proposal.action = Action::Noted(Box::new(NotedEnd {
                outcome: Outcome::Held,
                detail: Code::RowUnterminated.name(),
                entry: LedgerEntry::new(told.case.uid, CaseFact::Held(row)),
            }));
        }
        Ok(Read::Ended(Box::new(proposal)))
    }

    fn case(
        &mut self,
        draft: CaseDraft<'_>,
        at: ScopedRecord<'_, '_>,
        mapping: &CaseMapping,
        problems: &mut Vec<Problem>,
    ) -> Option<Case> {
        let case = Case::new(draft, &mut self.violations);
        if let Some(case) = &case {
            let target = CasePath::Case(CaseField::Updated);
            self.refuse_future(target, case.updated_at, &case.updated);
        }
        self.report(at, mapping, "", problems);
        case
    }

    /// Refuses a time that lies more than a day ahead.
    fn refuse_future(&mut self, target: CasePath, at: Timestamp, text: &str) {
        if at > self.latest {
            self.violations.push(CaseViolation {
                code: Code::ImpossibleTime,
                target,
                value: text.to_owned(),
                message: "more than a day ahead of this machine's clock".to_owned(),
            });
        }
    }

    /// Turns violations into problems of the record; `list` is where a nested message stands.
    fn report(
        &mut self,
        at: ScopedRecord<'_, '_>,
        mapping: &CaseMapping,
        list: &str,
        problems: &mut Vec<Problem>,
    ) {
        for violation in self.violations.drain(..) {
            let column = mapping.column_for(&violation.target, at.record, at.scope);
            let problem = Problem::new(violation.code, at.record.location(), violation.message);
            problems.push(problem.at(&format!("{list}{column}"), &violation.value));
        }
    }

    /// The messages of a record; the error is the rule that leaves out a record that is a message.
    fn messages(
        &mut self,
        at: ScopedRecord<'_, '_>,
        mapping: &CaseMapping,
        problems: &mut Vec<Problem>,
    ) -> Result<ReadMessages, &'static str> {
        let mut messages = ReadMessages::default();
        match mapping.messages(at.record) {
            None => match self.message(at, mapping, "", problems) {
                ReadMessage::Message(message) => messages.list.push(*message),
                ReadMessage::Broken => {}
                ReadMessage::LeftOut(rule) => return Err(rule),
            },
            Some(Err(problem)) => problems.push(problem),
            Some(Ok(nested)) => {
                if nested.is_empty() {
                    messages.lacks_any = Some(mapping.places());
                }
                nested.each(at.scope, |message, location, form| {
                    let inner = ScopedRecord {
                        record: message,
                        form,
                        scope: at.scope,
                    };
                    match self.message(inner, mapping, &format!("{location}."), problems) {
                        ReadMessage::Message(message) => messages.list.push(*message),
                        ReadMessage::Broken => {}
                        ReadMessage::LeftOut(rule) => {
                            messages.left_out += 1;
                            let message = format!("a message is left out: {rule}");
                            let code = Code::MessageLeftOut;
                            let problem = Problem::new(code, at.record.location(), message);
                            problems.push(problem.at(location, ""));
                        }
                    }
                });
            }
        }
        Ok(messages)
    }

    fn message(
        &mut self,
        at: ScopedRecord<'_, '_>,
        mapping: &CaseMapping,
        list: &str,
        problems: &mut Vec<Problem>,
    ) -> ReadMessage {
        let before = problems.len();
        let mapped = mapping.apply_message(at.record, at.form, at.scope, problems);
        for problem in &mut problems[before..] {
            problem.column = format!("{list}{}", problem.column).into();
        }
        let draft: MessageDraft<'_> = match mapped {
            MappedMessage::Private => return ReadMessage::LeftOut("private note"),
            MappedMessage::Skipped(_) => return ReadMessage::LeftOut("a rule of the mapping"),
            MappedMessage::Undecided => return ReadMessage::Broken,
            MappedMessage::Draft(draft) => draft,
        };
        let message = Message::new(draft, &mut self.violations);
        if let Some(message) = &message {
            let target = CasePath::Message(MessageField::Created);
            self.refuse_future(target, message.at, &message.created);
        }
        self.report(at, mapping, list, problems);
        message.map_or(ReadMessage::Broken, |message| {
            ReadMessage::Message(Box::new(message))
        })
    }

    /// Asks the ledger about the cases of a batch, and decides them.
    fn decide(
        &self,
        groups: Vec<CaseRecords>,
        batch: &Batch,
        proposals: &mut [Option<CaseProposal>],
        totals: &mut Totals,
    ) -> Result<(), Error> {
        let groups: Vec<CaseRecords> = groups
            .into_iter()
            .filter(|group| !group.records.is_empty())
            .collect();
        let asked: Vec<(&str, u128)> = groups.iter().map(CaseRecords::asked).collect();
        let standings = match self.reader.as_ref().filter(|_| !asked.is_empty()) {
            Some(reader) => reader.cases(&asked)?,
            None => vec![None; groups.len()],
        };
        for (group, state) in groups.into_iter().zip(standings) {
            let key = group.key();
            let (decided, requests) = group.decide(state.as_ref(), batch, self.run.purpose);
            if self.run.owns(key.identity()) {
                totals.requests += requests;
            }
            for (index, proposal) in decided {
                let key = Some(key);
                proposals[index] = Some(CaseProposal { key, ..proposal });
            }
        }
        Ok(())
    }
}

impl Worker<CaseTarget> for CaseWorker<'_> {
    fn propose(
        &mut self,
        task: BatchTask<CaseMapping>,
    ) -> Result<Proposals<CaseMapping, CaseJob>, Error> {
        let BatchTask {
            batch,
            mappings,
            round,
            ..
        } = task;
        let mut proposals: Vec<Option<CaseProposal>> = Vec::with_capacity(batch.len());
        let mut totals = Totals::default();
        let mut groups: Vec<CaseRecords> = Vec::new();
        for (index, record) in batch.iter().enumerate() {
            totals.records += 1;
            let mapping = mappings.of(&record);
            let mut read = self.read(&record, mapping, index, &mut totals);
            if let Read::Record(told) = read {
                read = self.doubt_last_row(told, mapping, &record)?;
            }
            match read {
                Read::Ended(proposal) => proposals.push(Some(*proposal)),
                Read::Record(told) => {
                    proposals.push(None);
                    match groups.last_mut().filter(|group| group.takes(&told)) {
                        Some(group) => group.records.push(*told),
                        None => groups.push(CaseRecords::new(*told, mapping)),
                    }
                }
            }
        }
        for group in &mut groups {
            group.finish(&batch, &mut proposals);
        }
        self.decide(groups, &batch, &mut proposals, &mut totals)?;
        name_records(&batch, &mappings, &mut proposals);
        let ready = |proposal: Option<CaseProposal>| {
            proposal.unwrap_or_else(|| CaseProposal::finished(Vec::new(), Outcome::Rejected, ""))
        };
        Ok(Proposals {
            batch,
            proposals: proposals.into_iter().map(ready).collect(),
            totals,
            round,
            mappings,
        })
    }
}

/// Gives the problems of each record the id of its case.
fn name_records(
    batch: &Batch,
    mappings: &SheetMappings<CaseMapping>,
    proposals: &mut [Option<CaseProposal>],
) {
    for (record, proposal) in batch.iter().zip(proposals) {
        if let Some(proposal) = proposal {
            let mapping = mappings.of(&record);
            proposal.name_record(|| Some(mapping.id_for_people(&record)));
        }
    }
}
