//! `accepted.csv` read back: what the ledger of a migration can be made from again.
//!
//! Each line names its destination, its ledger and what it is, in columns behind the older ones: lists are
//! put aside, sent on, sorted and put together, and what stands in another file would be lost then.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::domain::damage_of_id;
use crate::events::{Delivered, DeliveryKind};
use crate::report::files::bounded::{Bounded, LONGEST};
use crate::report::files::csv_guard::{is_for_spreadsheets, read_back};
use crate::report::files::output_folder::unfinished;

/// The columns of the list.
pub(in crate::report) const COLUMNS: [&str; 8] = [
    "external_id",
    "uid",
    "recording",
    "bytes",
    "when",
    "kind",
    "destination",
    "ledger",
];

/// What the list of a rehearsal is called instead of `accepted`.
pub(in crate::report) const REHEARSED: &str = "accepted.sandbox";

/// What is told of a list that went through a spreadsheet, which takes zeros and digits from ids.
const RESAVED: &str = "a spreadsheet saved this list and may have changed its ids: name the list that the \
                       run wrote";

/// Why a file is no `accepted.csv`.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {why}", path.display())]
pub struct NotAccepted {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: u64,
    /// What it says was delivered; `in_doubt` is always 0, which no list tells.
    pub delivered: Delivered,
    /// Where to; `None` in a list of an earlier version, which does not tell calls from cases either.
    pub destination: Option<String>,
}

/// Whether this is, by its name, the list of a rehearsal.
pub fn is_rehearsed(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.to_lowercase().starts_with(REHEARSED)
}

/// Whether the run that wrote this list was killed.
pub fn is_unfinished(path: &Path) -> bool {
    unfinished(path).exists()
}

/// Where the columns stand that are read.
#[derive(Debug, Clone, Copy)]
struct AcceptedColumns {
    identity: usize,
    uid: usize,
    recording: usize,
    bytes: usize,
    when: Option<usize>,
    kind: Option<usize>,
    destination: Option<usize>,
}

/// Hands over each line.
pub fn read_accepted<E: From<NotAccepted>>(
    path: &Path,
    mut each: impl FnMut(Line) -> Result<(), E>,
) -> Result<(), E> {
    let fault = |line: u64, why: String| NotAccepted {
        path: path.to_owned(),
        line,
        why,
    };
    let written = ListDialect::of(path).map_err(|error| fault(1, error.to_string()))?;
    let line_at = |position: &csv::Position| position.line() + written.behind;
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(1, line_at);
        fault(line, error.to_string())
    };
    let is_for_spreadsheets = written.has_semicolons;
    let delimiter = if is_for_spreadsheets { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new();
    let file = File::open(path).map_err(|error| fault(1, error.to_string()))?;
    let (file, record_end) = Bounded::new(file);
    let mut reader = reader.delimiter(delimiter).from_reader(file);
    let header = reader.headers().map_err(|error| unreadable(&error))?;
    let known = |name: &str| header.iter().position(|column| column == name);
    let column = |name: &str| {
        known(name).ok_or_else(|| fault(1, format!("no column {name}: it is no accepted.csv")))
    };
    let columns = AcceptedColumns {
        identity: column("external_id")?,
        uid: column("uid")?,
        recording: column("recording")?,
        bytes: column("bytes")?,
        when: known("when"),
        kind: known("kind"),
        destination: known("destination"),
    };
    if is_for_spreadsheets && !written.has_mark {
        return Err(fault(1, RESAVED.to_owned()).into());
    }
    let mut record = csv::StringRecord::new();
    record_end.reached();
    while reader
        .read_record(&mut record)
        .map_err(|error| unreadable(&error))?
    {
        let number = record.position().map_or(0, line_at);
        if is_for_spreadsheets && is_resaved(&record, columns) {
            return Err(fault(number, RESAVED.to_owned()).into());
        }
        let line = read_line(number, &record, columns).map_err(|why| fault(number, why))?;
        each(line)?;
        record_end.reached();
    }
    Ok(())
}

