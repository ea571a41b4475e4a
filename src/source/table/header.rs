//! What the columns of a table are called, and whether its first line says so.

use super::cell_text::{are_types, bare, has_types, is_value};
use super::column_looks::looks_of;
use super::column_shapes::ColumnShapes;
use super::header_place::HeaderPlace;
use super::repeated_header::RepeatedHeader;
use crate::source::{Error, Header, HeaderKind, Quote, ReadOptions};

/// What is longer is no name, but what stands in a file that has no header.
const LONGEST_NAME: usize = 4096;

/// The columns of a table, and what was found before them.
#[derive(Debug, Clone)]
pub(in crate::source) struct TableColumns {
    pub(in crate::source) header: Header,
    /// The cells of the header line as they stand in the file; none without one.
    pub(in crate::source) said: Vec<String>,
    /// Cells of a row as the file writes it.
    pub(in crate::source) width: usize,
    pub(in crate::source) kind: HeaderKind,
    /// Rows that the header takes.
    pub(in crate::source) lines: usize,
    /// What the values of the columns look like.
    pub(in crate::source) shapes: ColumnShapes,
    /// Whether the last column holds the problems of an earlier run.
    pub(in crate::source) rejects: bool,
}

/// The first rows of a table as text, with the line of the first.
pub(in crate::source) struct Opening<'t> {
    pub(in crate::source) file: &'t str,
    pub(in crate::source) line: u64,
    pub(in crate::source) rows: &'t [Vec<String>],
}

impl TableColumns {
    /// The columns that the opening of a table tells, or the options in its stead. With `place`, the opening
    /// begins with the header.
    pub(in crate::source) fn find(
        opening: &Opening<'_>,
        options: &ReadOptions,
        place: Option<&HeaderPlace>,
    ) -> Result<Self, Error> {
        let first = opening.rows.first().map_or(&[][..], Vec::as_slice);
        let first = place.map_or(first, |place| &place.names);
        let rejects = first.len() > 1
            && first
                .last()
                .is_some_and(|name| name.trim() == Header::PROBLEMS);
        let kind = match options.header {
            // Rejected records have a header line even where their source had none.
            _ if rejects => HeaderKind::Names,
            Some(kind) => kind,
            None if place.is_some() && !has_types(opening.rows) => HeaderKind::Names,
            None => guess(opening.rows),
        };
        let lines = match kind {
            HeaderKind::None => 0,
            HeaderKind::Names => place.map_or(1, |place| place.lines),
            HeaderKind::NamesAndTypes => 2,
        };
        let records = opening.rows.get(lines..).unwrap_or_default();
        let width = match kind {
            // Without a header the first row is no better than the others.
            HeaderKind::None => commonest_width(opening.rows),
            HeaderKind::Names if ends_with_delimiters(first, records) => first.len() + 1,
            HeaderKind::Names | HeaderKind::NamesAndTypes => first.len(),
        };
        let own = width - usize::from(rejects);
        let mut names: Vec<String> = match kind {
            HeaderKind::None => Vec::new(),
            HeaderKind::Names | HeaderKind::NamesAndTypes => first[..own.min(first.len())]
                .iter()
                .map(|name| bare(name).to_owned())
                .collect(),
        };
        let layout = match kind {
            HeaderKind::None if options.columns.is_empty() => {
                options.headerless.names(opening.rows, own)
            }
            _ => None,
        };
        let is_unnamed = kind == HeaderKind::None && layout.is_none() && options.columns.is_empty();
        let looks = looks_of(opening.rows, if is_unnamed { own } else { 0 });
        name_columns(&mut names, layout.as_ref().unwrap_or(&options.columns), own);
        refuse_long(opening, &names)?;
        duplicates(opening, &names)?;
        let said = match kind {
            HeaderKind::None => Vec::new(),
            HeaderKind::Names | HeaderKind::NamesAndTypes => first.to_vec(),
        };
        Ok(TableColumns {
            shapes: ColumnShapes::of(records),
            said,
            header: Header::new(names)
                .also_called(&options.captions)
                .unnamed(looks),
            width,
            kind,
            lines,
            rejects,
        })
    }

    /// The cells of the header line without the problems of an earlier run.
    pub(in crate::source) fn own_names(&self) -> &[String] {
        &self.said[..self.said.len().min(self.header.names().len())]
    }

