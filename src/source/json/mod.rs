//! JSON records: one a line, one after the other, or in an array somewhere in a document.
//!
//! Values are cut out of the text first (`span`, `cursor`) and parsed each on its own (`parse`), so that
//! a broken one costs itself and that an array of any length is read in the memory of one element.
//! `locate_records` finds out where the records are, with `pages` for those of an API. `reader` walks
//! there, `value_reader` takes the values, and `record_builder` makes records of them.

mod cursor;
mod document_state;
mod locate_records;
mod pages;
mod parse;
mod reader;
mod record_builder;
mod span;
mod value_reader;

pub(in crate::source) use reader::JsonReader;
