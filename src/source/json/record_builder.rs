//! Makes records of values, with what is wrong with them.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;

use memchr::{memchr_iter, memrchr};
use serde_json::Value as Json;

use super::locate_records;
use super::parse::{self, JsonRefusal, Parsed};
use crate::domain::{Code, Location, Problem};
use crate::source::bytes::{lossy, undecodable_message};
use crate::source::known::KnownKeys;
use crate::source::{Batch, Header, Limits, Sheet, rejects};

/// A value of the text, with its place.
#[derive(Clone, Copy)]
pub(super) struct JsonPiece<'t> {
    pub(super) text: &'t [u8],
    pub(super) line: u64,
    /// Bytes before it on its line.
    pub(super) column: usize,
    /// Whether the input ends with it.
    pub(super) last: bool,
}

/// Makes the records of one document, and counts them.
#[derive(Debug)]
pub(super) struct RecordBuilder {
    pub(super) sheet: Arc<Sheet>,
    pub(super) limits: Limits,
    /// Steps of the pointer to the records.
    pub(super) pointer: Vec<String>,
    /// Whether the pointer is only followed in the documents that have it: a file of lines says what a
    /// record is, and a file of rejected records has lost the envelope.
    pub(super) each_by_pointer: bool,
    /// By which keys the records are known.
    pub(super) known: KnownKeys,
    /// Bytes of text that the batch at hand was made of.
    pub(super) batch_bytes: usize,
    /// Records so far.
    pub(super) records: u64,
    /// Whether a line may hold several records.
    pub(super) is_numbered: bool,
}

