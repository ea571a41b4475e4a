//! Where the header of a table is: behind titles, and over several lines.

use super::cell_text::{bare, has_types, is_value, is_words};
use crate::source::{Header, ReadOptions};

/// A header has so many lines at most.
const MOST_LINES: usize = 4;
/// So many of ten cells of a column are values, or the column is none of values.
const MOST_OF_TEN: usize = 9;
/// So many columns of values tell a line of the header from a record.
const FEWEST_COLUMNS: usize = 2;

/// The rows of a header among the first ones of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct HeaderPlace {
    /// Rows before it that belong to no table.
    pub(in crate::source) titles: usize,
    /// Rows of the header.
    pub(in crate::source) lines: usize,
    /// What the columns are called.
    pub(in crate::source) names: Vec<String>,
}

impl HeaderPlace {
    /// The rows that have the columns of the mapping.
    pub(in crate::source) fn of_mapping(
        rows: &[Vec<String>],
        options: &ReadOptions,
    ) -> Option<HeaderPlace> {
        if options.known.is_empty() {
            return None;
        }
        let fits = |names: &[String]| {
            let names = names.iter().map(|name| bare(name).to_owned()).collect();
            let header = Header::new(names).also_called(&options.captions);
            options.known.fits_header(&header)
        };
        let first = (0..rows.len()).take_while(|at| *at == 0 || !is_record(&rows[at - 1], rows));
        let starts: Vec<usize> = first.collect();
        let alone = starts.iter().find(|at| fits(&rows[**at]));
        if let Some(&titles) = alone {
            return Some(HeaderPlace {
                titles,
                lines: lines(&rows[titles..]),
                names: rows[titles].clone(),
            });
        }
        for &titles in &starts {
            for lines in 2..=MOST_LINES.min(rows.len() - titles) {
                let head = &rows[titles..titles + lines];
                let names = [joined(head), joined(&filled_up(head))];
                if let Some(names) = names.into_iter().find(|names| fits(names)) {
                    return Some(HeaderPlace {
                        titles,
                        lines,
                        names,
                    });
                }
            }
        }
        None
    }

    /// The rows that look like it, where they are not just the first one.
    pub(in crate::source) fn by_looks(rows: &[Vec<String>]) -> Option<HeaderPlace> {
        let titles = titles(rows);
        let lines = lines(&rows[titles..]);
        if titles == 0 && lines < 2 {
            return None;
        }
        let head = &rows[titles..titles + lines];
        let names = match head {
            [only] => only.clone(),
            several => {
                let names = joined(several);
                if has_twins(&names) {
                    joined(&filled_up(several))
                } else {
                    names
                }
            }
        };
        Some(HeaderPlace {
            titles,
            lines,
            names,
        })
    }
}

fn filled_cells(row: &[String]) -> usize {
    row.iter().filter(|cell| !bare(cell).is_empty()).count()
}

/// Whether the row is as wide as most, and half of it is filled, with values among it.
fn is_record(row: &[String], rows: &[Vec<String>]) -> bool {
    let width = rows.last().map_or(0, Vec::len);
    row.len() >= width.min(2)
        && filled_cells(row) * 2 > width
        && row.iter().any(|cell| is_value(cell))
}

/// Rows at the beginning that say one thing at most, before a row that says more.
fn titles(rows: &[Vec<String>]) -> usize {
    let titles = rows.iter().take_while(|row| filled_cells(row) < 2).count();
    let rest = &rows[titles..];
    let width = rest.first().map_or(0, Vec::len);
    let is_table = width > 2
        && rest.len() > 1
        && (filled_cells(&rest[0]) > 2 || filled_cells(&rest[0]) * 3 > width)
        && rest[1..].iter().filter(|row| row.len() == width).count() * 10 >= (rest.len() - 1) * 8;
    if is_table { titles } else { 0 }
}

/// How many of the first rows are the header: those without a value, if the columns of the rows behind them
/// are columns of values where they have words.
fn lines(rows: &[Vec<String>]) -> usize {
    if has_types(rows) {
        return 1;
    }
    let same = |row: &Vec<String>| {
        let names = |row: &[String]| -> Vec<String> {
            row.iter().map(|name| bare(name).to_lowercase()).collect()
        };
        names(row) == names(&rows[0])
    };
    let head = rows.iter().enumerate().take_while(|(number, row)| {
        let is_again = *number > 0 && same(row);
        !is_again && !row.iter().any(|cell| is_value(cell))
    });
    let lines = head.count();
    let rest = rows.get(lines..).unwrap_or_default();
    if !(2..=MOST_LINES).contains(&lines) || rest.len() < 2 {
        return 1;
    }
    let width = rest[0].len();
    let columns: Vec<usize> = (0..width)
        .filter(|column| are_values(rest, *column))
        .collect();
    let is_of_header = |row: &Vec<String>| {
        let cell = |column: &&usize| row.get(**column).is_some_and(|cell| is_words(cell));
        row.len() == width && columns.iter().filter(cell).count() >= FEWEST_COLUMNS
    };
    if rows[0].len() == width && rows[1..lines].iter().all(is_of_header) {
        lines
    } else {
        1
    }
}

