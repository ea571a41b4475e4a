//! The rows of a sheet, unpacked ahead of who reads them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::BufReader;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use calamine::Xlsx;

use super::cell::{Fault, text};

/// So many rows travel together…
const TOGETHER: usize = 256;
/// … and so many such loads wait at most.
const WAITING: usize = 4;
/// Excel has no more columns.
const MAX_COLUMNS: u32 = 16_384;

/// A row of a sheet as text.
#[derive(Debug, Default)]
pub(super) struct SheetRow {
    /// The number that Excel shows.
    pub(super) number: u64,
    pub(super) cells: Vec<String>,
    pub(super) faults: Vec<(usize, Fault)>,
}

enum Message {
    Rows(Vec<SheetRow>),
    Damaged(String),
    End,
}

/// The rows of a sheet as they come from the thread that unpacks them.
pub(super) struct Unpacked {
    receiver: Option<Receiver<Message>>,
    thread: Option<JoinHandle<()>>,
    pub(super) ahead: VecDeque<SheetRow>,
}

impl Unpacked {
    pub(super) fn start(
        workbook: Xlsx<BufReader<File>>,
        name: String,
        max_field: usize,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("workbook".to_owned())
            .spawn(move || {
                let last = match unpack(workbook, &name, max_field, &sender) {
                    Ok(()) => Message::End,
                    Err(error) => Message::Damaged(format!("the sheet is damaged: {error}")),
                };
                // Nobody listens any more when the reader was dropped.
                let _ = sender.send(last);
            })?;
        Ok(Unpacked {
            receiver: Some(receiver),
            thread: Some(thread),
            ahead: VecDeque::new(),
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<SheetRow>, String> {
        self.look_ahead(1)?;
        Ok(self.ahead.pop_front())
    }

    /// Makes `count` rows ready to be looked at; gives how many there are.
    pub(super) fn look_ahead(&mut self, count: usize) -> Result<usize, String> {
        while self.ahead.len() < count {
            let Some(receiver) = &self.receiver else {
                break;
            };
            match receiver.recv() {
                Ok(Message::Rows(rows)) => self.ahead.extend(rows),
                Ok(Message::End) => self.receiver = None,
                Ok(Message::Damaged(reason)) => return Err(reason),
                Err(_) => return Err("the sheet is damaged".to_owned()),
            }
        }
        Ok(self.ahead.len())
    }

    /// Drops rows of one cell before the first row of three or more.
    pub(super) fn drop_titles(&mut self) {
        let filled = |row: &SheetRow| row.cells.iter().filter(|cell| !cell.is_empty()).count();
        let titles = self.ahead.iter().take_while(|row| filled(row) == 1).count();
        if titles > 0 && self.ahead.get(titles).is_some_and(|row| filled(row) >= 3) {
            self.ahead.drain(..titles);
        }
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

fn unpack(
    mut workbook: Xlsx<BufReader<File>>,
    name: &str,
    max_field: usize,
    sender: &SyncSender<Message>,
) -> Result<(), calamine::XlsxError> {
    let mut cells = workbook.worksheet_cells_reader(name)?;
    let mut rows = Vec::with_capacity(TOGETHER);
    let mut row = SheetRow::default();
    while let Some(cell) = cells.next_cell()? {
        let (number, column) = cell.get_position();
        let number = u64::from(number) + 1;
        if column >= MAX_COLUMNS {
            return Err(calamine::XlsxError::Unexpected(
                "a column beyond the last one",
            ));
        }
        if number != row.number {
            finish(std::mem::take(&mut row), &mut rows);
            row.number = number;
            if rows.len() == TOGETHER
                && sender
                    .send(Message::Rows(std::mem::take(&mut rows)))
                    .is_err()
            {
                return Ok(());
            }
        }
        let (text, fault) = text(cell.get_value());
        let column = column as usize;
        if text.is_empty() {
            continue;
        }
        if row.cells.len() <= column {
            row.cells.resize(column + 1, String::new());
        }
        let large = text.len() > max_field;
        row.cells[column] = if large { String::new() } else { text };
        let fault = if large { Some(Fault::TooLarge) } else { fault };
        row.faults.extend(fault.map(|fault| (column, fault)));
    }
    finish(row, &mut rows);
    let _ = sender.send(Message::Rows(rows));
    Ok(())
}

fn finish(row: SheetRow, rows: &mut Vec<SheetRow>) {
    if !row.cells.is_empty() {
        rows.push(row);
    }
}
