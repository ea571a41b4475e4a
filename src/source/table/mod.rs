//! Tables with delimiters.
//!
//! `dialect` and `header` find out how a table is written, `scan` knows where cells and rows begin and
//! end, with `hits` to find the bytes that may be an end, `rows` gathers them for a batch, and `reading`
//! takes one after the other: in bulk what is in order, with `row` what is not. `trailing` knows the rows
//! that are no records, `again` a header that comes once more (by its `beginnings`), and `layout` the columns of files without a header.

mod again;
mod beginnings;
mod dialect;
mod header;
mod hits;
mod layout;
mod opening;
mod reach;
mod reading;
mod row;
mod rows;
mod scan;
mod trailing;

pub(in crate::source) use again::Again;
pub(in crate::source) use header::{Columns, Opening};
pub use layout::{Layout, Looks, Part};
pub(in crate::source) use reading::Table;
pub(in crate::source) use rows::{
    FULL_BYTES, FULL_ROWS, Rows, column_name, lossy, undecodable_message,
};
pub(in crate::source) use scan::{Dialect, Newline, Sink};
pub(in crate::source) use trailing::{LAST_ROWS, reason as trailing_reason};
