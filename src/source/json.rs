//! JSON records: one a line, one after the other, or in an array somewhere in a document.
//!
//! Values are cut out of the text first and parsed each on its own, so that a broken one costs itself
//! and that an array of any length is read in the memory of one element.

use std::sync::Arc;

use serde_json::Value as Json;

use super::feed::Feed;
use super::json_cursor::{Cursor, Cut};
use super::json_layout::{self, Layout};
use super::options::Limits;
use super::record::{Batch, Header, Sheet};
use super::rows::{FULL_BYTES, FULL_ROWS, lossy, undecodable_message};
use super::span::{Span, Walk};
use super::tree;
use super::{Error, Input, Options};
use crate::call::{Code, Place, Problem};

/// How much text decides on where the records are.
const SAMPLE: usize = 1 << 20;

/// JSON that is being read.
pub(super) struct JsonReader {
    cursor: Cursor,
    sheet: Arc<Sheet>,
    limits: Limits,
    state: State,
    /// Steps of the pointer to the records.
    pointer: Vec<String>,
    /// Whether nobody said the pointer, and only the beginning of the document has been seen.
    unconfirmed: bool,
    /// Whether anything was found at the pointer so far.
    found: bool,
    /// Whether the pointer is only followed in the documents that have it: a file of lines says what a
    /// record is, and a file of rejected records has lost the envelope.
    each_by_pointer: bool,
    batch_bytes: usize,
}

/// Where in the text the reader stands.
#[derive(Debug, Clone)]
enum State {
    /// At the beginning of a line, and every line is a record.
    Lines,
    /// Between documents.
    Top,
    /// In an array of records, inside these closing brackets.
    Array { open: Vec<u8>, expect: Expect },
    /// Behind the last record.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A value or the end: just after the bracket.
    First,
    /// A comma or the end.
    Comma,
    /// A value: after a comma.
    Value,
}

/// Whether reading can go on behind a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// It can, and what is there is what follows a value.
    Value,
    /// It can, and the next record begins there.
    Record,
    /// It cannot.
    Nothing,
}

/// A value of the text, with its place.
#[derive(Clone, Copy)]
struct Piece<'t> {
    text: &'t [u8],
    line: u64,
    /// Bytes before it on its line.
    column: usize,
    /// Whether the input ends with it.
    last: bool,
}

impl JsonReader {
    /// Finds out where the records are, and stops before the first.
    pub(super) fn open(
        mut feed: Feed,
        encoding: &str,
        input: &Input,
        options: &Options,
    ) -> Result<Self, Error> {
        feed.fill_to(SAMPLE)?;
        let named_lines = matches!(input.extension().as_str(), "ndjson" | "jsonl");
        let records = options.records.as_deref();
        let file = Arc::clone(input.name());
        let layout = json_layout::find(feed.data(), feed.ended(), named_lines, records).map_err(
            |(pointer, reason)| Error::Records {
                file: file.to_string(),
                pointer,
                reason,
            },
        )?;
        let mut reading = vec![layout.reading(), encoding.to_owned()];
        reading.extend(feed.stream().archive().map(str::to_owned));
        let sheet = Arc::new(Sheet {
            file,
            reading: reading.join(", "),
            header: None,
            nulls: options.nulls.clone(),
        });
        let Layout {
            lines,
            pointer,
            inferred,
            ..
        } = layout;
        let empty = feed.ended() && feed.data().trim_ascii().is_empty();
        Ok(JsonReader {
            unconfirmed: inferred && !feed.ended(),
            found: pointer.is_empty() || lines || named_lines || empty,
            cursor: Cursor::new(feed),
            sheet,
            limits: options.limits.clone(),
            state: if lines { State::Lines } else { State::Top },
            pointer,
            each_by_pointer: named_lines,
            batch_bytes: 0,
        })
    }

    pub(super) fn sheet(&self) -> &Arc<Sheet> {
        &self.sheet
    }

