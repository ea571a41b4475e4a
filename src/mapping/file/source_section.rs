//! The `[source]` table: what the operator says about the export.
//!
//! All of it may be left out; what is then inferred is `source`'s matter. Only the zone, the region
//! and the skip rules are used here.

use std::ops::Range;

use jiff::tz::TimeZone;
use rlibphonenumber::enums::Region;
use toml::Spanned;
use toml::de::DeValue;

use super::layout::{read_captions, read_layout};
use super::limits::read_limits;
use super::locale::{read_region, read_zone};
use super::needs::{Need, read_needs};
use super::newest::NewestSection;
use super::toml_table::{SpannedText, TomlTable, texts_of, wrong_type};
use crate::mapping::error::{Findings, suggest};
use crate::source::{self, HeaderKind};

/// Plain values of the `[source]` table, as the operator wrote them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceSection {
    /// `csv`, `json`, `ndjson` or `xlsx`.
    pub format: Option<String>,
    /// The character between cells.
    pub delimiter: Option<char>,
    /// The character around cells.
    pub quote: Option<QuoteSetting>,
    /// What takes the meaning off a quote inside of quotes.
    pub escape: Option<source::Escape>,
    /// Whether blanks around cells are left out.
    pub trim: Option<bool>,
    /// A label of the WHATWG encoding standard, such as `windows-1252`.
    pub encoding: Option<String>,
    /// How many lines the header has; 0 when there is none.
    pub header_lines: Option<u64>,
    /// Column names for a file without a header.
    pub columns: Option<Vec<String>>,
    /// Column names for a file that may or may not have a header.
    pub headerless: source::HeaderlessLayout,
    /// Other names that a column may have, in the order in which the columns usually stand.
    pub captions: Vec<(String, Vec<String>)>,
    /// The last column, where it stands for any number of cells.
    pub rest: Option<String>,
    /// JSON pointer to the records.
    pub records: Option<String>,
    /// Values that mean "nothing"; `None` leaves the usual ones.
    pub nulls: Option<Vec<String>>,
    /// Lines to pass over before the header.
    pub skip_lines: Option<u64>,
    /// Name of the sheet of a workbook.
    pub sheet: Option<String>,
    /// First cells of rows that are totals and no records.
    pub trailer: Vec<String>,
    /// IANA name of the zone of times without an offset.
    pub timezone: Option<String>,
    /// Two letters of the country of phone numbers without a country code.
    pub region: Option<String>,
    /// Columns that templates may use though an export lacks them; they are empty then.
    pub optional: Vec<String>,
    /// Columns by which an export of this kind is known; paths without indices in JSON.
    pub signature: Vec<String>,
    /// By which keys or columns records are known: what `requires` says, else the columns of the fields
    /// without which nothing can be created.
    pub known: source::KnownKeys,
    /// Whether `requires` says it, so that a record without them is none.
    pub has_requires: bool,
    /// Place of `requires`.
    pub requires_span: Range<usize>,
    /// Whether a last row without a line ending is whole.
    pub ends_without_newline: bool,
    /// How much is too much.
    pub limits: source::Limits,
    /// Columns that no export of this kind has.
    pub foreign: Vec<String>,
}

/// How cells are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteSetting {
    /// Not at all: a quote is a character like any other.
    None,
    /// By this character, doubled inside.
    By(char),
}

impl SourceSection {
    /// The section in the words of the reader.
    pub fn options(&self) -> source::ReadOptions {
        let byte = |letter: char| u8::try_from(letter).ok();
        source::ReadOptions {
            format: self.format.as_deref().and_then(|format| match format {
                "csv" => Some(source::InputFormat::Csv),
                "json" => Some(source::InputFormat::Json),
                "ndjson" => Some(source::InputFormat::Ndjson),
                "xlsx" => Some(source::InputFormat::Xlsx),
                "xml" => Some(source::InputFormat::Xml),
                _ => None,
            }),
            delimiter: self.delimiter.and_then(byte),
            quote: self.quote.and_then(|quote| match quote {
                QuoteSetting::None => Some(source::Quote::None),
                QuoteSetting::By(letter) => byte(letter).map(source::Quote::Byte),
            }),
            escape: self.escape,
            trim: self.trim,
            encoding: self.encoding.clone(),
            header: self.header_lines.map(|lines| match lines {
                0 => HeaderKind::None,
                1 => HeaderKind::Names,
                _ => HeaderKind::NamesAndTypes,
            }),
            columns: self.columns.clone().unwrap_or_default(),
            headerless: self.headerless.clone(),
            rest: self.rest.clone(),
            records: self.records.clone(),
            nulls: self.nulls.clone().unwrap_or_default(),
            skip_lines: self
                .skip_lines
                .and_then(|lines| usize::try_from(lines).ok())
                .unwrap_or(0),
            trailer: self.trailer.clone(),
            known: self.known.clone(),
            ends_without_newline: self.ends_without_newline,
            captions: self.captions.clone(),
            sheet: self.sheet.clone(),
            limits: self.limits.clone(),
            ..source::ReadOptions::default()
        }
    }
}

