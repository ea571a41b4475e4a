//! Takes one value off the text, whole or broken.

use super::cursor::Cut;
use super::reader::JsonReader;
use super::record_builder::JsonPiece;
use super::span::JsonSpan;
use crate::domain::Code;
use crate::source::{Batch, Error};

/// Whether reading can go on behind a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// It can, and what is there is what follows a value.
    Value,
    /// It can, and the next record begins there.
    Record,
    /// It cannot.
    Nothing,
}

impl JsonReader {
    /// Takes the value that begins here.
    pub(super) fn take_value(&mut self, batch: &mut Batch) -> Result<Behind, Error> {
        let (line, column) = (self.cursor.line(), self.cursor.column());
        let cut = self.cursor.cut(self.limits.record())?;
        let (length, behind) = match cut {
            Cut::Whole(length) => (length, Behind::Value),
            Cut::Ended => (self.cursor.data().len(), Behind::Nothing),
            Cut::TooLarge => {
                self.refuse_large(batch);
                let whole = self.cursor.skip(JsonSpan::default())?;
                return Ok(if whole {
                    Behind::Value
                } else {
                    Behind::Nothing
                });
            }
            Cut::Broken(at) => return self.take_broken(at, batch),
        };
        let text = self.cursor.data()[..length].to_vec();
        let piece = JsonPiece {
            text: &text,
            line,
            column,
            last: behind == Behind::Nothing,
        };
        self.push(piece, batch);
        self.cursor.consume(length);
        Ok(behind)
    }

    /// Takes a value that no closing bracket mends, up to a line that begins as it did.
    fn take_broken(&mut self, at: usize, batch: &mut Batch) -> Result<Behind, Error> {
        let (line, column) = (self.cursor.line(), self.cursor.column());
        let text = self.cursor.data()[..at].to_vec();
        self.cursor.consume(at);
        let place = (self.cursor.line(), self.cursor.column());
        let mut behind = Behind::Nothing;
        while self.cursor.skip_line()? {
            let first = self.cursor.peek()?;
            let closes = first == Some(b']') && self.cursor.column() < column.max(1);
            if closes {
                behind = Behind::Value;
            } else if first == Some(b'{') && self.cursor.column() == column {
                behind = Behind::Record;
            }
            if behind != Behind::Nothing {
                break;
            }
        }
        let lost = match behind {
            Behind::Value | Behind::Record => "",
            Behind::Nothing => ", and no record could be made out behind it",
        };
        let message = format!(
            "this is no JSON from line {}, byte {} on{lost}",
            place.0,
            place.1 + 1
        );
        self.push_null(line, &text, batch);
        batch.push_problem(self.problem(Code::BadJson, line, &message));
        Ok(behind)
    }
}
