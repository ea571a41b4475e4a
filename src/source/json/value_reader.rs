//! Takes one value off the text, whole or broken.

use super::cursor::{Cut, JsonCursor};
use super::record_builder::{JsonPiece, RecordBuilder};
use super::span::{JsonSpan, objects_of};
use crate::domain::Code;
use crate::source::bytes::mark_length;
use crate::source::{Batch, Error};

/// Whether reading can go on behind a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterValue {
    /// It can, and what is there is what follows a value.
    Value,
    /// It can, and the next record begins there.
    Record,
    /// It cannot.
    Nothing,
}

/// Takes values off the text and makes records of them.
pub(super) struct ValueReader {
    pub(super) cursor: JsonCursor,
    pub(super) records: RecordBuilder,
}

impl ValueReader {
    /// Takes the value that begins here.
    pub(super) fn take_value(&mut self, batch: &mut Batch) -> Result<AfterValue, Error> {
        let (line, column) = (self.cursor.line(), self.cursor.column());
        let cut = self.cursor.cut(self.records.limits.record())?;
        let (length, behind) = match cut {
            Cut::Whole(length) => (length, AfterValue::Value),
            Cut::Ended => (self.cursor.data().len(), AfterValue::Nothing),
            Cut::TooLarge => {
                self.refuse_large(batch);
                let whole = self.cursor.skip(JsonSpan::default())?;
                return Ok(if whole {
                    AfterValue::Value
                } else {
                    AfterValue::Nothing
                });
            }
            Cut::Broken(at) => return self.take_broken(at, batch),
        };
        let text = self.cursor.data()[..length].to_vec();
        let piece = JsonPiece {
            text: &text,
            line,
            column,
            last: behind == AfterValue::Nothing,
        };
        self.records.push(piece, batch);
        self.cursor.consume(length);
        Ok(behind)
    }

    /// Takes a value that no closing bracket mends, up to a line that begins as it did.
    fn take_broken(&mut self, at: usize, batch: &mut Batch) -> Result<AfterValue, Error> {
        let (line, column) = (self.cursor.line(), self.cursor.column());
        let text = self.cursor.data()[..at].to_vec();
        self.cursor.consume(at);
        let place = (self.cursor.line(), self.cursor.column());
        let mut behind = AfterValue::Nothing;
        while self.cursor.skip_line()? {
            let first = self.cursor.peek()?;
            let closes = first == Some(b']') && self.cursor.column() < column.max(1);
            if closes {
                behind = AfterValue::Value;
            } else if first == Some(b'{') && self.cursor.column() == column {
                behind = AfterValue::Record;
            }
            if behind != AfterValue::Nothing {
                break;
            }
        }
        let lost = match behind {
            AfterValue::Value | AfterValue::Record => "",
            AfterValue::Nothing => ", and no record could be made out behind it",
        };
        let message = format!(
            "this is no JSON from line {}, byte {} on{lost}",
            place.0,
            place.1 + 1
        );
        self.records.push_null(line, &text, batch);
        batch.push_problem(self.records.problem(Code::BadJson, line, &message));
        Ok(behind)
    }
    /// The records of one line: usually one, but several may stand one after the other.
    pub(super) fn take_line(&mut self, line: &[u8], last: bool, batch: &mut Batch) {
        let mut text = line.trim_ascii_start();
        while mark_length(text) > 0 {
            text = text[mark_length(text)..].trim_ascii_start();
        }
        let before = line.len() - text.len();
        let text = text.trim_ascii_end();
        let text = text.strip_suffix(b"\x1a").unwrap_or(text).trim_ascii_end();
        let number = self.cursor.line();
        for (start, end) in objects_of(text) {
            let piece = JsonPiece {
                text: &text[start..end],
                line: number,
                column: self.cursor.column() + before + start,
                last: last && end == text.len(),
            };
            self.records.push(piece, batch);
        }
    }

    /// Something is wrong between the records: told on a record of its own.
    pub(super) fn push_fault(&mut self, code: Code, message: &str, batch: &mut Batch) {
        let message = match self.cursor.feed().cut() {
            Some(cut) if code == Code::TruncatedInput => cut,
            _ => message,
        };
        let problem = self.records.problem(code, self.cursor.line(), message);
        self.records.push_fault(problem, batch);
    }

    pub(super) fn refuse_large(&mut self, batch: &mut Batch) {
        self.records.refuse_large(self.cursor.line(), batch);
    }

    /// Tells that the archive was cut, unless the last record has told it.
    pub(super) fn report_cut(&mut self, batch: &mut Batch) {
        let told = batch.iter().last().is_some_and(|record| {
            record
                .problems()
                .any(|problem| problem.code == Code::TruncatedInput)
        });
        if !told && self.cursor.feed().cut().is_some() {
            self.push_fault(Code::TruncatedInput, "", batch);
        }
    }
}