    /// The next records; `None` after the last.
    pub(super) fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        let mut batch = Batch::new(Arc::clone(&self.sheet));
        self.batch_bytes = 0;
        while batch.len() < FULL_ROWS && self.batch_bytes < FULL_BYTES {
            self.state = match std::mem::replace(&mut self.state, State::Done) {
                State::Done => break,
                State::Lines => self.line_step(&mut batch)?,
                State::Top => self.top_step(&mut batch)?,
                State::Array { open, expect } => self.array_step(open, expect, &mut batch)?,
            };
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    /// Takes one line.
    fn line_step(&mut self, batch: &mut Batch) -> Result<State, Error> {
        let Some(length) = self.cursor.line_length(self.limits.record())? else {
            self.refuse_large(batch);
            let more = self.cursor.skip_line()?;
            return Ok(if more { State::Lines } else { State::Done });
        };
        let last = length == self.cursor.data().len();
        if last && length == 0 {
            self.report_cut(batch);
            return Ok(State::Done);
        }
        let line = self.cursor.data()[..length].to_vec();
        self.take_line(&line, last, batch);
        self.cursor.consume(length + usize::from(!last));
        if last {
            self.report_cut(batch);
        }
        Ok(if last { State::Done } else { State::Lines })
    }

    /// The records of one line: usually one, but several may stand one after the other.
    fn take_line(&mut self, line: &[u8], last: bool, batch: &mut Batch) {
        let text = line.trim_ascii();
        let before = line.len() - line.trim_ascii_start().len();
        let number = self.cursor.line();
        for (start, end) in objects_of(text) {
            let piece = Piece {
                text: &text[start..end],
                line: number,
                column: before + start,
                last: last && end == text.len(),
            };
            self.push(piece, batch);
        }
    }

    /// Takes one document, or enters the array of records in it.
    fn top_step(&mut self, batch: &mut Batch) -> Result<State, Error> {
        let Some(byte) = self.cursor.peek()? else {
            if !self.found {
                return Err(self.records_error("nothing is found there"));
            }
            self.report_cut(batch);
            return Ok(State::Done);
        };
        match byte {
            // Harmless between documents: a comma, or the mark of JSON text sequences.
            b',' | 0x1e => {
                self.cursor.consume(1);
                Ok(State::Top)
            }
            b'{' | b'[' if !self.pointer.is_empty() && !self.each_by_pointer => self.enter(batch),
            b'[' => {
                self.cursor.consume(1);
                Ok(State::Array {
                    open: vec![b']'],
                    expect: Expect::First,
                })
            }
            _ => match self.take_value(batch)? {
                Behind::Value | Behind::Record => Ok(State::Top),
                Behind::Nothing => Ok(State::Done),
            },
        }
    }

    /// Follows the pointer into the document that begins here.
    fn enter(&mut self, batch: &mut Batch) -> Result<State, Error> {
        let mut open = Vec::new();
        for step in self.pointer.clone() {
            let Some(bracket @ (b'{' | b'[')) = self.cursor.peek()? else {
                return self.miss(open, batch);
            };
            self.cursor.consume(1);
            // The closing brackets stand two behind the opening ones.
            open.push(bracket + 2);
            if !self.cursor.find(bracket, &step)? {
                return self.miss(open, batch);
            }
        }
        match self.cursor.peek()? {
            Some(b'[') => {
                self.found = true;
                self.cursor.consume(1);
                open.push(b']');
                Ok(State::Array {
                    open,
                    expect: Expect::First,
                })
            }
            Some(b'{') => {
                self.found = true;
                match self.take_value(batch)? {
                    Behind::Value => self.leave(open, batch),
                    Behind::Record => Ok(State::Top),
                    Behind::Nothing => Ok(State::Done),
                }
            }
            _ => self.miss(open, batch),
        }
    }

    /// A document in which the pointer finds nothing is told as such.
    fn miss(&mut self, open: Vec<u8>, batch: &mut Batch) -> Result<State, Error> {
        let message = "no records are found at the pointer in this document";
        self.push_fault(Code::NotAnObject, message, batch);
        self.leave(open, batch)
    }

    /// Takes one element of an array of records, or a comma, or the end.
    fn array_step(
        &mut self,
        mut open: Vec<u8>,
        expect: Expect,
        batch: &mut Batch,
    ) -> Result<State, Error> {
        let Some(byte) = self.cursor.peek()? else {
            self.push_fault(
                Code::TruncatedInput,
                "the file ends inside its array of records",
                batch,
            );
            return Ok(State::Done);
        };
        match byte {
            b']' => {
                if expect == Expect::Value {
                    self.push_fault(
                        Code::BadJson,
                        "a record is missing after the last comma",
                        batch,
                    );
                }
                self.cursor.consume(1);
                open.pop();
                self.leave(open, batch)
            }
            b',' => {
                if expect != Expect::Comma {
                    self.push_fault(Code::BadJson, "a record is missing before the comma", batch);
                }
                self.cursor.consume(1);
                Ok(State::Array {
                    open,
                    expect: Expect::Value,
                })
            }
            _ => {
                let (before, line) = (batch.len(), self.cursor.line());
                let behind = self.take_value(batch)?;
                if expect == Expect::Comma && batch.len() == before + 1 {
                    let message = "a comma is missing before this record";
                    batch.push_problem(self.problem(Code::BadJson, line, message));
                }
                Ok(match behind {
                    Behind::Value => State::Array {
                        open,
                        expect: Expect::Comma,
                    },
                    Behind::Record => State::Array {
                        open,
                        expect: Expect::First,
                    },
                    Behind::Nothing => State::Done,
                })
            }
        }
    }

    /// Passes over the rest of the document, outwards from the containers that are `open`.
    fn leave(&mut self, open: Vec<u8>, batch: &mut Batch) -> Result<State, Error> {
        if open.is_empty() {
            return Ok(State::Top);
        }
        if self.unconfirmed && open == [b'}'] {
            self.confirm()?;
        }
        if self.cursor.skip(Span::inside(open))? {
            return Ok(State::Top);
        }
        let (code, message) = if self.cursor.data().is_empty() {
            (
                Code::TruncatedInput,
                "the file ends before its last bracket is closed",
            )
        } else {
            (
                Code::BadJson,
                "this is no JSON, and nothing behind it was read",
            )
        };
        self.push_fault(code, message, batch);
        Ok(State::Done)
    }

    /// Looks at the members behind the one that was taken for the records: another array of objects
    /// would make it a guess.
    fn confirm(&mut self) -> Result<(), Error> {
        self.unconfirmed = false;
        while self.cursor.next_key()?.is_some() {
            if self.cursor.peek()? == Some(b'[') {
                self.cursor.consume(1);
                if self.cursor.peek()? == Some(b'{') {
                    return Err(self.records_error("another member holds an array of objects too"));
                }
                if !self.cursor.skip(Span::inside(vec![b']']))? {
                    break;
                }
            } else if !self.cursor.skip(Span::default())? {
                break;
            }
        }
        Ok(())
    }

    /// Takes the value that begins here.
    fn take_value(&mut self, batch: &mut Batch) -> Result<Behind, Error> {
        let (line, column) = (self.cursor.line(), self.cursor.column());
        let cut = self.cursor.cut(self.limits.record())?;
        let (length, behind) = match cut {
            Cut::Whole(length) => (length, Behind::Value),
            Cut::Ended => (self.cursor.data().len(), Behind::Nothing),
            Cut::TooLarge => {
                self.refuse_large(batch);
                let whole = self.cursor.skip(Span::default())?;
                return Ok(if whole {
                    Behind::Value
                } else {
                    Behind::Nothing
                });
            }
            Cut::Broken(at) => return self.take_broken(at, batch),
        };
        let text = self.cursor.data()[..length].to_vec();
        let piece = Piece {
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

    /// Parses a value and adds it as a record, or as many as the pointer finds in it.
    fn push(&mut self, piece: Piece<'_>, batch: &mut Batch) {
        self.batch_bytes += piece.text.len();
        let decoded = std::str::from_utf8(piece.text);
        let text = match decoded {
            Ok(text) => std::borrow::Cow::Borrowed(text),
            Err(_) => std::borrow::Cow::Owned(lossy(piece.text)),
        };
        let parsed = match tree::parse(&text, self.limits.depth()) {
            Ok(parsed) => parsed,
            Err(error) => {
                self.push_null(piece.line, piece.text, batch);
                let cut = piece.last && error.is_eof();
                let code = if cut {
                    Code::TruncatedInput
                } else {
                    Code::BadJson
                };
                let message = parse_message(&error, piece);
                batch.push_problem(self.problem(code, piece.line, &message));
                return;
            }
        };
        let mut problems = Vec::new();
        if let Err(error) = decoded {
            let place = tree::path_of(&parsed.tree, char::REPLACEMENT_CHARACTER);
            let (path, value) = place.unwrap_or_default();
            let (line, column) = position(piece, error.valid_up_to());
            let bytes = &piece.text[error.valid_up_to()..];
            let message = format!(
                "{}, line {line}, byte {column}",
                undecodable_message(bytes, 0)
            );
            problems.push(
                self.problem(Code::UndecodableBytes, piece.line, &message)
                    .at(&path, value),
            );
        }
        if text.contains("\\u0000")
            && let Some((path, value)) = tree::path_of(&parsed.tree, '\0')
        {
            let message = "a NUL character in the text";
            problems.push(
                self.problem(Code::NulByte, piece.line, message)
                    .at(&path, value),
            );
        }
        let own = parsed
            .duplicates
            .iter()
            .filter(|(key, _)| key != Header::PROBLEMS);
        for (key, value) in own {
            let message = "the key stands twice in one object, with different values";
            problems.push(
                self.problem(Code::DuplicateKey, piece.line, message)
                    .at(key, &value.to_string()),
            );
        }
        self.push_trees(piece, parsed.tree, problems, batch);
    }

    fn push_trees(
        &mut self,
        piece: Piece<'_>,
        tree: Json,
        problems: Vec<Problem>,
        batch: &mut Batch,
    ) {
        let (trees, whole) = if self.each_by_pointer {
            take_records(&self.pointer, tree)
        } else {
            (vec![tree], true)
        };
        for mut tree in trees {
            let is_object = match &mut tree {
                Json::Object(members) => {
                    members.shift_remove(Header::PROBLEMS);
                    true
                }
                _ => false,
            };
            batch.push_tree(piece.line, tree);
            if whole && (!problems.is_empty() || !is_object) {
                batch.push_raw(piece.text);
            }
            for problem in &problems {
                batch.push_problem(problem.clone());
            }
            if !is_object {
                let message = "a record has to be an object";
                batch.push_problem(self.problem(Code::NotAnObject, piece.line, message));
            }
        }
    }

    /// A record of which nothing but its text is known.
    fn push_null(&mut self, line: u64, text: &[u8], batch: &mut Batch) {
        self.batch_bytes += text.len();
        batch.push_tree(line, Json::Null);
        batch.push_raw(text);
    }

    /// Something is wrong between the records: told on a record of its own.
    fn push_fault(&mut self, code: Code, message: &str, batch: &mut Batch) {
        let line = self.cursor.line();
        batch.push_tree(line, Json::Null);
        let message = match self.cursor.feed().cut() {
            Some(cut) if code == Code::TruncatedInput => cut,
            _ => message,
        };
        batch.push_problem(self.problem(code, line, message));
    }

    fn refuse_large(&mut self, batch: &mut Batch) {
        let line = self.cursor.line();
        batch.push_tree(line, Json::Null);
        let message = format!("the record is longer than {} bytes", self.limits.record());
        batch.push_problem(self.problem(Code::RecordTooLarge, line, &message));
    }

    /// Tells that the archive was cut, unless the last record has told it.
    fn report_cut(&mut self, batch: &mut Batch) {
        let told = batch.iter().last().is_some_and(|record| {
            record
                .problems()
                .any(|problem| problem.code == Code::TruncatedInput)
        });
        if !told && self.cursor.feed().cut().is_some() {
            self.push_fault(Code::TruncatedInput, "", batch);
        }
    }

    fn problem(&self, code: Code, line: u64, message: &str) -> Problem {
        let place = Place {
            file: Arc::clone(&self.sheet.file),
            line,
        };
        Problem::new(code, place, message)
    }

    fn records_error(&self, reason: &'static str) -> Error {
        Error::Records {
            file: self.sheet.file.to_string(),
            pointer: json_layout::pointer(&self.pointer),
            reason,
        }
    }
}

/// Where the objects of a line begin and end; all of it when it is anything else than objects.
fn objects_of(text: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match Span::default().walk(&text[at..]) {
            Walk::End(length) if text[at] == b'{' => {
                found.push((at, at + length));
                at += length;
            }
            _ => return vec![(0, text.len())],
        }
        let between = |byte: &&u8| byte.is_ascii_whitespace() || **byte == b',';
        at += text[at..].iter().take_while(between).count();
    }
    found
}

/// The records that `pointer` finds in `tree`: the elements of an array, or an object. Where it finds
/// neither, the tree itself is the record; the flag tells that it is.
fn take_records(pointer: &[String], mut tree: Json) -> (Vec<Json>, bool) {
    if !pointer.is_empty()
        && let Some(found) = tree.pointer_mut(&json_layout::pointer(pointer))
    {
        match found.take() {
            Json::Array(records) => return (records, false),
            Json::Object(record) => return (vec![Json::Object(record)], false),
            other => *found = other,
        }
    }
    (vec![tree], true)
}

/// Line, and byte in that line, of the byte at `offset`.
fn position(piece: Piece<'_>, offset: usize) -> (u64, usize) {
    let before = &piece.text[..offset];
    match memchr::memrchr(b'\n', before) {
        Some(last) => {
            let lines = memchr::memchr_iter(b'\n', before).count() as u64;
            (piece.line + lines, offset - last)
        }
        None => (piece.line, piece.column + offset + 1),
    }
}

/// What the parser says, with the place in the file instead of that in the value.
fn parse_message(error: &serde_json::Error, piece: Piece<'_>) -> String {
    let text = error.to_string();
    let what = match text.rfind(" at line ") {
        Some(end) => &text[..end],
        None => &text,
    };
    let below = error.line().saturating_sub(1);
    let column = if below == 0 {
        piece.column + error.column()
    } else {
        error.column()
    };
    format!("{what}, line {}, byte {column}", piece.line + below as u64)
}
