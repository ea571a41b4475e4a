//! The rows of a sheet, unpacked ahead of who reads them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::BufReader;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use calamine::{DataRef, Xlsx};

use super::cell::{CellError, text};
use super::number_format::ShownTime;
use super::parts::PartsReader;
use crate::source::Limits;

/// So many rows travel together…
const TOGETHER: usize = 256;
/// … or as many as come to so many bytes…
const TOGETHER_BYTES: usize = 256 << 10;
/// … and so many such loads wait at most.
const WAITING: usize = 2;
/// Excel has no more columns.
const MAX_COLUMNS: u32 = 16_384;

/// A row of a sheet as text. A sheet keeps no empty cells, and neither does this: a row may have one
/// cell in its last column.
#[derive(Debug, Default)]
pub(super) struct SheetRow {
    /// The number that Excel shows.
    pub(super) number: u64,
    pub(super) faults: Vec<(usize, CellError)>,
    /// The row is over the limit of size, and nothing of it is kept.
    pub(super) is_too_large: bool,
    /// How many bytes of its text are from the table of texts, where each stands only once.
    pub(super) shared: u64,
    text: String,
    /// The cells that are filled, in the order of their columns once the row is finished.
    filled: Vec<Filled>,
    is_disordered: bool,
}

/// A filled cell: its column, and where its text stands.
#[derive(Debug, Clone, Copy)]
struct Filled {
    column: u32,
    start: u32,
    end: u32,
}

impl SheetRow {
    fn numbered(number: u64) -> Self {
        SheetRow {
            number,
            ..SheetRow::default()
        }
    }

    /// Bytes that the row takes.
    fn bytes(&self) -> usize {
        let cells = size_of::<Filled>() * self.filled.len();
        let faults = size_of::<(usize, CellError)>() * self.faults.len();
        size_of::<SheetRow>() + self.text.len() + cells + faults
    }

    /// Puts a text into a column, unless the row becomes larger than a record may be.
    fn put(&mut self, column: u32, text: &str, fault: Option<CellError>, max_record: usize) {
        if self.is_too_large {
            return;
        }
        self.is_disordered |= self.filled.last().is_some_and(|last| last.column >= column);
        let start = self.text.len();
        // Checked before it is copied: one text of the table may stand in any number of cells.
        self.is_too_large = self.bytes() + text.len() > max_record;
        let place = |at: usize| u32::try_from(at).ok();
        match (place(start), place(start + text.len())) {
            (Some(start), Some(end)) if !self.is_too_large => {
                self.text.push_str(text);
                self.filled.push(Filled { column, start, end });
                self.faults
                    .extend(fault.map(|fault| (column as usize, fault)));
            }
            _ => {
                *self = SheetRow {
                    number: self.number,
                    is_too_large: true,
                    ..SheetRow::default()
                }
            }
        }
    }

    /// Brings cells in order that came in another; of a column that came twice the last counts.
    fn finish(&mut self) {
        if !self.is_disordered {
            return;
        }
        self.filled.sort_by_key(|cell| cell.column);
        self.filled.reverse();
        self.filled.dedup_by_key(|cell| cell.column);
        self.filled.reverse();
        self.faults.sort_by_key(|(column, _)| *column);
        self.faults.reverse();
        self.faults.dedup_by_key(|(column, _)| *column);
        self.faults.reverse();
    }

    fn is_empty(&self) -> bool {
        self.filled.is_empty() && !self.is_too_large
    }

    /// The number of cells up to the last that is filled.
    pub(super) fn width(&self) -> usize {
        self.filled
            .last()
            .map_or(0, |cell| cell.column as usize + 1)
    }

    /// The text of a cell.
    pub(super) fn cell(&self, column: usize) -> &str {
        let place = self
            .filled
            .binary_search_by_key(&column, |cell| cell.column as usize);
        place.map_or("", |place| self.text_of(self.filled[place]))
    }

    /// The texts of as many cells, empty ones included.
    pub(super) fn cells(&self, width: usize) -> impl Iterator<Item = &str> {
        let mut filled = self.filled.iter().peekable();
        (0..width).map(move |column| {
            let cell = filled.next_if(|cell| cell.column as usize == column);
            cell.map_or("", |cell| self.text_of(*cell))
        })
    }

    fn text_of(&self, cell: Filled) -> &str {
        let text = self.text.get(cell.start as usize..cell.end as usize);
        text.unwrap_or_default()
    }
}

enum SheetMessage {
    Rows(Vec<SheetRow>),
    Damaged(String),
    End,
}

/// The rows of a sheet as they come from the thread that unpacks them.
pub(super) struct Unpacked {
    receiver: Option<Receiver<SheetMessage>>,
    thread: Option<JoinHandle<()>>,
    pub(super) ahead: VecDeque<SheetRow>,
    ahead_bytes: usize,
    /// No more bytes are looked ahead at.
    max_record: usize,
}