fn are_values(rows: &[Vec<String>], column: usize) -> bool {
    let cells = rows.iter().filter_map(|row| row.get(column));
    let filled: Vec<&String> = cells.filter(|cell| !bare(cell).is_empty()).collect();
    let values = filled.iter().filter(|cell| is_value(cell)).count();
    filled.len() > 1 && filled.len() * 2 > rows.len() && values * 10 >= filled.len() * MOST_OF_TEN
}

/// The names of a header of several rows: what the rows say of a column, joined by a blank.
fn joined(head: &[Vec<String>]) -> Vec<String> {
    let width = head.iter().map(Vec::len).max().unwrap_or(0);
    let name = |column: usize| {
        let mut parts: Vec<&str> = Vec::new();
        for row in head {
            let part = row.get(column).map_or("", |cell| bare(cell));
            if !part.is_empty() && parts.last() != Some(&part) {
                parts.push(part);
            }
        }
        parts.join(" ")
    };
    (0..width).map(name).collect()
}

/// The same rows, in which all but the last one say a thing once for the columns that follow.
fn filled_up(head: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut head = head.to_vec();
    if let Some((_, groups)) = head.split_last_mut() {
        for row in groups {
            let mut group = String::new();
            for cell in row {
                if bare(cell).is_empty() {
                    cell.clone_from(&group);
                } else {
                    group.clone_from(cell);
                }
            }
        }
    }
    head
}

fn has_twins(names: &[String]) -> bool {
    let mut seen = std::collections::HashSet::new();
    names
        .iter()
        .any(|name| !name.is_empty() && !seen.insert(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::KnownKeys;

    fn rows(rows: &[&str]) -> Vec<Vec<String>> {
        let cells = |row: &&str| row.split(',').map(str::to_owned).collect();
        rows.iter().map(cells).collect()
    }

    fn by_looks(text: &[&str]) -> Option<(usize, usize, String)> {
        let place = HeaderPlace::by_looks(&rows(text))?;
        Some((place.titles, place.lines, place.names.join(",")))
    }

    #[test]
    fn lines_without_values_above_columns_of_values_are_the_header() {
        let records = ["1,2024-03-15,Ida", "2,2024-03-16,Bo"];
        let with = |head: &[&'static str]| by_looks(&[head, &records].concat());
        let found = |titles, lines, names: &str| Some((titles, lines, names.to_owned()));
        assert_eq!(with(&["id,at,name"]), None);
        assert_eq!(
            with(&["call,call,agent", "id,at,name"]),
            found(0, 2, "call id,call at,agent name")
        );
        assert_eq!(
            with(&["call,,agent", "id,at,name"]),
            found(0, 2, "call id,at,agent name")
        );
        assert_eq!(
            with(&["sent,,got", "count,day,day"]),
            found(0, 2, "sent count,day,got day")
        );
        assert_eq!(
            with(&["sent,,got", "day,count,count"]),
            found(0, 2, "sent day,count,got count")
        );
        assert_eq!(
            with(&["March,,", ",,", "id,at,name"]),
            found(2, 1, "id,at,name")
        );
        // Records that have no values.
        assert_eq!(with(&["id,at,name", ",,Eva"]), None);
        assert_eq!(with(&["id,at,name", "N/A,unknown,Eva"]), None);
        assert_eq!(with(&["id,at,name", "id,at,name"]), None);
        // What the types are is no part of the names.
        assert_eq!(with(&["id,at,name", "INTEGER,DATE,VARCHAR(50)"]), None);
        assert_eq!(
            by_looks(&["id,at,name", "x,today,Eva", "y,tomorrow,Bo"]),
            None
        );
    }

    #[test]
    fn the_columns_of_the_mapping_tell_which_line_is_the_header() {
        let place = |known: &[&str], text: &[&str]| {
            let options = ReadOptions {
                known: KnownKeys(known.iter().map(|name| vec![(*name).to_owned()]).collect()),
                ..ReadOptions::default()
            };
            let place = HeaderPlace::of_mapping(&rows(text), &options)?;
            Some((place.titles, place.lines, place.names.join(",")))
        };
        let table = [
            "call,,agent",
            "id,at,name",
            "1,2024-03-15,Ida",
            "2,2024-03-16,Bo",
        ];
        let found = |titles, lines, names: &str| Some((titles, lines, names.to_owned()));
        assert_eq!(place(&["id", "name"], &table), found(1, 1, "id,at,name"));
        assert_eq!(
            place(&["Call ID", "Agent Name"], &table),
            found(0, 2, "call id,at,agent name")
        );
        assert_eq!(
            place(&["call at"], &table),
            found(0, 2, "call id,call at,agent name")
        );
        assert_eq!(place(&["phone"], &table), None);
        let units = [
            "id,at,name",
            "(number),(day),",
            "1,2024-03-15,Ida",
            "2,2024-03-16,Bo",
        ];
        assert_eq!(place(&["id", "at"], &units), found(0, 2, "id,at,name"));
        // A row of names behind records is not that of the file.
        let late = ["1,2024-03-15,Ida", "id,at,name", "2,2024-03-16,Bo"];
        assert_eq!(place(&["id", "name"], &late), None);
    }
}
