//! The worker for a help desk's records: tickets become cases, rows become messages of their case, and
//! each case gets its step. Rows of one case lie side by side in a batch (`gather`).

use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use super::assemble::{CaseRecord, CaseRecords};
use super::proposal::CaseProposal;
use super::target::CaseTarget;
use crate::domain::case::{
    Case, CaseDraft, CaseField, CasePath, CaseViolation, Message, MessageDraft, MessageField,
};
use crate::domain::{Code, Problem};
use crate::events::{Outcome, Totals};
use crate::ledger::{CaseFact, CutRow, LedgerEntry, LedgerReader};
use crate::mapping::{CaseMapping, Form, MappedCase, MappedMessage, RecordScope};
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
    faults: Vec<CaseViolation>,
}

/// What became of one record on its own.
enum Read {
    Ended(Box<CaseProposal>),
    Piece(Box<CaseRecord>),
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
            faults: Vec::new(),
        })
    }

    fn read(
        &mut self,
        record: &Record<'_>,
        profile: &CaseMapping,
        index: usize,
        sums: &mut Totals,
    ) -> Read {
        let mut problems = match CaseProposal::readable(record) {
            Ok(problems) => problems,
            Err(item) => return Read::Ended(item),
        };
        let end = |problems, outcome, why: &str| {
            let ended = CaseProposal::finished(problems, outcome, why.to_owned());
            Read::Ended(Box::new(ended))
        };
        let scope = RecordScope::default();
        let draft = match profile.apply(record, &scope, &mut problems) {
            MappedCase::Skipped(rule) => return end(problems, Outcome::Skipped, rule),
            MappedCase::Undecided => return end(problems, Outcome::Rejected, ""),
            MappedCase::Draft(draft) => draft,
        };
        let messages = match self.messages((record, &scope), profile, &mut problems) {
            Ok(messages) => messages,
            Err(rule) => {
                sums.left_out += 1;
                let said = problems.len();
                let case = self.case(draft, (record, &scope), profile, &mut problems);
                problems.truncate(said);
                return match case {
                    Some(case) => Read::Piece(Box::new(CaseRecord {
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
        let case = self.case(draft, (record, &scope), profile, &mut problems);
        if let Some(name) = messages.lacks_any {
            let message = "the case has no message";
            problems.push(Problem::new(Code::MissingField, record.place(), message).at(&name, ""));
        }
        sums.left_out += left_out;
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
        sums.cases += 1;
        sums.messages += messages.list.len() as u64;
        Read::Piece(Box::new(CaseRecord {
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
        mut piece: Box<CaseRecord>,
        profile: &CaseMapping,
        record: &Record<'_>,
    ) -> Result<Read, Error> {
        let doubts = |problem: &&mut Problem| {
            problem.code == Code::RowUnterminated && profile.uses(&problem.column)
        };
        let Some(problem) = piece.problems.iter_mut().find(doubts) else {
            return Ok(Read::Piece(piece));
        };
        let row = cut_row(&piece.case, &piece.messages);
        let is_known = match &self.reader {
            Some(reader) => reader.has_cut_row(row.hash)?,
            None => false,
        };
        if is_known {
            return Ok(Read::Piece(piece));
        }
        if let Some(rule) = piece.left_out {
            let ended = CaseProposal::finished(piece.problems, Outcome::Skipped, rule.to_owned());
            return Ok(Read::Ended(Box::new(ended)));
        }
        let message = format!(
            "{}; the row is held, and the next run that finds it unchanged sends it",
            problem.message
        );
        problem.message = message.into();
        problem.holds = true;
        let overdue = overdue(None, self.run.now, self.target.hold_for);
        let overdue = overdue.map(|words| Problem::new(Code::HeldTooLong, record.place(), words));
        piece.problems.extend(overdue);
        let mut item = CaseProposal::finished(
            piece.problems,
            Outcome::Held,
            Code::RowUnterminated.name().to_owned(),
        );
        if self.run.purpose == Purpose::Run {
            item.action = Action::Noted(Box::new(NotedEnd {
                outcome: Outcome::Held,
                detail: Code::RowUnterminated.name(),
                entry: LedgerEntry::new(piece.case.uid, CaseFact::Held(row)),
            }));
        }
        Ok(Read::Ended(Box::new(item)))
    }

    fn case(
        &mut self,
        draft: CaseDraft<'_>,
        at: (&Record<'_>, &RecordScope),
        profile: &CaseMapping,
        problems: &mut Vec<Problem>,
    ) -> Option<Case> {
        let case = Case::new(draft, &mut self.faults);
        if let Some(case) = &case {
            let target = CasePath::Case(CaseField::Updated);
            self.look_ahead(target, case.updated_at, &case.updated);
        }
        self.tell(at, profile, "", problems);
        case
    }

    /// Refuses a time that lies more than a day ahead.
    fn look_ahead(&mut self, target: CasePath, at: Timestamp, text: &str) {
        if at > self.latest {
            self.faults.push(CaseViolation {
                code: Code::ImpossibleTime,
                target,
                value: text.to_owned(),
                message: "more than a day ahead of this machine's clock".to_owned(),
            });
        }
    }

    /// Turns faults into problems of the record; `list` is where a nested message stands.
    fn tell(
        &mut self,
        (record, scope): (&Record<'_>, &RecordScope),
        profile: &CaseMapping,
        list: &str,
        problems: &mut Vec<Problem>,
    ) {
        for fault in self.faults.drain(..) {
            let column = profile.column_for(&fault.target, record, scope);
            let problem = Problem::new(fault.code, record.place(), fault.message);
            problems.push(problem.at(&format!("{list}{column}"), &fault.value));
        }
    }

    /// The messages of a record; the error is the rule that leaves out a record that is a message.
    fn messages(
        &mut self,
        (record, scope): (&Record<'_>, &RecordScope),
        profile: &CaseMapping,
        problems: &mut Vec<Problem>,
    ) -> Result<Messages, &'static str> {
        let mut messages = Messages::default();
        match profile.messages(record) {
            None => match self.message((record, Form::Record, scope), profile, "", problems) {
                ReadMessage::Said(message) => messages.list.push(*message),
                ReadMessage::Broken => {}
                ReadMessage::LeftOut(rule) => return Err(rule),
            },
            Some(Err(problem)) => problems.push(problem),
            Some(Ok(nested)) => {
                if nested.is_empty() {
                    messages.lacks_any = Some(profile.places());
                }
                nested.each(scope, |message, place, form| {
                    let at = (message, form, scope);
                    match self.message(at, profile, &format!("{place}."), problems) {
                        ReadMessage::Said(message) => messages.list.push(*message),
                        ReadMessage::Broken => {}
                        ReadMessage::LeftOut(rule) => {
                            messages.left_out += 1;
                            let message = format!("a message is left out: {rule}");
                            let code = Code::MessageLeftOut;
                            let problem = Problem::new(code, record.place(), message);
                            problems.push(problem.at(place, ""));
                        }
                    }
                });
            }
        }
        Ok(messages)
    }

    fn message(
        &mut self,
        (record, form, scope): (&Record<'_>, Form, &RecordScope),
        profile: &CaseMapping,
        list: &str,
        problems: &mut Vec<Problem>,
    ) -> ReadMessage {
        let before = problems.len();
        let mapped = profile.apply_message((record, form), scope, problems);
        for problem in &mut problems[before..] {
            problem.column = format!("{list}{}", problem.column).into();
        }
        let draft: MessageDraft<'_> = match mapped {
            MappedMessage::Private => return ReadMessage::LeftOut("private note"),
            MappedMessage::Skipped(_) => return ReadMessage::LeftOut("a rule of the mapping"),
            MappedMessage::Undecided => return ReadMessage::Broken,
            MappedMessage::Draft(draft) => draft,
        };
        let message = Message::new(draft, &mut self.faults);
        if let Some(message) = &message {
            let target = CasePath::Message(MessageField::Created);
            self.look_ahead(target, message.at, &message.created);
        }
        self.tell((record, scope), profile, list, problems);
        message.map_or(ReadMessage::Broken, |message| {
            ReadMessage::Said(Box::new(message))
        })
    }

    /// Asks the ledger about the cases of a batch, and decides them.
    fn decide(
        &self,
        groups: Vec<CaseRecords>,
        batch: &Batch,
        items: &mut [Option<CaseProposal>],
        sums: &mut Totals,
    ) -> Result<(), Error> {
        let groups: Vec<CaseRecords> = groups
            .into_iter()
            .filter(|group| !group.pieces.is_empty())
            .collect();
        let asked: Vec<(&str, u128)> = groups.iter().map(CaseRecords::asked).collect();
        let standings = match self.reader.as_ref().filter(|_| !asked.is_empty()) {
            Some(reader) => reader.cases(&asked)?,
            None => vec![None; groups.len()],
        };
        for (group, standing) in groups.into_iter().zip(standings) {
            let key = group.key();
            let (proposals, requests) = group.decide(standing.as_ref(), batch, self.run.purpose);
            sums.requests += requests;
            for (index, proposal) in proposals {
                items[index] = Some(CaseProposal { key, ..proposal });
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
        let mut items: Vec<Option<CaseProposal>> = Vec::with_capacity(batch.len());
        let mut sums = Totals::default();
        let mut groups: Vec<CaseRecords> = Vec::new();
        for (index, record) in batch.iter().enumerate() {
            sums.records += 1;
            let profile = mappings.of(&record);
            let mut read = self.read(&record, profile, index, &mut sums);
            if let Read::Piece(piece) = read {
                read = self.doubt_last_row(piece, profile, &record)?;
            }
            match read {
                Read::Ended(item) => items.push(Some(*item)),
                Read::Piece(piece) => {
                    items.push(None);
                    match groups.last_mut().filter(|group| group.takes(&piece)) {
                        Some(group) => group.pieces.push(*piece),
                        None => groups.push(CaseRecords::new(*piece, profile)),
                    }
                }
            }
        }
        for group in &mut groups {
            group.settle(&batch, &mut items);
        }
        self.decide(groups, &batch, &mut items, &mut sums)?;
        name_records(&batch, &mappings, &mut items);
        let ready = |item: Option<CaseProposal>| {
            item.unwrap_or_else(|| CaseProposal::finished(Vec::new(), Outcome::Rejected, ""))
        };
        Ok(Proposals {
            batch,
            items: items.into_iter().map(ready).collect(),
            sums,
            round,
            mappings,
        })
    }
}

/// Gives the problems of each record the id of its case.
fn name_records(
    batch: &Batch,
    mappings: &SheetMappings<CaseMapping>,
    items: &mut [Option<CaseProposal>],
) {
    for (record, item) in batch.iter().zip(items) {
        if let Some(item) = item {
            let mapping = mappings.of(&record);
            item.name_record(|| Some(mapping.id_for_people(&record)));
        }
    }
}

/// By what a row that may be cut is known again: all that it says of its case and its message.
fn cut_row(case: &Case, messages: &[Message]) -> CutRow {
    let message = messages.first();
    let mut bytes = case.identity_hash().to_le_bytes().to_vec();
    bytes.extend(case.fingerprint().to_le_bytes());
    bytes.extend(message.map_or(0, Message::fingerprint).to_le_bytes());
    let message = message.map_or(0, Message::identity_hash);
    bytes.extend(message.to_le_bytes());
    CutRow {
        hash: xxh3_64(&bytes),
        message,
    }
}

/// The messages of a record.
#[derive(Default)]
struct Messages {
    list: Vec<Message>,
    left_out: u64,
    /// The name of the list, when it is empty.
    lacks_any: Option<String>,
}

/// What became of a message.
enum ReadMessage {
    Said(Box<Message>),
    /// Its problems are reported.
    Broken,
    LeftOut(&'static str),
}
