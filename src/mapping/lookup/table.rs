//! Tables from a second file: what the export does not say but its key leads to.
//!
//! ```toml
//! [lookup.agents]
//! file = "agents.csv"      # beside the mapping file
//! key  = "id"
//! ```
//!
//! A file that is JSON is read by `json`.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::{DecoderResult, Encoding};
use toml::Spanned;
use toml::de::DeValue;

use super::json;
use super::rows::{Keys, LookupRows, MOST_BYTES};
use super::second_file::SecondFile;
use crate::mapping::error::{Findings, suggest};
use crate::mapping::file::toml_table::{SpannedText, TomlTable, wrong_type};
use crate::source::Header;

/// The largest lookup file that is read, also as UTF-8: its text is in memory beside the table that is
/// made of it.
const LIMIT: u64 = 64 << 20;
/// The largest row of a lookup file that is a table; a cell of an export has as many bytes.
const MOST_ROW: usize = 4 << 20;
/// As many columns as an export may have.
const MOST_COLUMNS: usize = 16_384;
/// Bytes that are decoded together.
const PIECE: usize = 64 << 10;

/// A table in memory, found by its key.
#[derive(Debug)]
pub(in crate::mapping) struct LookupTable {
    pub(in crate::mapping) name: String,
    header: Header,
    rows: LookupRows,
    keys: Keys,
    /// The file may be missing and is, so that every key misses in every column.
    is_absent: bool,
}

impl LookupTable {
    /// Position of a column.
    pub(in crate::mapping) fn column(&self, name: &str) -> Option<usize> {
        self.header.find(name).or(self.is_absent.then_some(0))
    }

    /// The value of a column in the row of a key.
    pub(in crate::mapping) fn value(&self, key: &str, column: usize) -> Option<&str> {
        let row = self.keys.find(&self.rows, key)?;
        Some(self.rows.cell(row, column).unwrap_or_default())
    }

    /// What could be meant by a column that is not there. A file of one column is no table, and what
    /// looks like its name is a line of it that nobody needs to see.
    pub(in crate::mapping) fn suggest_column(&self, name: &str) -> Option<String> {
        if self.header.names().len() < 2 {
            return None;
        }
        suggest(name, self.header.names().iter().map(String::as_str))
    }
}

/// Where second files are found.
#[derive(Debug, Clone, Copy)]
pub(in crate::mapping) struct SecondFiles<'f> {
    /// The folder of the mapping file.
    pub(in crate::mapping) dir: Option<&'f Path>,
    /// Files that the operator named instead, by the names of their tables.
    pub(in crate::mapping) files: &'f [(String, PathBuf)],
}

impl SecondFiles<'_> {
    /// The file of a table, or why it cannot be read.
    fn find(&self, table: &str, said: &str) -> Result<SecondFile, String> {
        match self.of_operator(table) {
            Some(path) => Ok(SecondFile::of_operator(path)),
            None => SecondFile::of_mapping(said, self.dir, &format!("--lookup {table}=FILE")),
        }
    }

    fn of_operator(&self, table: &str) -> Option<&Path> {
        let named = self.files.iter().find(|(name, _)| name == table);
        named.map(|(_, path)| path.as_path())
    }

    /// Whether there is no such file.
    fn is_absent(&self, table: &str, said: &str) -> bool {
        let of_mapping = || {
            self.dir
                .map_or_else(|| PathBuf::from(said), |dir| dir.join(said))
        };
        let path = self
            .of_operator(table)
            .map_or_else(of_mapping, Path::to_owned);
        !path.exists()
    }
}

/// The tables of one mapping file.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct Lookups {
    tables: Vec<Arc<LookupTable>>,
    /// Also those that could not be read, so that their users are not findings too.
    declared: Vec<String>,
    /// The files that were read.
    files: Vec<PathBuf>,
}

impl Lookups {
    /// Reads `[lookup]` and the files that it names.
    pub(in crate::mapping) fn read(
        value: &Spanned<DeValue<'_>>,
        beside: SecondFiles<'_>,
        findings: &mut Findings,
    ) -> Lookups {
        let mut lookups = Lookups::default();
        let DeValue::Table(tables) = value.get_ref() else {
            wrong_type::<()>(
                "lookup",
                "a table of tables",
                value.get_ref(),
                value.span(),
                findings,
            );
            return lookups;
        };
        for (name, value) in tables {
            lookups.declared.push(name.get_ref().to_string());
            let DeValue::Table(table) = value.get_ref() else {
                wrong_type::<()>(
                    name.get_ref(),
                    "a table",
                    value.get_ref(),
                    value.span(),
                    findings,
                );
                continue;
            };
            let section =
                TomlTable::new(table, format!("[lookup.{}]", name.get_ref()), name.span());
            let taken = lookups.tables.iter().map(|table| table.rows.bytes());
            let room = MOST_BYTES.saturating_sub(taken.sum());
            let reader = LookupReader {
                beside,
                files: &mut lookups.files,
                room,
            };
            let table = reader.read(name.get_ref(), section, findings);
            lookups.tables.extend(table.map(Arc::new));
        }
        lookups
    }

