//! How an input is to be read, where that is said instead of found out.

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::known::KnownKeys;
use super::table::HeaderlessLayout;

/// What the operator or a mapping file says about an input; whatever is left out is found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOptions {
    /// What kind of file it is, whatever its name says.
    pub format: Option<InputFormat>,
    /// The byte between cells; in files one character, or `comma`, `semicolon`, `tab`, `pipe`.
    #[serde(deserialize_with = "delimiter")]
    pub delimiter: Option<u8>,
    /// How cells are quoted.
    pub quote: Option<Quote>,
    /// What takes the meaning off a quote in a cell in quotes.
    #[serde(skip)]
    pub escape: Option<Escape>,
    /// Whether blanks around a cell belong to nothing.
    pub trim: Option<bool>,
    /// Label of an encoding: those of the Encoding Standard, `cp437`, `cp850` and `cp865`.
    pub encoding: Option<String>,
    /// What stands before the first record.
    pub header: Option<HeaderKind>,
    /// Names of the columns, in the order of the file; they replace those of a header.
    pub columns: Vec<String>,
    /// Other names that a column may have, such as captions in other languages.
    #[serde(skip)]
    pub captions: Vec<(String, Vec<String>)>,
    /// Names of the columns, should the file turn out to have no header. A file with other columns
    /// than these is another kind of file, and they are not used.
    #[serde(skip)]
    pub headerless: HeaderlessLayout,
    /// A last column of this name stands for any number of cells, none included.
    pub rest: Option<String>,
    /// JSON pointer to the records.
    pub records: Option<String>,
    /// What stands behind the name of a recording in that of its metadata: such a file is one record,
    /// with the recording's name under `recording_name`. XML always is one.
    pub sidecar: Option<String>,
    /// A list inside of each record, which must not be taken for the list of the records.
    pub inner: Option<String>,
    /// By which keys or columns the records are known: tells them from the pages that they come in, and
    /// the sheet that holds them from a cover.
    #[serde(skip)]
    pub known: KnownKeys,
    /// Whether a last row without a line ending is whole, as the files of some systems end.
    pub ends_without_newline: bool,
    /// Values that mean "nothing", compared exactly.
    pub nulls: Vec<String>,
    /// Physical lines to pass over before the header.
    pub skip_lines: usize,
    /// A row whose first cell starts with one of these texts is no record ([`Code::TrailingRow`]).
    ///
    /// [`Code::TrailingRow`]: crate::domain::Code::TrailingRow
    pub trailer: Vec<String>,
    /// Name of the sheet of a workbook; the first one when left out.
    pub sheet: Option<String>,
    /// How much is too much.
    pub limits: Limits,
}

/// What kind of file an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputFormat {
    /// A table with delimiters.
    Csv,
    /// A JSON document.
    Json,
    /// A JSON record a line.
    Ndjson,
    /// An Excel workbook.
    Xlsx,
    /// An XML document with one record, or a list of them.
    Xml,
}

/// How cells are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Quote {
    /// Not at all: a quote is a character like any other.
    None,
    /// By this byte; inside a quoted cell it is doubled, or escaped.
    Byte(u8),
}

/// What takes the meaning off a quote in a cell in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// A second quote, and nothing else.
    Quote,
    /// This byte, or a second quote; in a table without quotes this byte stands before delimiters, line
    /// endings and itself.
    Byte(u8),
}

/// What stands before the first record of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum HeaderKind {
    /// Nothing.
    None,
    /// A line of names.
    Names,
    /// A line of names and a line of types.
    NamesAndTypes,
}

/// How much is too much. What is over a limit becomes a problem of its record and is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one cell.
    pub max_field: usize,
    /// Bytes of one record, at most 1 GiB.
    pub max_record: usize,
    /// Cells of one row, and columns of one table.
    pub max_columns: usize,
    /// Levels of JSON inside one another, at most 127.
    pub max_depth: usize,
    /// Values of one JSON record, those inside of others included.
    pub max_values: usize,
    /// Bytes out of an archive for each byte in.
    pub max_expansion: u64,
    /// So many bytes may come out whatever the ratio: a small archive may hold a long run of one
    /// value.
    pub expansion_free: u64,
    /// Bytes of memory that the texts, styles and open tags of a workbook may take while it is read.
    pub max_texts: u64,
}