impl Unpacked {
    pub(super) fn start(
        workbook: Xlsx<PartsReader<BufReader<File>>>,
        name: String,
        limits: &Limits,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let max_record = limits.record();
        let limits = limits.clone();
        let thread = std::thread::Builder::new()
            .name("workbook".to_owned())
            .spawn(move || {
                let mut loads = Loads {
                    rows: Vec::with_capacity(TOGETHER),
                    bytes: 0,
                    sender: &sender,
                };
                let unpacked = unpack(workbook, &name, &limits, &mut loads);
                let last = match unpacked {
                    Ok(()) => SheetMessage::End,
                    Err(error) => SheetMessage::Damaged(format!("the sheet is damaged: {error}")),
                };
                // Nobody listens any more when the reader was dropped.
                let _ = sender.send(last);
            })?;
        Ok(Unpacked {
            receiver: Some(receiver),
            thread: Some(thread),
            ahead: VecDeque::new(),
            ahead_bytes: 0,
            max_record,
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<SheetRow>, String> {
        self.look_ahead(1)?;
        let row = self.ahead.pop_front();
        self.ahead_bytes -= row.as_ref().map_or(0, SheetRow::bytes);
        Ok(row)
    }

    /// Whether fewer than `count` rows are left.
    pub(super) fn is_near_its_end(&mut self, count: usize) -> Result<bool, String> {
        Ok(self.look_ahead(count)? < count && self.receiver.is_none())
    }

    /// Makes `count` rows ready to be looked at, or as many as one record may have bytes; gives how many
    /// there are.
    pub(super) fn look_ahead(&mut self, count: usize) -> Result<usize, String> {
        while self.ahead.len() < count
            && (self.ahead.is_empty() || self.ahead_bytes <= self.max_record)
        {
            let Some(receiver) = &self.receiver else {
                break;
            };
            match receiver.recv() {
                Ok(SheetMessage::Rows(rows)) => {
                    self.ahead_bytes += rows.iter().map(SheetRow::bytes).sum::<usize>();
                    self.ahead.extend(rows);
                }
                Ok(SheetMessage::End) => self.receiver = None,
                Ok(SheetMessage::Damaged(reason)) => return Err(reason),
                Err(_) => return Err("the sheet is damaged".to_owned()),
            }
        }
        Ok(self.ahead.len())
    }

    /// Drops so many of the next rows.
    pub(super) fn drop_ahead(&mut self, count: usize) {
        let dropped = self.ahead.drain(..count.min(self.ahead.len()));
        self.ahead_bytes -= dropped.map(|row| row.bytes()).sum::<usize>();
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        self.receiver = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the library has been told as a damaged sheet.
            let _ = thread.join();
        }
    }
}

/// Rows that travel together.
struct Loads<'s> {
    rows: Vec<SheetRow>,
    bytes: usize,
    sender: &'s SyncSender<SheetMessage>,
}

impl Loads<'_> {
    /// Adds a row; `false` when nobody wants more.
    fn add(&mut self, mut row: SheetRow) -> bool {
        if row.is_empty() {
            return true;
        }
        row.finish();
        self.bytes += row.bytes();
        self.rows.push(row);
        let is_full = self.rows.len() >= TOGETHER || self.bytes >= TOGETHER_BYTES;
        !is_full || self.send()
    }

    fn send(&mut self) -> bool {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        self.sender.send(SheetMessage::Rows(rows)).is_ok()
    }
}

fn unpack(
    mut workbook: Xlsx<PartsReader<BufReader<File>>>,
    name: &str,
    limits: &Limits,
    loads: &mut Loads<'_>,
) -> Result<(), calamine::XlsxError> {
    let mut cells = workbook.worksheet_cells_reader(name)?;
    let mut row = SheetRow::default();
    let formats = ShownTime::of_styles(cells.styles());
    while let Some((cell, style)) = cells.next_cell_with_style_id()? {
        let (number, column) = cell.get_position();
        let number = u64::from(number) + 1;
        if column >= MAX_COLUMNS {
            return Err(calamine::XlsxError::Unexpected(
                "a column beyond the last one",
            ));
        }
        if number != row.number {
            let finished = std::mem::replace(&mut row, SheetRow::numbered(number));
            if !loads.add(finished) {
                return Ok(());
            }
        }
        let value = cell.get_value();
        let is_empty = matches!(value, DataRef::Empty);
        if !is_empty {
            let format = formats.get(style).copied().unwrap_or(ShownTime::Unknown);
            let (text, fault) = text(value, format);
            let before = row.text.len();
            put(&mut row, column, &text, fault, limits);
            // Nothing is left of a row that has become too large.
            if matches!(value, DataRef::SharedString(_)) {
                row.shared += row.text.len().saturating_sub(before) as u64;
            }
        }
    }
    if loads.add(row) {
        loads.send();
    }
    Ok(())
}

fn put(row: &mut SheetRow, column: u32, text: &str, fault: Option<CellError>, limits: &Limits) {
    let max_record = limits.record();
    if text.len() > limits.max_field {
        row.put(column, "", Some(CellError::TooLarge), max_record);
    } else if !text.is_empty() {
        row.put(column, text, fault, max_record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_by_their_columns_in_whatever_order_they_come() {
        let mut row = SheetRow::numbered(7);
        for (column, text) in [(5, "f"), (1, "b"), (1, "B"), (9, "j")] {
            row.put(column, text, Some(CellError::Digits), 1 << 20);
        }
        row.finish();
        assert_eq!(row.width(), 10);
        assert_eq!(row.cell(1), "B");
        assert_eq!(row.cell(2), "");
        let cells: Vec<&str> = row.cells(11).collect();
        assert_eq!(cells, ["", "B", "", "", "", "f", "", "", "", "j", ""]);
        assert_eq!(row.faults.len(), 3);
    }

    #[test]
    fn a_row_that_becomes_too_large_is_dropped_at_once() {
        let mut row = SheetRow::numbered(7);
        let text = "x".repeat(1000);
        for column in 0..10_000 {
            row.put(column, &text, None, 5000);
            assert!(row.bytes() <= 5000);
        }
        row.finish();
        assert!(row.is_too_large && !row.is_empty());
        assert_eq!((row.number, row.width()), (7, 0));
        // The same cell without end, and a fault in each.
        let mut row = SheetRow::numbered(7);
        for _ in 0..10_000 {
            row.put(1, "", Some(CellError::TooLarge), 5000);
        }
        assert!(row.is_too_large);
    }
}