    /// The files that were read, as they are told.
    pub(in crate::mapping) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The table of a name; an unknown name is a finding.
    pub(in crate::mapping) fn find(
        &self,
        name: &SpannedText,
        findings: &mut Findings,
    ) -> Option<Arc<LookupTable>> {
        let found = self.get(name.get_ref());
        if found.is_none() && !self.declared.contains(name.get_ref()) {
            findings.add_with(
                name.span(),
                format!("the file has no [lookup.{}]", name.get_ref()),
                suggest(name.get_ref(), self.declared.iter().map(String::as_str)),
            );
        }
        found
    }

    /// The table of a name.
    pub(in crate::mapping) fn get(&self, name: &str) -> Option<Arc<LookupTable>> {
        self.tables.iter().find(|table| table.name == name).cloned()
    }

    /// Whether a table of this name stands in the file, readable or not.
    pub(in crate::mapping) fn is_declared(&self, name: &str) -> bool {
        self.declared.iter().any(|known| known == name)
    }
}

/// What it takes to read one table.
struct LookupReader<'a> {
    beside: SecondFiles<'a>,
    /// Gets the name of the file.
    files: &'a mut Vec<PathBuf>,
    /// So many bytes may its rows take.
    room: usize,
}

impl LookupReader<'_> {
    /// Reads a table.
    fn read(
        self,
        name: &str,
        mut section: TomlTable<'_, '_>,
        findings: &mut Findings,
    ) -> Option<LookupTable> {
        let file = section.text("file", findings);
        let key = section.text("key", findings);
        let delimiter = section.letter("delimiter", findings);
        let encoding = section.text("encoding", findings);
        let optional = section.flag("optional", findings).unwrap_or_default();
        for (word, value) in [("file", &file), ("key", &key)] {
            if value.is_none() && section.value(word).is_none() {
                findings.add(section.span(), format!("[lookup.{name}] has no `{word}`"));
            }
        }
        section.finish(findings);
        let (file, key) = (file?, key?);
        let beside = self.beside;
        if optional && beside.is_absent(name, file.get_ref()) {
            return Some(LookupTable::new(
                name,
                Header::default(),
                LookupRows::default(),
                true,
            ));
        }
        let shown = beside.of_operator(name);
        let shown = shown.map_or_else(|| file.get_ref().clone(), |path| path.display().to_string());
        let found = beside.find(name, file.get_ref());
        let table = found.and_then(|found| {
            let text = read_text(&found.path, encoding.as_ref())?;
            self.files.push(found.name);
            if delimiter.is_none() && json::is_json(&text) {
                json::parse(&text, self.room)
            } else {
                let delimiter = delimiter.unwrap_or_else(|| guess_delimiter(&text));
                parse(&text, delimiter, self.room)
            }
        });
        let mut lookup = match table {
            Ok((header, rows)) => LookupTable::new(name, header, rows, false),
            Err(reason) => {
                findings.add(file.span(), format!("cannot read {shown}: {reason}"));
                return None;
            }
        };
        let Some(column) = lookup.column(key.get_ref()) else {
            let message = format!("{shown} has no column `{}`", key.get_ref());
            findings.add_with(key.span(), message, lookup.suggest_column(key.get_ref()));
            return None;
        };
        if let Err(twice) = lookup.index(column) {
            let message =
                format!("{shown}: the key `{twice}` is there twice, with different values");
            findings.add(key.span(), message);
        }
        Some(lookup)
    }
}

/// The text of a second file.
fn read_text(path: &Path, encoding: Option<&SpannedText>) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() || metadata.len() > LIMIT {
        return Err(too_large());
    }
    let label = encoding.map_or("utf-8", |label| label.get_ref().as_str());
    let encoding = Encoding::for_label(label.as_bytes())
        .ok_or_else(|| format!("unknown encoding `{label}`"))?;
    let file = File::open(path).map_err(|error| error.to_string())?;
    let length = usize::try_from(metadata.len()).unwrap_or_default();
    decode(file, length, encoding)
}

