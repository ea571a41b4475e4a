//! What the values of a table's columns look like, to know the header of another table among them.

use super::cell_text::{is_value, is_words};

/// So many rows show what a column looks like.
const FEWEST_ROWS: usize = 4;
/// So many columns tell a header from a record.
const FEWEST_COLUMNS: usize = 2;

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Number,
    Clock,
    Day,
    Other,
}

/// The columns all of whose values look alike; none where there are too few of them.
#[derive(Debug, Clone, Default)]
pub(in crate::source) struct ColumnShapes(Vec<(usize, Shape)>);

impl ColumnShapes {
    /// Of rows of records.
    pub(super) fn of(rows: &[Vec<String>]) -> ColumnShapes {
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        let column = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let filled: Vec<&str> = cells
                .map(|cell| cell.trim())
                .filter(|cell| !cell.is_empty())
                .collect();
            let first = shape(filled.first()?)?;
            let alike = filled.iter().filter(|cell| shape(cell) == Some(first));
            let is_one = filled.len() >= FEWEST_ROWS && alike.count() * 10 >= filled.len() * 9;
            is_one.then_some((column, first))
        };
        let shapes: Vec<(usize, Shape)> = (0..width).filter_map(column).collect();
        if shapes.len() < FEWEST_COLUMNS {
            return ColumnShapes::default();
        }
        ColumnShapes(shapes)
    }

    /// Whether a column is one of them.
    pub(super) fn has(&self, column: usize) -> bool {
        self.0.iter().any(|(known, _)| *known == column)
    }

    /// Whether the row has names where the columns have values, and no value at all.
    pub(super) fn is_header(&self, row: &[&[u8]]) -> bool {
        let names = |cell: &[u8]| std::str::from_utf8(cell).is_ok_and(is_words);
        let values = |cell: &&[u8]| std::str::from_utf8(cell).is_ok_and(is_value);
        let filled = self
            .0
            .iter()
            .filter_map(|(column, _)| row.get(*column))
            .filter(|cell| !cell.trim_ascii().is_empty());
        let filled: Vec<&&[u8]> = filled.collect();
        filled.len() >= FEWEST_COLUMNS
            && filled.iter().all(|cell| names(cell))
            && !row.iter().any(values)
    }

    /// Whether the values of the row look as those of the table do.
    pub(super) fn fit(&self, row: &[&[u8]]) -> bool {
        self.0.iter().all(|(column, known)| {
            let cell = row.get(*column).map_or(&b""[..], |cell| cell.trim_ascii());
            let cell = std::str::from_utf8(cell).unwrap_or_default();
            cell.is_empty() || shape(cell) == Some(*known)
        })
    }
}

fn shape(cell: &str) -> Option<Shape> {
    if !is_value(cell) || cell.contains('@') {
        return None;
    }
    let parts = |signs: [char; 2]| cell.split(signs).filter(|part| !part.is_empty()).count();
    let is_day = parts(['-', '/']) > 2 || (cell.len() > 7 && parts(['.', '.']) > 2);
    Some(if is_day {
        Shape::Day
    } else if cell.contains(':') {
        Shape::Clock
    } else if cell
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.,".contains(&byte))
    {
        Shape::Number
    } else {
        Shape::Other
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_names_where_the_columns_have_values() {
        let row = |text: &str| -> Vec<String> { text.split(';').map(str::to_owned).collect() };
        let rows: Vec<Vec<String>> = (1..6)
            .map(|day| row(&format!("2024-03-0{day};Ida;12:0{day}:00;{day}")))
            .collect();
        let shapes = ColumnShapes::of(&rows);
        let cells = |text: &'static str| -> Vec<&'static [u8]> {
            text.split(';').map(str::as_bytes).collect()
        };
        assert!(shapes.has(0) && !shapes.has(1) && shapes.has(2) && shapes.has(3));
        assert!(shapes.is_header(&cells("day;agent;clock;count")));
        assert!(shapes.is_header(&cells("day;;clock;")));
        for record in [
            "2024-03-09;Bo;;",
            "N/A;Bo;unknown;",
            ";Bo;;",
            "today;Bo;;",
            "day;agent;clock;7",
        ] {
            assert!(!shapes.is_header(&cells(record)), "{record}");
        }
        assert!(shapes.fit(&cells("2024-03-09;Bo;12:00;77")));
        assert!(shapes.fit(&cells(";Bo;;77")));
        assert!(!shapes.fit(&cells("1;2;3;4")));
        // Words alone tell nothing apart.
        assert!(!ColumnShapes::of(&rows[..2]).has(0));
    }
}
