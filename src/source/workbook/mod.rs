//! Tables in Excel workbooks.
//!
//! A spreadsheet keeps numbers as floats and times as days since an epoch; `cell` makes them the text
//! that a person sees, and tells what the spreadsheet has thrown away. The rows of the sheet are
//! unpacked on a thread of their own (`sheet_thread`), a few at a time, because the library lends its rows
//! out of the workbook; only the workbook's list of texts is in memory as a whole.

mod cell;
mod dimension;
mod number_format;
mod parts;
mod reader;
mod sheet_thread;

pub(in crate::source) use reader::{DIALECT, Workbook, sheets};
