//! Tables with delimiters.
//!
//! `detect_dialect`, `header_place` and `header` find out how a table is written (by what `cell_text` says of a cell), `headerless` knows the columns of files
//! without a header, and `beginning` puts together what is found out before
//! the first record, `opening` takes what stands before it, and `padding` sees blanks around cells. `scan` knows where cells and rows
//! begin and end; it hands cells to a `sink`. `row_builder` gathers them for a batch: `plain_rows` takes rows
//! in order in bulk, with `byte_search` to find the bytes that may end a cell, and `row_repair` judges the
//! others, with `quote_doubt` for quotes out of place, `quoting` for tables that quote all cells and `unescaped_quotes` for rows that have one reading only; `swallowed_rows` for rows in one cell; `consumed_row` is what one took. `displaced_reasons` looks at rejected rows and `large_cells` at long cells. `trailer` knows the rows that are no records, `repeated_header` a header that comes once more, or
//! another one (by its `row_beginnings` and the `column_shapes`). `reader` takes one batch after the other.

mod beginning;
mod byte_search;
mod cell_text;
mod column_looks;
mod column_shapes;
mod consumed_row;
mod detect_dialect;
mod displaced_reasons;
mod doubtful_text;
mod header;
mod header_place;
mod headerless;
mod large_cells;
mod opening;
mod padding;
mod plain_rows;
mod quote_budget;
mod quote_doubt;
mod quoting;
mod reader;
mod repeated_header;
mod row_beginnings;
mod row_builder;
mod row_repair;
mod scan;
mod sink;
mod swallowed_rows;
mod trailer;
mod unescaped_quotes;

pub(in crate::source) use header::{Opening, TableColumns};
pub(in crate::source) use header_place::HeaderPlace;
pub use headerless::{HeaderlessLayout, LayoutPart, ValueShape};
pub(in crate::source) use reader::TableReader;
pub(in crate::source) use repeated_header::RepeatedHeader;
pub(in crate::source) use row_builder::RowBuilder;
pub(in crate::source) use sink::Sink;
pub(in crate::source) use trailer::{LAST_ROWS, reason as trailing_reason};
