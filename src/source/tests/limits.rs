//! How much is too much, and that it costs no more than its record.

use std::io::{Read, Write};

use serde_json::json;

use super::super::{Error, Limits, ReadOptions};
use super::File;
use crate::domain::Code;

fn limited(set: impl FnOnce(&mut Limits)) -> ReadOptions {
    let mut options = ReadOptions::default();
    set(&mut options.limits);
    options
}

fn codes(name: &str, content: impl AsRef<[u8]>, options: &ReadOptions) -> Vec<Vec<Code>> {
    let table = File::new(name, content).read(options).unwrap();
    table
        .records
        .into_iter()
        .map(|record| record.codes)
        .collect()
}

#[test]
fn a_row_of_too_many_cells_is_not_kept() {
    let options = limited(|limits| limits.max_columns = 4);
    let text = "a,b,c\n1,2,3,4\n1,2,3,4,5\n\"x,1,2,3,4,5\n1,2,3\n";
    assert_eq!(
        codes("a.csv", text, &options),
        [
            vec![Code::RowTooLong],
            vec![Code::RecordTooLarge],
            vec![Code::RecordTooLarge],
            vec![],
        ]
    );
    let result = File::new("a.csv", "a,b,c,d,e\n1,2,3,4,5\n").read(&options);
    assert!(
        matches!(result, Err(Error::Unreadable { .. })),
        "{result:?}"
    );
}

#[test]
fn a_first_row_that_cannot_be_a_header_is_refused() {
    for (text, reason) in [
        ("\0".repeat(10_000), "NUL"),
        ("a,\0b\n1,2\n".to_owned(), "NUL"),
        (
            format!("a,{}\n1,2\n", "b".repeat(5000)),
            "a name of 5000 bytes",
        ),
    ] {
        let result = File::new("a.csv", text).read(&ReadOptions::default());
        let message = result.unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn a_record_of_too_many_values_is_not_kept() {
    let options = limited(|limits| limits.max_values = 20);
    let text = format!(
        "[{},{},{}]",
        json!({"id": 1}),
        json!({"id": vec![0; 30]}),
        json!({"id": vec![0; 10]})
    );
    assert_eq!(
        codes("a.json", text, &options),
        [vec![], vec![Code::RecordTooLarge], vec![]]
    );
}

#[test]
fn a_hundred_thousand_levels_are_a_problem_of_their_record() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let text = format!(
        "{{\"id\":{deep}}}\n{{\"id\":1}}\n{{\"id\":{}\n",
        &deep[..100_000]
    );
    assert_eq!(
        codes("a.ndjson", text, &ReadOptions::default()),
        [vec![Code::BadJson], vec![], vec![Code::BadJson]]
    );
}

#[test]
fn digits_without_end_stay_digits() {
    let digits = "9".repeat(100_000);
    let file = File::new(
        "a.ndjson",
        format!("{{\"id\":{digits}}}\n{{\"id\":-{digits}e{digits}}}\n"),
    );
    let table = file.read(&ReadOptions::default()).unwrap();
    let tree = table.records[0].tree.as_ref().unwrap();
    assert_eq!(tree["id"].to_string(), digits);
    assert_eq!(table.records.len(), 2);
}

#[test]
fn lone_surrogates_are_a_problem_of_their_record() {
    let text = "{\"id\":\"\\ud800\"}\n{\"id\":\"\\udc00\\ud800\"}\n{\"id\":\"\\ud83d\\ude00\"}\n";
    assert_eq!(
        codes("a.ndjson", text, &ReadOptions::default()),
        [vec![Code::BadJson], vec![Code::BadJson], vec![]]
    );
}

#[test]
fn an_archive_in_an_archive_is_refused() {
    let mut inner = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    inner.write_all(b"a,b\n1,2\n").unwrap();
    let mut outer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    outer.write_all(&inner.finish().unwrap()).unwrap();
    let result = File::new("a.csv.gz", outer.finish().unwrap()).read(&ReadOptions::default());
    let message = result.unwrap_err().to_string();
    assert!(message.contains("an archive in an archive"), "{message}");
}

#[test]
fn a_gzip_bomb_is_stopped_however_it_is_put_together() {
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::copy(&mut std::io::repeat(b'a').take(4 << 20), &mut member).unwrap();
    let bomb = member.finish().unwrap().repeat(20);
    let options = limited(|limits| {
        limits.expansion_free = 8 << 20;
        limits.max_expansion = 200;
    });
    let result = File::new("a.csv.gz", bomb).read(&options);
    assert!(matches!(result, Err(Error::Expansion { .. })), "{result:?}");
}
