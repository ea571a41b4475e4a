//! From an input to its batches: what kind of file it is, and who reads it.

use std::sync::Arc;

use serde_json::Value as Json;

use super::bytes::{
    Charset, EncodingEvidence, InputStream, TextBuffer, byte_order_mark, detect, mark_length,
    of_whole,
};
use super::format::FormKind;
use super::json::JsonReader;
use super::metadata::{as_json, recording_of};
use super::table::TableReader;
use super::workbook::{self, Workbook};
use super::{Batch, BytesRead, Error, FileFormat, Input, InputFormat, ReadOptions, Sheet};

/// How much of a file decides on its encoding at first.
const SAMPLE: usize = if cfg!(fuzzing) { 256 } else { 1 << 20 };
/// What the beginning of a larger archive says is believed for the rest of it: to unpack it twice would
/// cost more than the rows that then have a problem.
const LARGEST_ARCHIVE_READ_TWICE: u64 = 512 << 20;

/// An input that is being read; an iterator of batches.
pub struct ExportReader {
    kind: FileKind,
    progress: BytesRead,
    failed: bool,
}

enum FileKind {
    Table(Box<TableReader>),
    Json(Box<JsonReader>),
    Workbook(Box<Workbook>),
}

impl std::fmt::Debug for ExportReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("sheet", self.sheet())
            .finish_non_exhaustive()
    }
}

impl ExportReader {
    /// What the records look like.
    pub fn sheet(&self) -> &Arc<Sheet> {
        match &self.kind {
            FileKind::Table(table) => table.sheet(),
            FileKind::Json(json) => json.sheet(),
            FileKind::Workbook(workbook) => workbook.sheet(),
        }
    }

    /// How they are written, for [`RejectsWriter`](crate::source::RejectsWriter).
    pub fn form(&self) -> &FileFormat {
        &self.sheet().form
    }

    /// How far the input has been read.
    pub fn progress(&self) -> &BytesRead {
        &self.progress
    }
}

impl Iterator for ExportReader {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = match &mut self.kind {
            FileKind::Table(table) => table.next_batch(),
            FileKind::Json(json) => json.next_batch(),
            FileKind::Workbook(workbook) => workbook.next_batch(),
        };
        self.failed = next.is_err();
        next.transpose()
    }
}

/// Whether an encoding is known by this label.
pub fn knows_encoding(label: &str) -> bool {
    Charset::from_label(label).is_some()
}

/// Opens an input and finds out how it is written, as far as the options do not say it. Nothing is
/// wrong yet with an input without records.
///
/// # Errors
/// When the input cannot be opened, its encoding is not known, its columns have one name twice, or
/// the records are not where the options say.
pub fn open(input: &Input, options: &ReadOptions) -> Result<ExportReader, Error> {
    open_by(input, options, SampleScope::Whole)
}

/// The same for an input whose beginning alone is wanted: what its columns are called. A file that
/// is plain ASCII at first is not read to its end for its encoding.
///
/// # Errors
/// As for [`open`].
pub fn read_sheet(input: &Input, options: &ReadOptions) -> Result<Arc<Sheet>, Error> {
    let reader = open_by(input, options, SampleScope::Beginning)?;
    Ok(Arc::clone(reader.sheet()))
}

/// The names of the sheets that can be seen of a workbook; none of anything else.
///
/// # Errors
/// When the workbook cannot be read.
pub fn sheets(input: &Input, options: &ReadOptions) -> Result<Vec<String>, Error> {
    if !is_workbook(input, options) {
        return Ok(Vec::new());
    }
    let mut stream = InputStream::open(input, &options.limits)?;
    let mut sample = Vec::new();
    stream.read_up_to(4, &mut sample)?;
    if sample.starts_with(b"PK\x03\x04") {
        workbook::sheets(input, options)
    } else {
        Ok(Vec::new())
    }
}

/// The one JSON value that an input is; nothing for what is several, larger than `most` bytes, in another
/// encoding than UTF-8, or no JSON.
pub fn json_document(input: &Input, options: &ReadOptions, most: usize) -> Option<Json> {
    let mut stream = InputStream::open(input, &options.limits).ok()?;
    let mut text = Vec::new();
    stream.read_up_to(most.saturating_add(1), &mut text).ok()?;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    (text.len() <= most).then(|| serde_json::from_slice(text).ok())?
}

