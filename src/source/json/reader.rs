//! Walks through a document to its records.

use std::sync::Arc;

use super::cursor::JsonCursor;
use super::document_state::{DocumentState, Expect};
use super::locate_records::{self, JsonLayout, JsonSample, JsonShape, PointerOrigin};
use super::record_builder::RecordBuilder;
use super::span::JsonSpan;
use super::value_reader::{AfterValue, ValueReader};
use crate::domain::Code;
use crate::source::batch::{FULL_BYTES, FULL_ROWS};
use crate::source::bytes::TextBuffer;
use crate::source::{Batch, Error, Input, InputFormat, ReadOptions, Sheet};

/// How much text decides on where the records are.
const SAMPLE: usize = if cfg!(fuzzing) { 512 } else { 1 << 20 };

/// JSON that is being read.
pub(in crate::source) struct JsonReader {
    values: ValueReader,
    state: DocumentState,
    search: Search,
}

/// What is known of the pointer to the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    /// Nothing has been found at it so far.
    Pending,
    /// Nobody said it, and only the beginning of the document has been seen.
    Unconfirmed,
    /// It leads somewhere, or nobody needs it.
    Settled,
}

impl Search {
    /// What is known before the first record.
    fn begin(layout: &JsonLayout, feed: &TextBuffer) -> Self {
        let is_empty = feed.ended() && feed.data().trim_ascii().is_empty();
        if layout.origin == PointerOrigin::OnlyList && !feed.ended() {
            Search::Unconfirmed
        } else if layout.pointer.is_empty()
            || layout.shape == JsonShape::Lines
            || layout.each_by_pointer
            || layout.origin == PointerOrigin::Keys
            || is_empty
        {
            Search::Settled
        } else {
            Search::Pending
        }
    }
}

/// Whether the file's name, or who knows better, promises one record a line.
fn promises_lines(input: &Input, options: &ReadOptions) -> bool {
    match options.format {
        Some(format) => format == InputFormat::Ndjson,
        None => matches!(input.extension().as_str(), "ndjson" | "jsonl"),
    }
}

impl JsonReader {
    /// Finds out where the records are, and stops before the first.
    pub(in crate::source) fn open(
        mut feed: TextBuffer,
        encoding: &str,
        input: &Input,
        options: &ReadOptions,
    ) -> Result<Self, Error> {
        feed.fill_to(SAMPLE)?;
        let sample = JsonSample {
            text: feed.data(),
            ended: feed.ended(),
            named_lines: promises_lines(input, options),
            inner: options.inner.as_deref(),
            known: &options.known,
        };
        let file = Arc::clone(input.name());
        let layout = locate_records::find(sample, options.records.as_deref());
        let layout = layout.map_err(|(pointer, reason)| Error::Records {
            file: file.to_string(),
            pointer,
            reason,
        })?;
        let mut reading = vec![layout.reading(), encoding.to_owned()];
        reading.extend(feed.stream().archive().map(str::to_owned));
        let sheet = Arc::new(Sheet {
            file,
            reading: reading.join(", "),
            header: None,
            nulls: options.nulls.clone(),
            form: crate::source::FileFormat::default(),
        });
        let search = Search::begin(&layout, &feed);
        let JsonLayout {
            shape,
            pointer,
            each_by_pointer,
            ..
        } = layout;
        let lines = shape == JsonShape::Lines;
        let state = if lines {
            DocumentState::Lines
        } else {
            DocumentState::Top
        };
        let is_numbered = !lines || !pointer.is_empty();
        Ok(JsonReader {
            search,
            values: ValueReader {
                cursor: JsonCursor::new(feed),
                records: RecordBuilder {
                    sheet,
                    limits: options.limits.clone(),
                    pointer,
                    each_by_pointer,
                    known: options.known.clone(),
                    batch_bytes: 0,
                    records: 0,
                    is_numbered,
                },
            },
            state,
        })
    }

