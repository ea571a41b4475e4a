//! What stands before the first record of a table, and what its first rows show.

use memchr::memchr;

use super::detect_dialect;
use super::header::{TableColumns, quote_reading};
use super::row_builder::RowBuilder;
use super::scan::{ScanWindow, Scanned, scan, split_at_delimiters};
use super::sink::Count;
use crate::domain::counted;
use crate::source::bytes::{TextBuffer, lossy};
use crate::source::format::{Dialect, Newline};
use crate::source::{Error, Limits, Quote, ReadOptions};

/// So many rows decide whether there is a header.
const OPENING_ROWS: usize = 50;

pub(super) fn take_separator_line(
    feed: &mut TextBuffer,
    options: &mut ReadOptions,
    line: &mut u64,
) {
    if let Some((delimiter, length)) = detect_dialect::separator_line(feed.data()) {
        options.delimiter.get_or_insert(delimiter);
        feed.consume(length);
        *line += 1;
    }
}

/// Passes over one physical line, before the dialect is known.
pub(super) fn take_line(feed: &mut TextBuffer, line: &mut u64) -> Result<(), Error> {
    loop {
        let data = feed.data();
        if let Some(end) = memchr::memchr2(b'\n', b'\r', data) {
            let pair = data[end] == b'\r' && data.get(end + 1) == Some(&b'\n');
            feed.consume(end + 1 + usize::from(pair));
            *line += 1;
            return Ok(());
        }
        if feed.ended() {
            feed.consume(usize::MAX);
            return Ok(());
        }
        feed.consume(usize::MAX);
        feed.fill()?;
    }
}

pub(super) fn take_blank_lines(
    feed: &mut TextBuffer,
    dialect: Dialect,
    line: &mut u64,
) -> Result<(), Error> {
    loop {
        let data = feed.data();
        let length = match (dialect.newline, data) {
            (Newline::Cr, [b'\r', ..]) | (Newline::Lf | Newline::CrLf, [b'\n', ..]) => 1,
            (Newline::Lf | Newline::CrLf, [b'\r', b'\n', ..]) => 2,
            (Newline::Lf | Newline::CrLf, [b'\r']) if feed.ended() => 1,
            (_, [] | [b'\r']) if !feed.ended() => {
                feed.fill()?;
                continue;
            }
            (Newline::Cr, [b'\n', ..]) => {
                // The other half of an ending that is written otherwise than the file's others.
                feed.consume(1);
                continue;
            }
            _ => return Ok(()),
        };
        feed.consume(length);
        *line += 1;
    }
}

/// A longer line of blanks is a row.
const MOST_BLANKS: usize = 4096;

/// Takes a line of blanks, if one is next: editors leave them where a line was emptied.
pub(super) fn take_line_of_blanks(feed: &mut TextBuffer, dialect: Dialect) -> Result<bool, Error> {
    loop {
        let data = feed.data();
        let blanks = dialect.blanks(data);
        if blanks == 0 || blanks > MOST_BLANKS {
            return Ok(false);
        }
        let length = match (dialect.newline, &data[blanks..]) {
            (Newline::Cr, [b'\r', ..]) | (Newline::Lf | Newline::CrLf, [b'\n', ..]) => blanks + 1,
            (Newline::Lf | Newline::CrLf, [b'\r', b'\n', ..]) => blanks + 2,
            (_, [] | [b'\r']) if !feed.ended() => {
                feed.fill()?;
                continue;
            }
            (_, [] | [b'\r']) => data.len(),
            _ => return Ok(false),
        };
        feed.consume(length);
        return Ok(true);
    }
}

