//! An invented table of calls, and the ways in which it is written.

use std::fmt::Write as _;

pub(super) const COLUMNS: [&str; 9] = [
    "Date", "Time", "Legs", "Call", "Cost", "Queue", "Subject", "Link", "Note",
];
/// The column that tells one row from the next.
pub(super) const KEY: usize = 3;
pub(super) const ROWS: usize = 83;

pub(super) type Cells = Vec<String>;

pub(super) fn header() -> Cells {
    COLUMNS.map(str::to_owned).to_vec()
}

/// Rows with delimiters, quotes and line breaks in some of their cells.
pub(super) fn rows() -> Vec<Cells> {
    (0..ROWS).map(row).collect()
}

fn row(number: usize) -> Cells {
    let subject = match number % 4 {
        0 => format!("Table, Round {}\"", 20 + number),
        1 => "Folding chair".to_owned(),
        2 => format!("Screen {number}\", wide"),
        _ => "Lamp, desk".to_owned(),
    };
    let note = match number % 5 {
        0 => "Made of steel, by hand\nwipe clean only".to_owned(),
        1 => String::new(),
        2 => "the customer's own".to_owned(),
        3 => "asked for \"the other one\", twice".to_owned(),
        _ => "Rang back".to_owned(),
    };
    let cost = if number.is_multiple_of(3) {
        format!("$1,0{:02}.07", number % 90)
    } else {
        format!("${}.07", 10 + number % 80)
    };
    vec![
        format!("2024-03-{:02}", 1 + number % 28),
        format!("13:{:02}:36", number % 60),
        (1 + number % 7).to_string(),
        format!("CALL{:04}", 8400 + number),
        cost,
        ["Sales", "Support", "Returns, home"][number % 3].to_owned(),
        subject,
        format!("https://example.com/calls/{number}"),
        note,
    ]
}

/// How cells and rows are written.
#[derive(Clone, Copy)]
pub(super) struct Writing {
    pub(super) delimiter: &'static str,
    pub(super) quote: char,
    /// What stands before a quote in a cell; nothing for none.
    pub(super) escape: Option<char>,
    pub(super) ending: &'static str,
    /// Whether all cells are in quotes, and not only those that need it.
    pub(super) quotes_all: bool,
}

impl Writing {
    pub(super) const PLAIN: Writing = Writing {
        delimiter: ",",
        quote: '"',
        escape: Some('"'),
        ending: "\r\n",
        quotes_all: false,
    };

    pub(super) fn cell(&self, cell: &str) -> String {
        let is_special = |letter: char| {
            letter == self.quote
                || self.escape == Some(letter)
                || matches!(letter, '\r' | '\n')
                || self.delimiter.contains(letter)
        };
        if !self.quotes_all && !cell.contains(is_special) {
            return cell.to_owned();
        }
        let mut written = String::new();
        for letter in cell.chars() {
            if letter == self.quote || self.escape == Some(letter) {
                written.extend(self.escape);
            }
            written.push(letter);
        }
        format!("{quote}{written}{quote}", quote = self.quote)
    }

    pub(super) fn row(&self, cells: &[String]) -> String {
        let cells: Vec<String> = cells.iter().map(|cell| self.cell(cell)).collect();
        cells.join(self.delimiter)
    }

    pub(super) fn table(&self, lines: &[String]) -> String {
        let mut text = String::new();
        for line in lines {
            let _ = write!(text, "{line}{}", self.ending);
        }
        text
    }

    /// Header and rows, a text each.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.row(&header())];
        lines.extend(rows().iter().map(|row| self.row(row)));
        lines
    }
}