/// Whether the name or the options say that the input is a workbook.
fn is_workbook(input: &Input, options: &ReadOptions) -> bool {
    let named = matches!(input.extension().as_str(), "xlsx" | "xlsm");
    options
        .format
        .map_or(named, |format| format == InputFormat::Xlsx)
}

/// How much of an input may be read to find out how it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SampleScope {
    Beginning,
    Whole,
}

fn open_by(
    input: &Input,
    options: &ReadOptions,
    reach: SampleScope,
) -> Result<ExportReader, Error> {
    let mut stream = InputStream::open(input, &options.limits)?;
    let mut sample = Vec::new();
    stream.read_up_to(SAMPLE, &mut sample)?;
    if sample.starts_with(b"PK\x03\x04") && is_workbook(input, options) {
        return open_workbook(input, options, &stream);
    }
    refuse_foreign(input, &sample)?;
    let is_xml = is_xml(input, options, &sample);
    let evidence = charset(input, options, &sample, &stream, reach)?;
    let named = encoding_name(evidence);
    sample.drain(..evidence.bom);
    let progress = stream.progress().clone();
    let mut feed = TextBuffer::new(sample, stream, evidence.charset);
    feed.fill_to(1)?;
    while says_nothing(feed.data()) && !feed.ended() && feed.data().len() < SAMPLE {
        feed.fill()?;
    }
    if feed.ended() && feed.cut().is_none() && says_nothing(feed.data()) {
        return Err(Error::Empty {
            file: input.name().to_string(),
        });
    }
    let ending = options.sidecar.as_deref();
    let recording = ending.and_then(|ending| recording_of(input, ending));
    let is_metadata = is_xml || recording.is_some();
    if is_metadata {
        let recording = recording.or_else(|| recording_of(input, ".xml"));
        feed = metadata_feed(feed, input, options, recording.as_deref())?;
    }
    let is_json = match options.format {
        Some(InputFormat::Csv | InputFormat::Xlsx) => false,
        Some(InputFormat::Json | InputFormat::Ndjson | InputFormat::Xml) => true,
        None => is_metadata || is_json(input, feed.data()),
    };
    let kind = if is_json {
        // The form of JSON is the default.
        FileKind::Json(Box::new(JsonReader::open(feed, &named, input, options)?))
    } else {
        let mut table = TableReader::open(feed, &named, options)?;
        let form = FormKind::Table {
            dialect: table.dialect(),
            charset: evidence.charset,
            bom: evidence.bom > 0,
        };
        table.sheet_mut().form = FileFormat(form);
        FileKind::Table(Box::new(table))
    };
    Ok(ExportReader {
        kind,
        progress,
        failed: false,
    })
}

/// Whether the options say that the input is XML, or its name does and what it begins with.
fn is_xml(input: &Input, options: &ReadOptions, sample: &[u8]) -> bool {
    let begins = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
    match options.format {
        Some(format) => format == InputFormat::Xml,
        None => input.extension() == "xml" && begins.trim_ascii_start().starts_with(b"<"),
    }
}

/// The whole of a document of metadata as JSON.
fn metadata_feed(
    mut feed: TextBuffer,
    input: &Input,
    options: &ReadOptions,
    recording: Option<&str>,
) -> Result<TextBuffer, Error> {
    let most = options.limits.record();
    feed.fill_to(most.saturating_add(1))?;
    let unreadable = |reason: String| Error::Unreadable {
        file: input.name().to_string(),
        reason,
    };
    if feed.data().len() > most {
        return Err(unreadable(format!(
            "has more than {most} bytes in one record"
        )));
    }
    let text = as_json(feed.data(), recording)
        .map_err(|(line, why)| unreadable(format!("line {line}: {why}")))?;
    Ok(feed.replaced(text))
}