    pub(in crate::source) fn sheet(&self) -> &Arc<Sheet> {
        &self.values.records.sheet
    }

    /// The next records; `None` after the last.
    pub(in crate::source) fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        let mut batch = Batch::new(Arc::clone(&self.values.records.sheet));
        self.values.records.batch_bytes = 0;
        while batch.len() < FULL_ROWS && self.values.records.batch_bytes < FULL_BYTES {
            self.state = match std::mem::replace(&mut self.state, DocumentState::Done) {
                DocumentState::Done => break,
                DocumentState::Lines => self.line_step(&mut batch)?,
                DocumentState::Top => self.top_step(&mut batch)?,
                DocumentState::Array { open, expect } => {
                    self.array_step(open, expect, &mut batch)?
                }
            };
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    /// Takes one line.
    fn line_step(&mut self, batch: &mut Batch) -> Result<DocumentState, Error> {
        let Some(length) = self
            .values
            .cursor
            .line_length(self.values.records.limits.record())?
        else {
            self.values.refuse_large(batch);
            let more = self.values.cursor.skip_line()?;
            return Ok(if more {
                DocumentState::Lines
            } else {
                DocumentState::Done
            });
        };
        let last = length == self.values.cursor.data().len();
        if last && length == 0 {
            self.values.report_cut(batch);
            return Ok(DocumentState::Done);
        }
        let line = self.values.cursor.data()[..length].to_vec();
        self.values.take_line(&line, last, batch);
        self.values.cursor.consume(length + usize::from(!last));
        if last {
            self.values.report_cut(batch);
        }
        Ok(if last {
            DocumentState::Done
        } else {
            DocumentState::Lines
        })
    }

    /// Takes one document, or enters the array of records in it.
    fn top_step(&mut self, batch: &mut Batch) -> Result<DocumentState, Error> {
        let Some(byte) = self.values.cursor.peek()? else {
            if self.search == Search::Pending {
                return Err(self.records_error("nothing is found there"));
            }
            self.values.report_cut(batch);
            return Ok(DocumentState::Done);
        };
        match byte {
            // Harmless between documents: a comma, or the mark of JSON text sequences.
            b',' | 0x1e => {
                self.values.cursor.consume(1);
                Ok(DocumentState::Top)
            }
            b'{' | b'['
                if !self.values.records.pointer.is_empty()
                    && !self.values.records.each_by_pointer =>
            {
                self.enter(batch)
            }
            b'[' => {
                self.values.cursor.consume(1);
                Ok(DocumentState::Array {
                    open: vec![b']'],
                    expect: Expect::First,
                })
            }
            b'{' => match self.values.take_value(batch)? {
                AfterValue::Value | AfterValue::Record => Ok(DocumentState::Top),
                AfterValue::Nothing => Ok(DocumentState::Done),
            },
            // Prose, or a page of HTML: one record a line, and not one a word.
            _ => match self.line_step(batch)? {
                DocumentState::Lines => Ok(DocumentState::Top),
                other => Ok(other),
            },
        }
    }

    /// Follows the pointer into the document that begins here.
    fn enter(&mut self, batch: &mut Batch) -> Result<DocumentState, Error> {
        let mut open = Vec::new();
        for step in self.values.records.pointer.clone() {
            let Some(bracket @ (b'{' | b'[')) = self.values.cursor.peek()? else {
                return self.miss(open, batch);
            };
            self.values.cursor.consume(1);
            // The closing brackets stand two behind the opening ones.
            open.push(bracket + 2);
            if !self.values.cursor.find(bracket, &step)? {
                return self.miss(open, batch);
            }
        }
        match self.values.cursor.peek()? {
            Some(b'[') => {
                self.found();
                self.values.cursor.consume(1);
                open.push(b']');
                Ok(DocumentState::Array {
                    open,
                    expect: Expect::First,
                })
            }
            Some(b'{') => {
                self.found();
                match self.values.take_value(batch)? {
                    AfterValue::Value => self.leave(open, batch),
                    AfterValue::Record => Ok(DocumentState::Top),
                    AfterValue::Nothing => Ok(DocumentState::Done),
                }
            }
            _ => self.miss(open, batch),
        }
    }

    fn found(&mut self) {
        if self.search == Search::Pending {
            self.search = Search::Settled;
        }
    }

    /// A document in which the pointer finds nothing is told as such.
    fn miss(&mut self, open: Vec<u8>, batch: &mut Batch) -> Result<DocumentState, Error> {
        let message = "no records are found at the pointer in this document";
        self.values.push_fault(Code::NotAnObject, message, batch);
        self.leave(open, batch)
    }

    /// Takes one element of an array of records, or a comma, or the end.
    fn array_step(
        &mut self,
        mut open: Vec<u8>,
        expect: Expect,
        batch: &mut Batch,
    ) -> Result<DocumentState, Error> {
        let Some(byte) = self.values.cursor.peek()? else {
            self.values.push_fault(
                Code::TruncatedInput,
                "the file ends inside its array of records",
                batch,
            );
            return Ok(DocumentState::Done);
        };
        match byte {
            b']' => {
                if expect == Expect::Value {
                    self.values.push_fault(
                        Code::BadJson,
                        "a record is missing after the last comma",
                        batch,
                    );
                }
                self.values.cursor.consume(1);
                open.pop();
                self.leave(open, batch)
            }
            b',' => {
                if expect != Expect::Comma {
                    self.values.push_fault(
                        Code::BadJson,
                        "a record is missing before the comma",
                        batch,
                    );
                }
                self.values.cursor.consume(1);
                Ok(DocumentState::Array {
                    open,
                    expect: Expect::Value,
                })
            }
            _ => {
                let (before, line) = (batch.len(), self.values.cursor.line());
                let behind = self.values.take_value(batch)?;
                if expect == Expect::Comma && batch.len() == before + 1 {
                    let message = "a comma is missing before this record";
                    batch.push_problem(self.values.records.problem(Code::BadJson, line, message));
                }
                Ok(match behind {
                    AfterValue::Value => DocumentState::Array {
                        open,
                        expect: Expect::Comma,
                    },
                    AfterValue::Record => DocumentState::Array {
                        open,
                        expect: Expect::First,
                    },
                    AfterValue::Nothing => DocumentState::Done,
                })
            }
        }
    }

    /// Passes over the rest of the document, outwards from the containers that are `open`.
    fn leave(&mut self, open: Vec<u8>, batch: &mut Batch) -> Result<DocumentState, Error> {
        if open.is_empty() {
            return Ok(DocumentState::Top);
        }
        if self.search == Search::Unconfirmed && open == [b'}'] {
            self.confirm()?;
        }
        if self.values.cursor.skip(JsonSpan::inside(open))? {
            return Ok(DocumentState::Top);
        }
        let (code, message) = if self.values.cursor.data().is_empty() {
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
        self.values.push_fault(code, message, batch);
        Ok(DocumentState::Done)
    }

    /// Looks at the members behind the one that was taken for the records: another array of objects
    /// would make it a guess.
    fn confirm(&mut self) -> Result<(), Error> {
        self.search = Search::Settled;
        while self.values.cursor.next_key()?.is_some() {
            if self.values.cursor.peek()? == Some(b'[') {
                self.values.cursor.consume(1);
                if self.values.cursor.peek()? == Some(b'{') {
                    return Err(self.records_error("another member holds an array of objects too"));
                }
                if !self.values.cursor.skip(JsonSpan::inside(vec![b']']))? {
                    break;
                }
            } else if !self.values.cursor.skip(JsonSpan::default())? {
                break;
            }
        }
        Ok(())
    }

    fn records_error(&self, reason: &'static str) -> Error {
        Error::Records {
            file: self.values.records.sheet.file.to_string(),
            pointer: locate_records::pointer(&self.values.records.pointer),
            reason,
        }
    }
}