impl RecordBuilder {
    /// Parses a value and adds it as a record, or as many as the pointer finds in it.
    pub(super) fn push(&mut self, piece: JsonPiece<'_>, batch: &mut Batch) {
        self.batch_bytes += piece.text.len();
        let text = match std::str::from_utf8(piece.text) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(lossy(piece.text)),
        };
        match parse::parse(&text, &self.limits) {
            Ok(parsed) => {
                let problems = self.problems(piece, &text, &parsed);
                batch.add_tree_bytes(parsed.bytes);
                self.push_trees(piece, parsed.tree, &problems, batch);
            }
            Err(JsonRefusal::TooMany) => {
                self.add(piece.line, Json::Null, batch);
                let most = self.limits.max_values;
                let message = format!("more than the {most} values that a record may have");
                batch.push_problem(self.problem(Code::RecordTooLarge, piece.line, &message));
            }
            Err(JsonRefusal::Bad(error)) => {
                self.push_null(piece.line, piece.text, batch);
                let cut = piece.last && error.is_eof();
                let code = if cut {
                    Code::TruncatedInput
                } else {
                    Code::BadJson
                };
                let message = parse_message(&error, piece);
                batch.push_problem(self.problem(code, piece.line, &message));
            }
        }
    }

    /// What is wrong with a value that could be parsed as `text`.
    fn problems(&self, piece: JsonPiece<'_>, text: &str, parsed: &Parsed) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Err(error) = std::str::from_utf8(piece.text) {
            let location = parse::path_of(&parsed.tree, char::REPLACEMENT_CHARACTER);
            let (path, value) = location.unwrap_or_default();
            let at = error.valid_up_to();
            let (line, column) = position(piece, at);
            let what = undecodable_message(&piece.text[at..], 0);
            let message = format!("{what}, line {line}, byte {column}");
            let problem = self.problem(Code::UndecodableBytes, piece.line, &message);
            problems.push(problem.at(&path, value));
        }
        if text.contains("\\u0000")
            && let Some((path, value)) = parse::path_of(&parsed.tree, '\0')
        {
            let message = "a NUL character in the text";
            let problem = self.problem(Code::NulByte, piece.line, message);
            problems.push(problem.at(&path, value));
        }
        let own = parsed.duplicates.iter();
        for (key, value) in own.filter(|(key, _)| key != Header::PROBLEMS) {
            let message = "the object has this key twice, with different values";
            let problem = self.problem(Code::DuplicateKey, piece.line, message);
            problems.push(problem.at(key, &value.to_string()));
        }
        if parsed.more_duplicates > 0 {
            let message = format!("more keys are there twice: {}", parsed.more_duplicates);
            problems.push(self.problem(Code::DuplicateKey, piece.line, &message));
        }
        problems
    }

    fn push_trees(
        &mut self,
        piece: JsonPiece<'_>,
        tree: Json,
        problems: &[Problem],
        batch: &mut Batch,
    ) {
        let (trees, whole) = if self.each_by_pointer {
            take_records(&self.pointer, tree)
        } else {
            (vec![tree], true)
        };
        for mut tree in trees {
            if problems.is_empty() && self.known.is_empty_page(&tree) {
                continue;
            }
            let (is_object, reasons) = match &mut tree {
                Json::Object(members) => (true, members.shift_remove(Header::PROBLEMS)),
                _ => (false, None),
            };
            self.add(piece.line, tree, batch);
            if whole && (!problems.is_empty() || !is_object) {
                batch.push_raw(piece.text);
            }
            for problem in problems {
                batch.push_problem(problem.clone());
            }
            let reasons = reasons.as_ref().and_then(Json::as_str);
            if reasons.is_some_and(|reasons| rejects::are_of_cut(reasons.as_bytes())) {
                let message = rejects::cut_message();
                batch.push_problem(self.problem(Code::RejectsCut, piece.line, message));
            }
            if !is_object {
                let message = "a record has to be an object";
                batch.push_problem(self.problem(Code::NotAnObject, piece.line, message));
            }
        }
    }

    /// Adds a record, with its number where its line does not tell which one it is.
    fn add(&mut self, line: u64, tree: Json, batch: &mut Batch) {
        self.records += 1;
        let number = NonZeroU64::new(self.records).filter(|_| self.is_numbered);
        batch.push_tree(line, number, tree);
    }

    /// A record of which nothing but its text is known.
    pub(super) fn push_null(&mut self, line: u64, text: &[u8], batch: &mut Batch) {
        self.batch_bytes += text.len();
        self.add(line, Json::Null, batch);
        batch.push_raw(text);
    }

    /// Something is wrong between the records: told on a record of its own.
    pub(super) fn push_fault(&mut self, problem: Problem, batch: &mut Batch) {
        self.add(problem.location.line, Json::Null, batch);
        batch.push_problem(problem);
    }

    pub(super) fn refuse_large(&mut self, line: u64, batch: &mut Batch) {
        let message = format!("the record is longer than {} bytes", self.limits.record());
        self.push_fault(self.problem(Code::RecordTooLarge, line, &message), batch);
    }

    pub(super) fn problem(&self, code: Code, line: u64, message: &str) -> Problem {
        let location = Location::on_line(Arc::clone(&self.sheet.file), line);
        Problem::new(code, location, message)
    }
}

/// The records that `pointer` finds in `tree`: the elements of an array, or an object. Where it finds
/// neither, the tree itself is the record; the flag tells that it is.
fn take_records(pointer: &[String], mut tree: Json) -> (Vec<Json>, bool) {
    if !pointer.is_empty()
        && let Some(found) = tree.pointer_mut(&locate_records::pointer(pointer))
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
fn position(piece: JsonPiece<'_>, offset: usize) -> (u64, usize) {
    let before = &piece.text[..offset];
    match memrchr(b'\n', before) {
        Some(last) => {
            let lines = memchr_iter(b'\n', before).count() as u64;
            (piece.line + lines, offset - last)
        }
        None => (piece.line, piece.column + offset + 1),
    }
}

/// What the parser says, with the place in the file instead of that in the value.
fn parse_message(error: &serde_json::Error, piece: JsonPiece<'_>) -> String {
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
