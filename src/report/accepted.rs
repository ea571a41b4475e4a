//! `accepted.csv` read back: what the ledger of a migration can be made from again.

use std::path::{Path, PathBuf};

use crate::pipeline::Delivered;
use crate::report::cells::unguarded;

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

/// Where the columns stand that are read.
#[derive(Debug, Clone, Copy)]
struct Columns {
    identity: usize,
    uid: usize,
    recording: usize,
    bytes: usize,
}

/// Hands over what each line says was delivered; the number of lines. `in_doubt` is always 0: the
/// file does not tell.
pub fn read_accepted<E: From<NotAccepted>>(
    path: &Path,
    mut each: impl FnMut(Delivered) -> Result<(), E>,
) -> Result<u64, E> {
    let fault = |line: u64, why: String| NotAccepted {
        path: path.to_owned(),
        line,
        why,
    };
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        fault(line, error.to_string())
    };
    let mut reader = csv::Reader::from_path(path).map_err(|error| unreadable(&error))?;
    let header = reader.headers().map_err(|error| unreadable(&error))?;
    let column = |name: &str| {
        let known = header.iter().position(|column| column == name);
        known.ok_or_else(|| fault(1, format!("no column {name}: it is no accepted.csv")))
    };
    let columns = Columns {
        identity: column("external_id")?,
        uid: column("uid")?,
        recording: column("recording")?,
        bytes: column("bytes")?,
    };
    let mut record = csv::StringRecord::new();
    let mut lines = 0;
    while reader
        .read_record(&mut record)
        .map_err(|error| unreadable(&error))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        each(delivered(&record, columns).map_err(|why| fault(line, why))?)?;
        lines += 1;
    }
    Ok(lines)
}

fn delivered(record: &csv::StringRecord, columns: Columns) -> Result<Delivered, String> {
    let cell = |at: usize| record.get(at).unwrap_or_default();
    let text = |at: usize| Some(unguarded(cell(at)).to_owned()).filter(|text| !text.is_empty());
    let bytes = cell(columns.bytes);
    Ok(Delivered {
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Delivered>, NotAccepted> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accepted.csv");
        std::fs::write(&path, text).unwrap();
        let mut all = Vec::new();
        read_accepted(&path, |delivered| {
            all.push(delivered);
            Ok::<(), NotAccepted>(())
        })?;
        Ok(all)
    }

    const HEADER: &str = "external_id,uid,recording,bytes,when\n";

    #[test]
    fn what_was_written_is_read() {
        let text = format!("{HEADER}'=1,u-1,a.wav,44,x\n\"c,2\",,,0,\n+4512345678,,,,\n");
        let all = read(&text).unwrap();
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
}