/// What the rest of the mapping needs of the section.
#[derive(Debug, Default)]
pub(in crate::mapping) struct SourceRead {
    pub(in crate::mapping) section: SourceSection,
    pub(in crate::mapping) zone: Option<TimeZone>,
    pub(in crate::mapping) region: Option<Region>,
    /// Name and condition of each skip rule.
    pub(in crate::mapping) skip: Vec<(String, SpannedText)>,
    /// When a record says that its export is not complete.
    pub(in crate::mapping) incomplete: Option<SpannedText>,
    /// What the export does not say and the file does not either: places of its names.
    pub(in crate::mapping) needs: Vec<(Need, Range<usize>)>,
    /// Which of several copies of a record counts.
    pub(in crate::mapping) newest: Option<NewestSection>,
    /// The file of agents.
    pub(in crate::mapping) agents: Option<SpannedText>,
    /// The domain of agents' addresses.
    pub(in crate::mapping) email_domain: Option<SpannedText>,
}

/// Reads the table.
pub(in crate::mapping) fn read_source(
    mut section: TomlTable<'_, '_>,
    findings: &mut Findings,
) -> SourceRead {
    let formats = ["csv", "json", "ndjson", "xlsx", "xml"].map(|name| (name, name));
    let format = section
        .choice("format", &formats, findings)
        .map(str::to_owned);
    let requires = section.value("requires");
    let known = requires.map_or_else(Vec::new, |value| read_requires(value, findings));
    let timezone = section.text("timezone", findings);
    let region = section.text("region", findings);
    let read = SourceRead {
        zone: timezone.as_ref().and_then(|text| read_zone(text, findings)),
        region: region.as_ref().and_then(|text| read_region(text, findings)),
        skip: read_skip(&mut section, findings),
        incomplete: section.text("incomplete", findings),
        needs: read_needs(&mut section, findings),
        newest: NewestSection::read(&mut section, findings),
        agents: section.text("agents", findings),
        email_domain: section.text("email_domain", findings),
        section: SourceSection {
            format,
            delimiter: read_byte("delimiter", &mut section, findings),
            quote: read_quote(&mut section, findings),
            escape: read_escape(&mut section, findings),
            trim: read_flag("trim", &mut section, findings),
            encoding: read_encoding(&mut section, findings),
            header_lines: read_header(&mut section, findings),
            columns: plain(section.texts("columns", findings)),
            headerless: read_layout(&mut section, findings),
            captions: read_captions(&mut section, findings),
            rest: section.text("rest", findings).map(Spanned::into_inner),
            records: read_pointer(&mut section, findings),
            nulls: plain(section.texts("nulls", findings)),
            skip_lines: section.count("skip_lines", findings),
            sheet: section.text("sheet", findings).map(Spanned::into_inner),
            trailer: plain(section.texts("trailer", findings)).unwrap_or_default(),
            timezone: timezone.map(Spanned::into_inner),
            region: region.map(Spanned::into_inner),
            optional: plain(section.texts("optional", findings)).unwrap_or_default(),
            signature: plain(section.texts("signature", findings)).unwrap_or_default(),
            has_requires: !known.is_empty(),
            known: source::KnownKeys(known),
            requires_span: requires.map_or(0..0, Spanned::span),
            ends_without_newline: read_flag("ends_without_newline", &mut section, findings)
                .unwrap_or_default(),
            limits: read_limits(&mut section, findings),
            foreign: plain(section.texts("foreign", findings)).unwrap_or_default(),
        },
    };
    if read.section.columns.is_some() && read.section.header_lines.is_some_and(|lines| lines > 1) {
        findings.add(
            section.key_span("columns"),
            "`columns` names what a header of several lines already names",
        );
    }
    section.finish(findings);
    read
}

fn plain(texts: Option<Vec<SpannedText>>) -> Option<Vec<String>> {
    Some(texts?.into_iter().map(Spanned::into_inner).collect())
}