/// The first rows as text, without taking them.
pub(super) fn opening_rows(
    feed: &mut TextBuffer,
    dialect: Dialect,
    limits: &Limits,
) -> Result<Vec<Vec<String>>, Error> {
    loop {
        let mut rows = RowBuilder::default();
        let mut at = 0;
        while rows.len() < OPENING_ROWS && at < feed.data().len() {
            let window = ScanWindow {
                data: &feed.data()[at..],
                ended: feed.ended(),
                reach: limits.record(),
            };
            let first = rows.ends.len();
            match scan(dialect, window, &mut rows) {
                Scanned::Row(extent) => {
                    if extent.end > 0 {
                        rows.end_row(0, first);
                    } else {
                        rows.undo(first);
                    }
                    at += extent.next.max(1);
                }
                Scanned::Incomplete | Scanned::Open => {
                    rows.undo(first);
                    if rows.len() > 0 {
                        break;
                    }
                    let Some(end) = memchr(dialect.newline.terminator(), window.data)
                        .or(window.ended.then_some(window.data.len()))
                    else {
                        break;
                    };
                    let line = dialect.trim_ending(&window.data[..end]);
                    split_at_delimiters(dialect, line, &mut rows);
                    rows.end_row(0, first);
                    at += end + 1;
                }
            }
        }
        if rows.len() > 0 || feed.ended() {
            return texts(feed, &rows, limits.max_columns);
        }
        if feed.data().len() > limits.record() {
            return Err(Error::Unreadable {
                file: feed.stream().file().to_string(),
                reason: format!("the first line is longer than {} bytes", limits.record()),
            });
        }
        feed.fill()?;
    }
}

fn texts(feed: &TextBuffer, rows: &RowBuilder, most: usize) -> Result<Vec<Vec<String>>, Error> {
    let unreadable = |reason| Error::Unreadable {
        file: feed.stream().file().to_string(),
        reason,
    };
    let mut opening: Vec<Vec<String>> = Vec::new();
    for index in 0..rows.len() {
        let mut cells = rows.cells(index);
        if index == 0 && cells.len() > most {
            let reason = format!(
                "the first row has {} cells, and it may have {most}",
                cells.len()
            );
            return Err(unreadable(reason));
        }
        if index == 0 && cells.any(|cell| std::str::from_utf8(cell).is_err()) {
            let reason = "the first row holds bytes that are no text in its encoding";
            return Err(unreadable(reason.to_owned()));
        }
        if index == 0 && rows.cells(0).any(|cell| memchr(0, cell).is_some()) {
            let reason = "the first row holds NUL bytes, as no text does";
            return Err(unreadable(reason.to_owned()));
        }
        let cells = rows.cells(index).take(most.saturating_add(1));
        opening.push(cells.map(lossy).collect());
    }
    Ok(opening)
}

pub(super) fn reading(
    feed: &TextBuffer,
    dialect: Dialect,
    encoding: &str,
    columns: &TableColumns,
    skipped: usize,
) -> String {
    let delimiter = match dialect.delimiter {
        b',' => "comma".to_owned(),
        b';' => "semicolon".to_owned(),
        b'\t' => "tab".to_owned(),
        b'|' => "pipe".to_owned(),
        b' ' => "blank".to_owned(),
        byte if byte.is_ascii_control() => format!("byte {byte:#04x}"),
        other => format!("'{}'", char::from(other)),
    };
    let quote = dialect.quote.map_or(Quote::None, Quote::Byte);
    let mut parts = vec![
        delimiter,
        encoding.to_owned(),
        columns.reading().to_owned(),
        dialect.newline.name().to_owned(),
    ];
    parts.extend(quote_reading(quote));
    if let Some(escape) = dialect.escape {
        parts.push(format!("{} escapes", escape_name(escape)));
    }
    if dialect.trim {
        parts.push("blanks around cells left out".to_owned());
    }
    if skipped > 0 {
        parts.push(format!(
            "{} before the header skipped",
            counted(skipped as u64, "line")
        ));
    }
    if columns.rejects {
        parts.push("rejected records of an earlier run".to_owned());
    }
    parts.extend(feed.stream().archive().map(str::to_owned));
    parts.join(", ")
}

fn escape_name(escape: u8) -> String {
    match escape {
        b'\\' => "backslash".to_owned(),
        other => char::from(other).to_string(),
    }
}

/// Passes over so many rows: titles, or those of the header. A cell of theirs may go on for `reach` bytes.
pub(super) fn take_rows(
    feed: &mut TextBuffer,
    dialect: Dialect,
    count: usize,
    reach: usize,
    line: &mut u64,
) -> Result<(), Error> {
    for _ in 0..count {
        take_blank_lines(feed, dialect, line)?;
        let window = ScanWindow {
            data: feed.data(),
            ended: feed.ended(),
            reach,
        };
        match scan(dialect, window, &mut Count::default()) {
            Scanned::Row(extent) => {
                *line += extent.breaks + 1;
                feed.consume(extent.next);
            }
            Scanned::Incomplete | Scanned::Open => {
                take_line(feed, line)?;
            }
        }
    }
    Ok(())
}
