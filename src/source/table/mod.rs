//! Tables with delimiters.
//!
//! `detect_dialect` and `header` find out how a table is written, `headerless` knows the columns of files
//! without a header, and `opening` takes what stands before the records. `scan` knows where cells and rows
//! begin and end; it hands cells to a `sink`. `row_builder` gathers them for a batch: `plain_rows` takes rows
//! in order in bulk, with `byte_search` to find the bytes that may end a cell, and `row_repair` judges the
//! others. `trailer` knows the rows that are no records, `repeated_header` a header that comes once more (by
//! its `row_beginnings`). `reader` takes one batch after the other.

mod byte_search;
mod detect_dialect;
mod header;
mod headerless;
mod opening;
mod plain_rows;
mod quote_budget;
mod reader;
mod repeated_header;
mod row_beginnings;
mod row_builder;
mod row_repair;
mod scan;
mod sink;
mod trailer;

pub(in crate::source) use header::{Opening, TableColumns};
pub use headerless::{HeaderlessLayout, LayoutPart, Looks};
pub(in crate::source) use reader::TableReader;
pub(in crate::source) use repeated_header::RepeatedHeader;
pub(in crate::source) use row_builder::RowBuilder;
pub(in crate::source) use sink::Sink;
pub(in crate::source) use trailer::{LAST_ROWS, reason as trailing_reason};