    /// How it is told on the screen.
    pub(in crate::source) fn reading(&self) -> &'static str {
        match (self.kind, self.lines) {
            (HeaderKind::None, _) => "no header",
            (HeaderKind::Names, ..=1) => "header",
            (HeaderKind::NamesAndTypes, _) | (HeaderKind::Names, 2) => "two header lines",
            (HeaderKind::Names, 3) => "three header lines",
            (HeaderKind::Names, _) => "four header lines",
        }
    }
}

/// Puts the names that are said in place of those of the header, and numbers where there are none. A preset
/// names the columns of the longest form of a file.
fn name_columns(names: &mut Vec<String>, said: &[String], width: usize) {
    for (index, name) in said.iter().take(width).enumerate() {
        match names.get_mut(index) {
            Some(known) => known.clone_from(name),
            None => names.push(name.clone()),
        }
    }
    names.resize(names.len().max(width), String::new());
    for (index, name) in names.iter_mut().enumerate() {
        if name.is_empty() {
            *name = format!("column{}", index + 1);
        }
    }
}

fn commonest_width(rows: &[Vec<String>]) -> usize {
    let count = |width| rows.iter().filter(|row| row.len() == width).count();
    rows.iter()
        .map(Vec::len)
        .max_by_key(|width| (count(*width), *width))
        .unwrap_or(0)
}

/// Whether rows end with a delimiter that the header lacks, and so with an empty cell.
fn ends_with_delimiters(first: &[String], rest: &[Vec<String>]) -> bool {
    let longer = || rest.iter().filter(|row| row.len() == first.len() + 1);
    let is_empty = longer().all(|row| row.last().is_some_and(String::is_empty));
    is_empty && longer().count() * 10 > rest.len() * 8
}

fn refuse_long(opening: &Opening<'_>, names: &[String]) -> Result<(), Error> {
    match names.iter().map(String::len).max() {
        Some(longest) if longest > LONGEST_NAME => Err(Error::Unreadable {
            file: opening.file.to_owned(),
            reason: format!(
                "its header has a name of {longest} bytes, and a name may have {LONGEST_NAME}"
            ),
        }),
        _ => Ok(()),
    }
}

fn duplicates(opening: &Opening<'_>, names: &[String]) -> Result<(), Error> {
    let mut seen = std::collections::HashSet::new();
    let mut twice: Vec<String> = Vec::new();
    for name in names {
        let quoted = format!("'{name}'");
        if !seen.insert(name) && !twice.contains(&quoted) {
            twice.push(quoted);
        }
    }
    if twice.is_empty() {
        return Ok(());
    }
    Err(Error::DuplicateColumns {
        file: opening.file.to_owned(),
        line: opening.line,
        names: twice.join(", "),
    })
}

/// A first row is a header unless it holds values: numbers, times, addresses, or what the rows after
/// it say again in the same columns.
fn guess(rows: &[Vec<String>]) -> HeaderKind {
    let Some((first, rest)) = rows.split_first() else {
        return HeaderKind::Names;
    };
    if first.iter().any(|cell| is_value(cell)) {
        return HeaderKind::None;
    }
    // A row that says the header once more is no value of a record.
    let again = |row: &&Vec<String>| {
        row.iter()
            .map(|name| bare(name))
            .eq(first.iter().map(|name| bare(name)))
    };
    let rest: Vec<&Vec<String>> = rest.iter().filter(|row| !again(row)).collect();
    let rest = without_other_headers(first, rest);
    let said: Vec<usize> = (0..first.len())
        .filter(|column| !first[*column].is_empty())
        .collect();
    let repeated = said.iter().filter(|column| {
        rest.iter()
            .any(|row| row.get(**column) == Some(&first[**column]))
    });
    if said.is_empty() || repeated.count() * 2 > said.len() {
        return HeaderKind::None;
    }
    match rest.first() {
        Some(second) if are_types(first, second) => HeaderKind::NamesAndTypes,
        _ => HeaderKind::Names,
    }
}

/// The rows but for those that are most of the first one, if these are headers: neither they nor the
/// first hold values, and all rows between them do.
fn without_other_headers<'r>(first: &[String], rest: Vec<&'r Vec<String>>) -> Vec<&'r Vec<String>> {
    let header = RepeatedHeader::new(first, ColumnShapes::default());
    let has_values = |row: &[String]| row.iter().any(|cell| is_value(cell));
    let (others, records): (Vec<_>, Vec<_>) = rest
        .iter()
        .copied()
        .partition(|row| !has_values(row) && header.is_another(row));
    let is_told_apart = !records.is_empty() && records.iter().all(|row| has_values(row));
    if others.is_empty() || !is_told_apart {
        return rest;
    }
    records
}