/// How a list is written, as its first line shows.
struct ListDialect {
    /// Semicolons stand between the columns, as in a list for spreadsheets.
    has_semicolons: bool,
    /// It begins with the byte order mark of such a list.
    has_mark: bool,
    /// Lines by which the reader is behind: it ends a record before the LF of a CRLF.
    behind: u64,
}

impl ListDialect {
    fn of(path: &Path) -> std::io::Result<Self> {
        let mut first = Vec::new();
        let head = File::open(path)?.take(LONGEST);
        BufReader::new(head).read_until(b'\n', &mut first)?;
        let columns = |sign: u8| first.split(|byte| *byte == sign).count();
        Ok(ListDialect {
            has_semicolons: columns(b';') > columns(b','),
            has_mark: first.starts_with("\u{feff}".as_bytes()),
            behind: u64::from(first.ends_with(b"\r\n")),
        })
    }
}

/// Whether a line of a list for spreadsheets lacks the guards that the program gave it. A time always has
/// one, so they show also where no id needs one.
fn is_resaved(record: &csv::StringRecord, columns: AcceptedColumns) -> bool {
    [Some(columns.identity), Some(columns.uid), columns.when]
        .into_iter()
        .flatten()
        .filter_map(|at| record.get(at))
        .any(|cell| !is_for_spreadsheets(cell))
}