/// Keys that every record has; of several in a list of their own, one.
fn read_requires(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Vec<Vec<String>> {
    let DeValue::Array(items) = value.get_ref() else {
        let wanted = "a list of keys, each a string or a list of which a record has one";
        wrong_type::<()>("requires", wanted, value.get_ref(), value.span(), findings);
        return Vec::new();
    };
    let names = items
        .iter()
        .filter_map(|item| texts_of("requires", item, findings));
    let names = names.filter(|names| !names.is_empty());
    names
        .map(|names| names.into_iter().map(Spanned::into_inner).collect())
        .collect()
}

fn read_flag(
    key: &'static str,
    section: &mut TomlTable<'_, '_>,
    findings: &mut Findings,
) -> Option<bool> {
    let value = section.value(key)?;
    match value.get_ref() {
        DeValue::Boolean(flag) => Some(*flag),
        other => wrong_type(key, "true or false", other, value.span(), findings),
    }
}

/// A character that the reader of tables can look for: one that is one byte in every encoding, and
/// ends no line.
fn read_byte(
    key: &'static str,
    section: &mut TomlTable<'_, '_>,
    findings: &mut Findings,
) -> Option<char> {
    let letter = section.letter(key, findings)?;
    let is_usable = letter.is_ascii() && !matches!(letter, '\r' | '\n' | '\0');
    if !is_usable {
        let message = format!("`{key}` is one ASCII character that ends no line");
        findings.add(section.key_span(key), message);
    }
    is_usable.then_some(letter)
}

fn read_quote(section: &mut TomlTable<'_, '_>, findings: &mut Findings) -> Option<QuoteSetting> {
    let value = section.value("quote")?;
    match value.get_ref() {
        DeValue::Boolean(false) => Some(QuoteSetting::None),
        DeValue::String(text) if text.is_empty() || text == "none" => Some(QuoteSetting::None),
        DeValue::String(_) => read_byte("quote", section, findings).map(QuoteSetting::By),
        other => wrong_type(
            "quote",
            "one character, or false for none",
            other,
            value.span(),
            findings,
        ),
    }
}

/// `false`: a quote is escaped by a second one, and by nothing else.
fn read_escape(section: &mut TomlTable<'_, '_>, findings: &mut Findings) -> Option<source::Escape> {
    let value = section.value("escape")?;
    match value.get_ref() {
        DeValue::Boolean(false) => Some(source::Escape::Quote),
        DeValue::String(_) => {
            let letter = read_byte("escape", section, findings)?;
            u8::try_from(letter).ok().map(source::Escape::Byte)
        }
        other => wrong_type(
            "escape",
            "one character, or false",
            other,
            value.span(),
            findings,
        ),
    }
}

fn read_encoding(section: &mut TomlTable<'_, '_>, findings: &mut Findings) -> Option<String> {
    const KNOWN: &[&str] = &[
        "utf-8",
        "utf-16le",
        "utf-16be",
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "windows-1254",
        "windows-1257",
        "iso-8859-1",
        "iso-8859-2",
        "iso-8859-15",
        "macintosh",
        "cp437",
        "cp850",
        "cp865",
        "ibm866",
        "shift_jis",
        "gb18030",
    ];
    let text = section.text("encoding", findings)?;
    if !source::knows_encoding(text.get_ref()) {
        findings.add_with(
            text.span(),
            format!("unknown encoding `{}`", text.get_ref()),
            suggest(text.get_ref(), KNOWN.iter().copied()),
        );
    }
    Some(text.into_inner())
}

fn read_header(section: &mut TomlTable<'_, '_>, findings: &mut Findings) -> Option<u64> {
    if let DeValue::Boolean(has_header) = section.value("header")?.get_ref() {
        return Some(u64::from(*has_header));
    }
    let lines = section.count("header", findings)?;
    if lines > 2 {
        let message = "`header` is 0, 1 or 2: lines before it are passed over by `skip_lines`";
        findings.add(section.key_span("header"), message);
    }
    Some(lines)
}

fn read_pointer(section: &mut TomlTable<'_, '_>, findings: &mut Findings) -> Option<String> {
    let text = section.text("records", findings)?;
    if !text.get_ref().is_empty() && !text.get_ref().starts_with('/') {
        let pointer = format!("/{}", text.get_ref().replace('.', "/"));
        findings.add_with(
            text.span(),
            "`records` is a JSON pointer and begins with a slash",
            Some(format!("did you mean `{pointer}`?")),
        );
    }
    Some(text.into_inner())
}

/// `skip = "condition"`, or a table of names and conditions so that reasons are counted apart.
pub(in crate::mapping) fn read_skip(
    section: &mut TomlTable<'_, '_>,
    findings: &mut Findings,
) -> Vec<(String, SpannedText)> {
    let Some(value) = section.value("skip") else {
        return Vec::new();
    };
    let condition =
        |name: &str, value: &Spanned<DeValue<'_>>, findings: &mut Findings| match value.get_ref() {
            DeValue::String(text) => Some((
                name.to_owned(),
                Spanned::new(value.span(), text.to_string()),
            )),
            other => wrong_type(
                name,
                "a condition, as a string",
                other,
                value.span(),
                findings,
            ),
        };
    match value.get_ref() {
        DeValue::Table(table) => {
            let rules = table.iter();
            let mut rules: Vec<_> = rules
                .filter_map(|(name, value)| condition(name.get_ref(), value, findings))
                .collect();
            rules.sort_by_key(|(_, text)| text.span().start);
            rules
        }
        _ => condition("skip", value, findings).into_iter().collect(),
    }
}
