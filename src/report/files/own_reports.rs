//! Which files are reports of this program. By their names alone nobody could say: an export may be
//! called `problems.csv` as well, so what stands in them counts, too.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// How much of a file is looked at: the page says late who wrote it.
const HEAD: u64 = 16 << 10;

/// The first columns of each table, by the name of its file.
const TABLES: [(&str, &[&str]); 5] = [
    ("problems", &["file", "line", "column", "code"]),
    ("accepted", &["external_id", "uid", "recording", "bytes"]),
    ("recordings", &["external_id", "recording", "found"]),
    ("verify", &["external_id", "uid", "outcome"]),
    ("skipped", &["file", "line", "external_id", "why"]),
];

/// The column that every file of rejected records has.
const PROBLEMS: &str = "_problems";

/// Whether this is a report that a run, a check or `report` wrote, under its own name or under the one
/// by which it was put aside.
pub fn is_report(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    is_report_called(&name, path)
}

/// The same of a file whose content was copied to `path`.
pub fn is_report_called(name: &str, path: &Path) -> bool {
    let name = name.to_lowercase();
    let Some((stem, extension)) = split(&name) else {
        return false;
    };
    let table = TABLES.iter().find(|(known, _)| *known == stem);
    let is_known = table.is_some()
        || [
            ("rejected", "csv"),
            ("rejected", "ndjson"),
            ("summary", "json"),
            ("status", "json"),
            ("report", "html"),
            ("canary", "html"),
        ]
        .contains(&(stem, extension));
    is_known
        && head(path).is_some_and(|head| is_ours(&head, table.map(|(_, names)| *names), extension))
}

/// `accepted.20240315T080000Z.csv` and `accepted-2.csv` are `accepted` and `csv`.
fn split(name: &str) -> Option<(&str, &str)> {
    let (rest, extension) = name.rsplit_once('.')?;
    let stem = rest.split(['.', '-']).next().unwrap_or(rest);
    Some((stem, extension))
}

fn head(path: &Path) -> Option<String> {
    let mut head = Vec::new();
    File::open(path)
        .ok()?
        .take(HEAD)
        .read_to_end(&mut head)
        .ok()?;
    // The names are plain letters: without its zeros UTF-16 reads like UTF-8.
    head.retain(|byte| *byte != 0);
    Some(String::from_utf8_lossy(&head).into_owned())
}

fn is_ours(head: &str, columns: Option<&[&str]>, extension: &str) -> bool {
    let first = head.lines().next().unwrap_or_default();
    match (columns, extension) {
        (Some(columns), "csv") => cells(first).take(columns.len()).eq(columns.iter().copied()),
        (None, "csv") => cells(first).any(|cell| cell == PROBLEMS),
        (None, "ndjson") => first.contains("\"_problems\":"),
        (None, "json") => {
            let program = concat!("\"program\": \"", env!("CARGO_PKG_NAME"), "\"");
            head.contains(program) || (head.contains("\"ledger\":") && head.contains("\"states\":"))
        }
        (None, "html") => head.contains(concat!(env!("CARGO_PKG_NAME"), " ")),
        _ => false,
    }
}

/// The names of a header, whatever separates and quotes them.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split([',', ';', '\t', '|'])
        .map(|cell| cell.trim_matches(|char: char| !char.is_alphanumeric() && char != '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_report_of(name: &str, text: &str) -> bool {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        is_report(&path)
    }

    #[test]
    fn reports_are_known_by_name_and_content() {
        for (name, text) in [
            ("problems.csv", "file,line,column,code,severity\n"),
            ("problems.csv", "\u{feff}file;line;column;code;severity\r\n"),
            (
                "recordings.csv",
                "\u{feff}external_id;recording;found;seconds\r\n\"=\"\"001\"\"\";a.wav;exact;12,5\r\n",
            ),
            (
                "skipped-2.csv",
                "\u{feff}file;line;external_id;why;record\r\n",
            ),
            (
                "accepted.20240315T080000Z.csv",
                "external_id,uid,recording,bytes,when\n",
            ),
            ("accepted.sandbox.csv", "external_id,uid,recording,bytes\n"),
            ("Rejected-2.csv", "id;\"_problems\"\n1;x\n"),
            ("rejected.ndjson", "{\"id\":1,\"_problems\":\"x\"}\n"),
            ("summary.json", "{\n  \"program\": \"capturi-import\",\n"),
            ("report.html", "<p>capturi-import 1.0</p>"),
        ] {
            assert!(is_report_of(name, text), "{name}");
        }
    }

    #[test]
    fn an_export_of_such_a_name_is_no_report() {
        for (name, text) in [
            ("problems.csv", "externalId,phoneNumber\n"),
            ("summary.json", "[{\"id\": 1}]"),
            ("rejected.csv", "id,phone\n"),
            ("calls.csv", "file,line,column,code\n"),
            ("problems.csv", ""),
            ("problemscsv", "file,line,column,code\n"),
        ] {
            assert!(!is_report_of(name, text), "{name}");
        }
    }
}