fn read_line(
    number: u64,
    record: &csv::StringRecord,
    columns: AcceptedColumns,
) -> Result<Line, String> {
    let cell = |at: usize| record.get(at).unwrap_or_default();
    let text = |at: usize| Some(read_back(cell(at)).into_owned()).filter(|text| !text.is_empty());
    let bytes = cell(columns.bytes);
    let kind = columns.kind.map_or("call", cell);
    let known = DeliveryKind::ALL
        .into_iter()
        .find(|known| known.name() == kind);
    let delivered = Delivered {
        kind: known.ok_or_else(|| format!("{kind} is neither call, case nor message"))?,
        identity: text(columns.identity).ok_or("no external id")?,
        uid: text(columns.uid),
        recording: text(columns.recording),
        bytes: match bytes {
            "" => 0,
            _ => bytes
                .parse()
                .map_err(|_| format!("{bytes} is no number of bytes"))?,
        },
        was_there: false,
        in_doubt: 0,
        is_unproved: false,
    };
    if delivered.kind == DeliveryKind::Message && delivered.uid.is_none() {
        return Err("no id of the message".to_owned());
    }
    let of_message = delivered
        .uid
        .as_deref()
        .filter(|_| delivered.kind == DeliveryKind::Message);
    for id in [Some(&*delivered.identity), of_message]
        .into_iter()
        .flatten()
    {
        if damage_of_id(id).is_some() {
            return Err(format!("{id} is no whole id: {RESAVED}"));
        }
    }
    Ok(Line {
        number,
        delivered,
        destination: columns.destination.and_then(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Line>, NotAccepted> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accepted.csv");
        std::fs::write(&path, text).unwrap();
        let mut all = Vec::new();
        read_accepted(&path, |line| {
            all.push(line);
            Ok::<(), NotAccepted>(())
        })?;
        Ok(all)
    }

    const HEADER: &str = "external_id,uid,recording,bytes,when\n";

    #[test]
    fn a_line_without_an_end_is_no_line() {
        for start in [
            String::new(),
            HEADER.to_owned(),
            format!("{HEADER}a,u-1,,0,x\n\""),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("accepted.csv");
            std::fs::write(&path, &start).unwrap();
            // Zeros that take no room on the disk, and would take twice as much in memory.
            let file = File::options().write(true).open(&path).unwrap();
            file.set_len(4 << 30).unwrap();
            let error = read_accepted(&path, |_| Ok::<(), NotAccepted>(())).unwrap_err();
            assert!(error.why.contains("is longer than"), "{error}");
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let text = format!("{HEADER}'=1,u-1,a.wav,44,x\n\"c,2\",,,0,\n+4512345678,,,,\n");
        let all: Vec<Delivered> = read(&text)
            .unwrap()
            .into_iter()
            .map(|line| line.delivered)
            .collect();
        assert_eq!(all[0].identity, "=1");
        assert_eq!(
            (all[0].uid.as_deref(), all[0].recording.as_deref()),
            (Some("u-1"), Some("a.wav"))
        );
        assert_eq!((all[0].bytes, all[1].bytes), (44, 0));
        assert_eq!((&*all[1].identity, &all[1].recording), ("c,2", &None));
        assert_eq!(all[2].identity, "+4512345678");
    }

    #[test]
    fn a_list_for_excel_is_read_like_a_plain_one() {
        let header = HEADER.trim_end().replace(',', ";");
        let text = format!(
            "\u{feff}{header}\r\n\"=\"\"00123\"\"\";\"=\"\"1e5\"\"\";a.wav;44;\r\n\"=\"\"=1\"\"\";;;;\r\n'=1;;;;\r\n''=1;;;;\r\n"
        );
        let lines = read(&text).unwrap();
        let ids: Vec<&str> = lines.iter().map(|line| &*line.delivered.identity).collect();
        assert_eq!(ids, ["00123", "=1", "=1", "'=1"]);
        assert_eq!(lines[0].delivered.uid.as_deref(), Some("1e5"));
        assert_eq!(lines[0].delivered.bytes, 44);
    }

    #[test]
    fn a_line_says_what_it_is_and_where_it_went() {
        let header = COLUMNS.join(";");
        let text = format!("\u{feff}{header}\r\n3001;501;;0;;message;https://x;a.db\r\n");
        let lines = read(&text).unwrap();
        assert_eq!(lines[0].destination.as_deref(), Some("https://x"));
        assert_eq!(lines[0].delivered.kind, DeliveryKind::Message);
        assert_eq!(lines[0].delivered.uid.as_deref(), Some("501"));
        let without_id = format!("{}\n3001,,,0,,message,https://x,a.db\n", COLUMNS.join(","));
        assert_eq!(read(&without_id).unwrap_err().line, 2);
    }

    #[test]
    fn what_is_no_such_file_is_told_with_its_line() {
        for (text, line) in [
            ("id;uid\n1;2\n".to_owned(), 1),
            (String::new(), 1),
            (format!("{HEADER}a,,,0,\n,,,0,\n"), 3),
            (format!("{HEADER}a,,,many,\n"), 2),
            (format!("{HEADER}a,b\n"), 2),
        ] {
            let error = read(&text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
        }
    }

    #[test]
    fn a_list_that_a_spreadsheet_saved_is_refused_with_its_line() {
        let header = HEADER.trim_end();
        let excel = header.replace(',', ";");
        let when = "2024-03-15T08:00:00.000Z";
        for (text, line) in [
            (format!("{header}\na,,,0,\n\"1,73E+15\",,,0,\n"), 3),
            (format!("{header}\n1.73E+15,,,0,\n"), 2),
            (format!("{excel}\r\n123;u-1;a.wav;44;\r\n"), 1),
            (format!("\u{feff}{excel}\r\n123;u-1;a.wav;44;{when}\r\n"), 2),
            (format!("\u{feff}{excel}\r\n1,73E+15;u-1;a.wav;44;\r\n"), 2),
        ] {
            let error = read(&text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(
                error.why.contains("a spreadsheet saved this list"),
                "{error}"
            );
        }
        let whole = format!("\u{feff}{excel}\r\n123;u-1;a.wav;44;\"=\"\"{when}\"\"\"\r\n");
        assert_eq!(read(&whole).unwrap()[0].delivered.identity, "123");
    }
}
