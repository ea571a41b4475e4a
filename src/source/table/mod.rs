//! Tables with delimiters.
//!
//! `dialect` and `header` find out how a table is written, `scan` knows where cells and rows begin and
//! end, with `hits` to find the bytes that may be an end, `rows` gathers them for a batch, and `reading`
//! takes one after the other: in bulk what is in order, with `row` what is not. `trailing` knows the rows
//! that are no records, `again` a header that comes once more (by its `beginnings`), and `layout` the columns of files without a header.

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
pub(in crate::source) use row_builder::Rows;
pub(in crate::source) use sink::Sink;
pub(in crate::source) use trailer::{LAST_ROWS, reason as trailing_reason};