fn open_workbook(
    input: &Input,
    options: &ReadOptions,
    stream: &InputStream,
) -> Result<ExportReader, Error> {
    let mut workbook = Workbook::open(input, options)?;
    workbook.sheet_mut().form = FileFormat(FormKind::Table {
        dialect: workbook::DIALECT,
        charset: Charset::UTF_8,
        bom: true,
    });
    Ok(ExportReader {
        kind: FileKind::Workbook(Box::new(workbook)),
        progress: BytesRead::done(stream.progress().total().unwrap_or(0)),
        failed: false,
    })
}

fn encoding_name(evidence: EncodingEvidence) -> String {
    let mark = if evidence.bom > 0 { " with BOM" } else { "" };
    let doubt = match evidence.charset {
        _ if !evidence.inferred => "",
        Charset::Page(..) => " by its letters (`encoding` says it for certain)",
        Charset::Standard(encoding) if encoding == encoding_rs::MACINTOSH => {
            " by its letters (`encoding` says it for certain)"
        }
        Charset::Standard(_) => "",
    };
    format!("{}{mark}{doubt}", evidence.charset.name())
}

fn charset(
    input: &Input,
    options: &ReadOptions,
    sample: &[u8],
    stream: &InputStream,
    reach: SampleScope,
) -> Result<EncodingEvidence, Error> {
    // A byte order mark is written by who wrote the file, and knows better than a mapping.
    if let Some(evidence) = byte_order_mark(sample) {
        return Ok(evidence);
    }
    if let Some(label) = &options.encoding {
        let charset = Charset::from_label(label).ok_or_else(|| Error::UnknownEncoding {
            file: input.name().to_string(),
            label: label.clone(),
        })?;
        return Ok(EncodingEvidence {
            charset,
            bom: 0,
            ascii: false,
            inferred: false,
        });
    }
    let evidence = detect(sample, sample.len() < SAMPLE);
    let total = stream
        .progress()
        .total()
        .filter(|_| reach == SampleScope::Whole);
    let can_be_read_twice = total
        .is_some_and(|total| stream.archive().is_none() || total <= LARGEST_ARCHIVE_READ_TWICE);
    let says_little = evidence.ascii || evidence.charset.is_guess();
    if says_little && sample.len() == SAMPLE && can_be_read_twice {
        return of_whole(input, &options.limits);
    }
    Ok(evidence)
}

fn refuse_foreign(input: &Input, sample: &[u8]) -> Result<(), Error> {
    let kind = match sample {
        [b'P', b'K', 3, 4, ..] => "a ZIP archive without the name of a workbook",
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => "an archive in an archive",
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => "a bzip2 archive",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "an xz archive",
        [b'7', b'z', 0xbc, 0xaf, ..] => "a 7z archive",
        [b'R', b'a', b'r', b'!', ..] => "a RAR archive",
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file",
        [0xd0, 0xcf, 0x11, 0xe0, ..] => "an old Excel workbook (.xls)",
        [b'%', b'P', b'D', b'F', b'-', ..] => "a PDF document",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ] => "a WAV recording",
        [b'S', b'Q', b'L', b'i', b't', b'e', b' ', ..] => "a SQLite database",
        _ => return Ok(()),
    };
    Err(Error::Unreadable {
        file: input.name().to_string(),
        reason: format!("is {kind}, which holds no records"),
    })
}

/// Whether a text is nothing but blanks and the marks that files begin and end with.
fn says_nothing(mut text: &[u8]) -> bool {
    loop {
        text = text.trim_ascii_start();
        match mark_length(text) {
            0 => return text.is_empty(),
            mark => text = &text[mark..],
        }
    }
}

/// By the name where it says so, else by the first characters.
fn is_json(input: &Input, text: &[u8]) -> bool {
    match input.extension().as_str() {
        "json" | "ndjson" | "jsonl" => return true,
        "csv" | "tsv" | "tab" => return false,
        _ => {}
    }
    let text = text.trim_ascii_start();
    match text.split_first() {
        Some((b'{', rest)) => matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}')),
        Some((b'[', rest)) => matches!(rest.trim_ascii_start().first(), Some(b'{' | b']')),
        _ => false,
    }
}
