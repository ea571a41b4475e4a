//! One opened export: its name, its columns, how it is written.

use std::collections::HashMap;
use std::sync::Arc;

use super::format::FileFormat;
use super::names::letters;

/// One opened export: its name and what its records look like.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The file as the operator named it; `-` for standard input.
    pub file: Arc<str>,
    /// How the file is read, for the screen: `comma, utf-8, header, LF`.
    pub reading: String,
    /// Column names; `None` for JSON, where every record has its own keys.
    pub header: Option<Header>,
    /// Values that mean "nothing" (`NULL`, `N/A`), compared exactly.
    pub nulls: Vec<String>,
    /// How the records are written, to write some of them again in the same way.
    pub form: FileFormat,
}

impl Sheet {
    /// The column that `name` means here. In JSON every name is a path whose steps are separated
    /// by dots (`user.email`, `participants.0.name`); a key that itself holds the dots wins.
    pub fn column(&self, name: &str) -> Option<Column> {
        match &self.header {
            Some(header) => header.find(name).map(Column::Cell),
            None => Some(Column::Path(name.split('.').map(str::to_owned).collect())),
        }
    }
}

/// The name of a column, or its number when the row is longer than the header.
pub(super) fn column_name(sheet: &Sheet, column: usize) -> String {
    sheet
        .header
        .as_ref()
        .and_then(|header| header.names().get(column).cloned())
        .unwrap_or_else(|| format!("column{}", column + 1))
}

/// The column names of a table.
#[derive(Debug, Clone, Default)]
pub struct Header {
    names: Vec<String>,
    by_key: HashMap<String, usize>,
    /// What the columns seem to hold, where neither the file nor the mapping names them.
    looks: Vec<&'static str>,
}

impl Header {
    /// The column that a fed-in `rejected.csv` carries and that is no part of the record.
    pub const PROBLEMS: &'static str = "_problems";

    /// A header of these names, in the order of the file. Of two columns with the same key the
    /// first is found by name.
    pub fn new(names: Vec<String>) -> Self {
        let mut by_key = HashMap::new();
        for (index, name) in names.iter().enumerate() {
            by_key.entry(Self::key(name)).or_insert(index);
        }
        Header {
            names,
            by_key,
            looks: Vec::new(),
        }
    }

    /// The same header, of columns that nobody has named, with what each seems to hold.
    #[must_use]
    pub(super) fn unnamed(self, looks: Vec<&'static str>) -> Header {
        Header { looks, ..self }
    }

    /// What the columns seem to hold, each with its number as a name; nothing where they have names.
    pub(crate) fn unnamed_columns(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let names = self.names.iter().map(String::as_str);
        names.zip(self.looks.iter().copied())
    }

    /// The names as they stand in the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Position of the column: by its exact name, else without regard to case, spaces, `-`, `_`
    /// and a byte order mark (`Contact_ID` is `contact id`).
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names
            .iter()
            .position(|known| known == name)
            .or_else(|| self.by_key.get(&Self::key(name)).copied())
    }

    /// The positions of all columns that have this name but for what [`Header::find`] overlooks.
    pub fn all(&self, name: &str) -> Vec<usize> {
        let key = Self::key(name);
        let columns = self.names.iter().enumerate();
        let same = columns.filter(|(_, known)| Self::key(known) == key);
        same.map(|(column, _)| column).collect()
    }

    /// The same header, whose columns are also found by the first of these names where they have one of the
    /// others.
    #[must_use]
    pub fn also_called(mut self, captions: &[(String, Vec<String>)]) -> Header {
        for (name, others) in captions {
            let found = others.iter().find_map(|other| self.find(other));
            if let (None, Some(column)) = (self.find(name), found) {
                self.by_key.insert(Self::key(name), column);
            }
        }
        self
    }

    /// Whether the last column has this name.
    pub(super) fn ends_with(&self, name: &str) -> bool {
        self.names
            .last()
            .is_some_and(|last| Self::key(last) == Self::key(name))
    }

    /// The form in which names are compared.
    pub fn key(name: &str) -> String {
        letters(name).collect()
    }
}

/// Where a mapping finds a value in the records of one sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// The cell at this position.
    Cell(usize),
    /// The keys to follow into a JSON object; a number is an index into an array.
    Path(Arc<[String]>),
}
