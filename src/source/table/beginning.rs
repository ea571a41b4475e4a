//! What is found out of a table before its first record: how it is written, and what its columns are called.

use std::sync::Arc;

use super::detect_dialect::{self, DialectGuess};
use super::header::{Opening, TableColumns};
use super::header_place::HeaderPlace;
use super::opening::{
    opening_rows, reading, take_blank_lines, take_line, take_rows, take_separator_line,
};
use super::trailer;
use crate::source::bytes::TextBuffer;
use crate::source::format::Dialect;
use crate::source::{Error, Header, HeaderKind, ReadOptions};

/// How much text decides on the dialect.
const SAMPLE: usize = if cfg!(fuzzing) { 512 } else { 1 << 20 };

/// A table of which everything before the header has been read.
pub(super) struct Beginning {
    pub(super) feed: TextBuffer,
    /// The line on which the header stands, or the first row without one.
    pub(super) line: u64,
    pub(super) dialect: Dialect,
    pub(super) columns: TableColumns,
    /// What was said, and what is so for this file.
    pub(super) options: ReadOptions,
    /// How the table is read, for the screen.
    pub(super) reading: String,
    /// Whether the only line is a sentence in place of a table.
    pub(super) is_sentence: bool,
}

impl Beginning {
    pub(super) fn read(
        mut feed: TextBuffer,
        encoding: &str,
        options: &ReadOptions,
    ) -> Result<Beginning, Error> {
        feed.fill_to(SAMPLE)?;
        let mut line = 1;
        let mut options = options.clone();
        take_separator_line(&mut feed, &mut options, &mut line);
        let is_of_rejects = detect_dialect::is_of_rejects(feed.data(), options.delimiter);
        if is_of_rejects {
            // What stood before the header of the export is not in a file of its rejected records.
            options.skip_lines = 0;
        }
        for _ in 0..options.skip_lines {
            take_line(&mut feed, &mut line)?;
        }
        take_separator_line(&mut feed, &mut options, &mut line);
        let finding = detect_dialect::detect(feed.data(), feed.ended(), &options);
        let dialect = finding.dialect;
        take_blank_lines(&mut feed, dialect, &mut line)?;
        let mut rows = opening_rows(&mut feed, dialect, &options.limits)?;
        let mut skipped = options.skip_lines;
        let mut place = None;
        if skipped == 0 && options.header.is_none() && !is_of_rejects {
            (place, skipped) = find_header(&mut feed, finding, &options, &mut rows, &mut line)?;
        }
        let is_sentence =
            options.header.is_none() && rows.len() == 1 && trailer::is_sentence(&rows[0]);
        if is_sentence {
            options.header = Some(HeaderKind::None);
        }
        let opening = Opening {
            file: &Arc::clone(feed.stream().file()),
            line,
            rows: &rows,
        };
        let mut columns = TableColumns::find(&opening, &options, place.as_ref())?;
        if is_sentence && !options.headerless.is_empty() {
            // The table that the sentence stands for, so that a mapping fits it.
            columns.header = Header::new(options.headerless.all());
        }
        let reading = reading(&feed, dialect, encoding, &columns, skipped);
        Ok(Beginning {
            feed,
            line,
            dialect,
            columns,
            options,
            reading,
            is_sentence,
        })
    }
}

/// Passes over what stands before the header. Gives where that is, if it is not just the first row, and how
/// many rows were passed over; `rows` are those that follow.
fn find_header(
    feed: &mut TextBuffer,
    finding: DialectGuess,
    options: &ReadOptions,
    rows: &mut Vec<Vec<String>>,
    line: &mut u64,
) -> Result<(Option<HeaderPlace>, usize), Error> {
    let DialectGuess { dialect, preamble } = finding;
    let reach = options.limits.record();
    let mut skipped = 0;
    let mut place = HeaderPlace::of_mapping(rows, options);
    if place.is_none() && preamble > 0 {
        take_rows(feed, dialect, preamble, reach, line)?;
        take_blank_lines(feed, dialect, line)?;
        *rows = opening_rows(feed, dialect, &options.limits)?;
        skipped = preamble;
        place = HeaderPlace::of_mapping(rows, options);
    }
    let place = place.or_else(|| HeaderPlace::by_looks(rows));
    if let Some(place) = place.as_ref().filter(|place| place.titles > 0) {
        take_rows(feed, dialect, place.titles, reach, line)?;
        take_blank_lines(feed, dialect, line)?;
        *rows = opening_rows(feed, dialect, &options.limits)?;
        skipped += place.titles;
    }
    Ok((place, skipped))
}