impl Limits {
    /// The largest record in use: offsets in a batch are 32 bits wide.
    pub(super) fn record(&self) -> usize {
        self.max_record.clamp(1, 1 << 30)
    }

    /// The deepest nesting in use: `serde_json` itself stops at 128.
    pub(super) fn depth(&self) -> usize {
        self.max_depth.min(127)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_field: 4 << 20,
            max_record: 16 << 20,
            max_columns: 16_384,
            max_depth: 127,
            max_values: 100_000,
            max_expansion: 1000,
            expansion_free: 1 << 30,
            max_texts: 128 << 20,
        }
    }
}

fn one_byte(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() => Some(*byte),
        _ => None,
    }
}

fn delimiter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let byte = match text.to_ascii_lowercase().as_str() {
        "comma" => Some(b','),
        "semicolon" => Some(b';'),
        "tab" | "\\t" => Some(b'\t'),
        "pipe" => Some(b'|'),
        _ => one_byte(&text),
    };
    match byte {
        Some(b'\r' | b'\n' | 0) | None => Err(de::Error::invalid_value(
            de::Unexpected::Str(&text),
            &"one ASCII character, 'comma', 'semicolon', 'tab' or 'pipe'",
        )),
        byte => Ok(byte),
    }
}

impl<'de> Deserialize<'de> for Quote {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl Visitor<'_> for Reading {
            type Value = Quote;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("one ASCII character, 'none' or false")
            }

            fn visit_bool<E: de::Error>(self, quoted: bool) -> Result<Quote, E> {
                Ok(if quoted {
                    Quote::Byte(b'"')
                } else {
                    Quote::None
                })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quote, E> {
                match (text, one_byte(text)) {
                    ("none" | "", _) => Ok(Quote::None),
                    (_, Some(byte)) => Ok(Quote::Byte(byte)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Reading)
    }
}

impl<'de> Deserialize<'de> for HeaderKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl Visitor<'_> for Reading {
            type Value = HeaderKind;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("true, false, or the number of header lines (0, 1, 2)")
            }

            fn visit_bool<E: de::Error>(self, names: bool) -> Result<HeaderKind, E> {
                Ok(if names {
                    HeaderKind::Names
                } else {
                    HeaderKind::None
                })
            }

            fn visit_i64<E: de::Error>(self, lines: i64) -> Result<HeaderKind, E> {
                match lines {
                    0 => Ok(HeaderKind::None),
                    1 => Ok(HeaderKind::Names),
                    2 => Ok(HeaderKind::NamesAndTypes),
                    _ => Err(E::invalid_value(de::Unexpected::Signed(lines), &self)),
                }
            }

            fn visit_u64<E: de::Error>(self, lines: u64) -> Result<HeaderKind, E> {
                self.visit_i64(i64::try_from(lines).unwrap_or(i64::MAX))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<HeaderKind, E> {
                match text {
                    "none" => Ok(HeaderKind::None),
                    "names" => Ok(HeaderKind::Names),
                    "names-and-types" | "two-lines" => Ok(HeaderKind::NamesAndTypes),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_the_words_of_a_mapping_file() {
        let options: ReadOptions = toml::from_str(
            "delimiter = \"tab\"\nquote = \"none\"\nheader = 2\ncolumns = [\"a\"]\n[limits]\nmax_field = 10",
        )
        .unwrap();
        assert_eq!(options.delimiter, Some(b'\t'));
        assert_eq!(options.quote, Some(Quote::None));
        assert_eq!(options.header, Some(HeaderKind::NamesAndTypes));
        assert_eq!(options.limits.max_field, 10);
        assert_eq!(options.limits.max_record, Limits::default().max_record);
        assert!(toml::from_str::<ReadOptions>("delimiter = \"ab\"").is_err());
        assert!(toml::from_str::<ReadOptions>("header = 3").is_err());
    }
}