/// How a quote is told on the screen, when it is not the usual one.
pub(in crate::source) fn quote_reading(quote: Quote) -> Option<String> {
    match quote {
        Quote::Byte(b'"') => None,
        Quote::None => Some("no quoting".to_owned()),
        Quote::Byte(byte) => Some(format!("quoted by {}", char::from(byte))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(rows: &[&[&str]], options: &ReadOptions) -> Result<TableColumns, Error> {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect())
            .collect();
        let opening = Opening {
            file: "test.csv",
            line: 1,
            rows: &rows,
        };
        TableColumns::find(&opening, options, None)
    }

    fn kind(rows: &[&[&str]]) -> HeaderKind {
        find(rows, &ReadOptions::default()).unwrap().kind
    }

    #[test]
    fn a_first_row_of_values_is_no_header() {
        assert_eq!(kind(&[&["id", "name"], &["1", "x"]]), HeaderKind::Names);
        assert_eq!(
            kind(&[
                &["id", "name"],
                &["id", "name"],
                &["1", "x"],
                &["\u{feff}id", "name"]
            ]),
            HeaderKind::Names
        );
        assert_eq!(
            kind(&[&["", "101", "x"], &["", "102", "y"]]),
            HeaderKind::None
        );
        assert_eq!(kind(&[&["x", "2024-03-15 09:12:03"]]), HeaderKind::None);
        assert_eq!(
            kind(&[&["SALE", "a"], &["SALE", "b"], &["NI", "a"]]),
            HeaderKind::None
        );
        assert_eq!(
            kind(&[&["id", "when"], &["INTEGER", "VARCHAR(50)"]]),
            HeaderKind::NamesAndTypes
        );
    }

    #[test]
    fn another_header_further_down_does_not_make_the_first_one_a_record() {
        let header: &[&str] = &["id", "name", "title", "at"];
        let other: &[&str] = &["id", "name", "subject", "at"];
        let rows: [&[&str]; 2] = [
            &["R1", "Ida", "Call", "2024-03-15"],
            &["R2", "Bo", "Call", "2024-03-16"],
        ];
        let again = [header, rows[0], other, rows[1], other, rows[0]];
        assert_eq!(kind(&again), HeaderKind::Names);
        assert_eq!(kind(&[header, rows[0], rows[1], other]), HeaderKind::Names);
        // Nothing tells these rows from those that have values.
        let words: &[&str] = &["R3", "Ida", "Call", "today"];
        assert_eq!(kind(&[header, words, other, rows[0]]), HeaderKind::None);
        assert_eq!(kind(&[header, other]), HeaderKind::None);
        // A record that says most of the first row again.
        let records: [&[&str]; 2] = [
            &["sale", "ida", "bo", "x"],
            &["sale", "ida", "bo", "2024-03-15"],
        ];
        assert_eq!(kind(&[records[0], records[1], rows[0]]), HeaderKind::None);
    }

    #[test]
    fn names_are_trimmed_and_gaps_are_numbered() {
        let columns = find(
            &[&["\u{feff}id ", "", "b"], &["1", "2", "3"]],
            &ReadOptions::default(),
        );
        assert_eq!(columns.unwrap().header.names(), ["id", "column2", "b"]);
    }

    #[test]
    fn two_columns_of_one_name_are_refused_by_name() {
        let error = find(
            &[&["a", "b", "a"], &["1", "2", "3"]],
            &ReadOptions::default(),
        );
        assert!(error.unwrap_err().to_string().contains("'a'"));
        let options = ReadOptions {
            columns: vec!["x".into(), "y".into(), "z".into()],
            ..ReadOptions::default()
        };
        assert!(find(&[&["a", "b", "a"], &["1", "2", "3"]], &options).is_ok());
    }

    #[test]
    fn rejected_records_have_a_header_whatever_their_source_had() {
        let options = ReadOptions {
            header: Some(HeaderKind::None),
            ..ReadOptions::default()
        };
        let columns = find(&[&["column1", "_problems"], &["1", "x"]], &options).unwrap();
        assert_eq!((columns.width, columns.rejects), (2, true));
        assert_eq!(columns.header.names(), ["column1"]);
    }
}
