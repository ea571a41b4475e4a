//! Bytes to records.
//!
//! Owns dialects, encodings and compression of CSV, JSON and spreadsheet exports. Promises that
//! every record of the input comes out once, in order, with the line it starts on; that a row which
//! cannot be read comes out too, carrying its problems; and that memory does not grow with the
//! file. What was found out and not said (delimiter, encoding, header) stands in [`Sheet::reading`].
//! Knows nothing of target fields: that is `mapping`'s. A record with the problem
//! [`Code::TrailingRow`](crate::domain::Code::TrailingRow) is a row that is no record, told so that
//! every line is accounted for.

mod batch;
mod batch_content;
mod by_name;
mod bytes;
mod cells;
mod error;
mod file_hash;
mod file_id;
mod format;
mod input;
mod input_copy;
mod json;
mod json_path;
mod key_pattern;
mod known;
mod listed_files;
mod options;
mod reader;
mod record;
mod record_hash;
mod rejects;
mod sheet;
mod table;
mod workbook;
mod xml;

mod file_pattern;
mod input_files;
mod memory_budget;
mod metadata;
mod names;
mod readme;
mod record_bytes;
#[cfg(test)]
mod tests;

pub use batch::Batch;
pub use by_name::by_name;
pub use bytes::BytesRead;
pub use cells::Cells;
pub use error::Error;
pub use file_hash::hash_file;
pub use file_id::FileId;
pub use format::FileFormat;
pub use input::Input;
pub use input_copy::{CopyForm, InputCopy};
pub use input_files::{EMPTY, Expansion, FileDecision, Unread, expand, expand_one, joined};
pub use key_pattern::KeyPattern;
pub use known::KnownKeys;
pub use listed_files::{ListedFile, ListedPlace, SortedFiles, sort_listed};
pub use memory_budget::MemoryBudget;
pub use options::{Escape, HeaderKind, InputFormat, Limits, Quote, ReadOptions};
pub use reader::{ExportReader, json_document, knows_encoding, open, read_sheet, sheets};
pub use readme::{has_readme_name, has_sentences};
pub use record::Record;
pub use record_bytes::{pack, unpack};
pub use record_hash::{RecordHash, record_hash};
pub use rejects::{RejectsWriter, with_noted_id};
pub use sheet::{Column, Header, Sheet};
pub use table::{HeaderlessLayout, LayoutPart, ValueShape};
pub use xml::xml_to_json;