/// Decodes a source of about `length` bytes as it is read: the bytes are not in memory beside the text.
/// A file that grows is read no further than to where it is too large.
fn decode(source: impl Read, length: usize, encoding: &'static Encoding) -> Result<String, String> {
    let mut source = source.take(LIMIT + 1);
    let mut text = String::with_capacity(length + 2 * PIECE);
    let mut decoder = encoding.new_decoder();
    let mut piece = vec![0; PIECE];
    loop {
        let count = match source.read(&mut piece) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.to_string()),
        };
        let most = decoder.max_utf8_buffer_length_without_replacement(count);
        text.reserve(most.ok_or_else(too_large)?);
        let (result, _) =
            decoder.decode_to_string_without_replacement(&piece[..count], &mut text, count == 0);
        if result != DecoderResult::InputEmpty {
            let used = decoder.encoding().name();
            return Err(format!("it is not {used}; `encoding` says what it is"));
        }
        // Letters of other encodings may take more bytes as UTF-8.
        if source.limit() == 0 || text.len() as u64 > LIMIT {
            return Err(too_large());
        }
        if count == 0 {
            return Ok(text);
        }
    }
}

/// Why a second file is not read.
fn too_large() -> String {
    format!("not a file of at most {} MiB", LIMIT >> 20)
}

/// The most frequent of the usual signs in the first line.
pub(in crate::mapping) fn guess_delimiter(text: &str) -> char {
    let header = text.lines().next().unwrap_or_default();
    let usual = [',', ';', '\t', '|'];
    // The last of equals is taken, and a comma should win against nothing at all.
    usual
        .into_iter()
        .rev()
        .max_by_key(|sign| header.matches(*sign).count())
        .unwrap_or(',')
}

/// The names and rows of a table; the error is why it is none.
fn parse(text: &str, delimiter: char, room: usize) -> Result<(Header, LookupRows), String> {
    let delimiter =
        u8::try_from(delimiter).map_err(|_| "its delimiter is no ASCII character".to_owned())?;
    let left = Cell::new(MOST_ROW);
    let bounded = RowByRow {
        rest: text.as_bytes(),
        left: &left,
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(bounded);
    let header = reader.headers().map_err(|error| error.to_string())?;
    if header.len() > MOST_COLUMNS {
        return Err(format!("it has more than {MOST_COLUMNS} columns"));
    }
    let header = Header::new(header.iter().map(str::to_owned).collect());
    let mut rows = LookupRows::within(room);
    let mut record = csv::StringRecord::new();
    loop {
        left.set(MOST_ROW);
        let read = reader.read_record(&mut record);
        if !read.map_err(|error| error.to_string())? {
            return Ok((header, rows));
        }
        rows.push(record.iter())?;
    }
}

/// A text of which a reader gets no more than a row may have, until it asks for the next one. The library
/// keeps the place of each cell of a row, which takes eight bytes.
struct RowByRow<'t> {
    rest: &'t [u8],
    left: &'t Cell<usize>,
}

impl Read for RowByRow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 && !self.rest.is_empty() {
            let reason = format!("it has a row of more than {MOST_ROW} bytes");
            return Err(io::Error::other(reason));
        }
        let most = buffer.len().min(left);
        let count = self.rest.read(&mut buffer[..most])?;
        self.left.set(left - count);
        Ok(count)
    }
}

impl LookupTable {
    fn new(name: &str, header: Header, rows: LookupRows, is_absent: bool) -> LookupTable {
        LookupTable {
            name: name.to_owned(),
            header,
            rows,
            keys: Keys::default(),
            is_absent,
        }
    }

    /// Builds the index; the error is a key with two different rows.
    fn index(&mut self, column: usize) -> Result<(), String> {
        let (keys, twice) = Keys::of(&self.rows, column);
        self.keys = keys;
        twice.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{empty, repeat};

    use encoding_rs::{UTF_8, WINDOWS_1252};

    use super::*;

    #[test]
    fn a_file_that_grows_while_it_is_read_is_refused_and_not_cut() {
        let grown = repeat(b'a').take(LIMIT + 1);
        let error = decode(grown, 10, UTF_8).unwrap_err();
        assert!(error.contains("at most 64 MiB"), "{error}");
        let whole = decode(repeat(b'a').take(LIMIT), 10, UTF_8).unwrap();
        assert_eq!(whole.len() as u64, LIMIT);
    }

    #[test]
    fn letters_are_put_together_across_pieces() {
        let text = "ab\u{20ac}".repeat(PIECE);
        for start in ["", "\u{feff}", "1", "12", "123"] {
            let whole = format!("{start}{text}");
            let decoded = decode(whole.as_bytes(), 10, UTF_8).unwrap();
            assert_eq!(decoded, whole.trim_start_matches('\u{feff}'));
        }
        let decoded = decode(&b"\x80\xe5"[..], 2, WINDOWS_1252).unwrap();
        assert_eq!(decoded, "\u{20ac}\u{e5}");
        assert_eq!(decode(empty(), 0, UTF_8).unwrap(), "");
        for damaged in [&b"a\xe5b"[..], b"a\xe2\x82"] {
            let error = decode(damaged, 9, UTF_8).unwrap_err();
            assert!(error.contains("it is not UTF-8"), "{error}");
        }
    }
}
