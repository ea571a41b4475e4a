//! What the columns of a table without a header seem to be, in words.

use super::cell_text::is_value;
use crate::domain::{PhoneReading, is_email, read_phone};

/// In a column of so many values one may be strange.
const ONE_IN: usize = 10;

/// Whether a cell is of a kind.
type CellTest = fn(&str) -> bool;

/// What each of the first columns seems to hold.
pub(super) fn looks_of(rows: &[Vec<String>], width: usize) -> Vec<&'static str> {
    let look = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let filled: Vec<&str> = cells
            .map(|cell| cell.trim())
            .filter(|cell| !cell.is_empty())
            .collect();
        if filled.is_empty() {
            return "nothing";
        }
        let tests: [(&str, CellTest); 4] = [
            ("an e-mail address", is_email),
            ("a time", is_time),
            ("a telephone number", is_phone),
            ("a number", is_number),
        ];
        let all = |test: &CellTest| {
            let others = filled.iter().filter(|cell| !test(cell)).count();
            others * ONE_IN <= filled.len()
        };
        let found = tests.iter().find(|(_, test)| all(test));
        found.map_or("text", |(word, _)| word)
    };
    (0..width).map(look).collect()
}

fn is_number(cell: &str) -> bool {
    let is_of_number = |byte: u8| byte.is_ascii_digit() || b"+-.,".contains(&byte);
    cell.bytes().all(is_of_number) && is_value(cell)
}

/// Whether it has a day or a clock.
fn is_time(cell: &str) -> bool {
    let parts = |signs: &[char]| cell.split(signs).filter(|part| !part.is_empty()).count();
    let starts = cell.starts_with(|sign: char| sign.is_ascii_digit());
    starts && is_value(cell) && (parts(&[':']) > 1 || parts(&['-', '/']) == 3 || is_pointed(cell))
}

/// Whether it is a day as `15.03.2024`.
fn is_pointed(cell: &str) -> bool {
    let day = cell.split(' ').next().unwrap_or_default();
    day.len() > 7 && day.split('.').count() == 3
}

fn is_phone(cell: &str) -> bool {
    matches!(read_phone(cell, None), PhoneReading::Possible(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_by_what_they_hold() {
        let row = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
        let rows = [
            row(
                "c-1;2024-03-15T09:12:03Z;+4512345601;Ida Opdigtet;ida@example.com;261;;15.03.2024",
            ),
            row("c-2;2024-03-15T09:12:03Z;+4512345602;Bo Fiktiv;bo@example.com;;;16.03.2024"),
        ];
        let wanted = [
            "text",
            "a time",
            "a telephone number",
            "text",
            "an e-mail address",
            "a number",
            "nothing",
            "a time",
            "nothing",
        ];
        assert_eq!(looks_of(&rows, 9), wanted);
        assert!(looks_of(&[], 0).is_empty());
    }
}
