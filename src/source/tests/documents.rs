use std::fmt::Write;

use serde_json::json;

use super::super::{Error, ReadOptions};
use super::{File, Table};
use crate::domain::Code;

fn read(name: &str, content: impl AsRef<[u8]>) -> Table {
    File::new(name, content)
        .read(&ReadOptions::default())
        .unwrap()
}

fn at(pointer: &str) -> ReadOptions {
    ReadOptions {
        records: Some(pointer.to_owned()),
        ..ReadOptions::default()
    }
}

/// Line, tree and codes of each record.
fn records(table: &Table) -> Vec<(u64, serde_json::Value, Vec<Code>)> {
    let record = |line: &super::Line| (line.number, line.tree.clone().unwrap(), line.codes.clone());
    table.records.iter().map(record).collect()
}

fn ids(table: &Table) -> Vec<(u64, serde_json::Value)> {
    records(table)
        .into_iter()
        .map(|(line, tree, _)| (line, tree["id"].clone()))
        .collect()
}

#[test]
fn records_are_found_in_every_layout() {
    for (name, text, reading, lines) in [
        (
            "a.json",
            "[\n {\"id\":1},\n {\"id\":2}\n]\n",
            "json array",
            [2, 3],
        ),
        ("a.json", "[{\"id\":1},{\"id\":2}]", "json array", [1, 1]),
        ("a.json", "{\"id\":1}\n\n{\"id\":2}\n", "json lines", [1, 3]),
        ("a.jsonl", "{\"id\":1}\r\n{\"id\":2}", "json lines", [1, 2]),
        ("a.json", "{\"id\":1}{\"id\":2}", "json objects", [1, 1]),
        (
            "a.ndjson",
            "{\n\"id\":1\n}\n{\n\"id\":2\n}",
            "json objects",
            [1, 4],
        ),
        ("-", "[{\"id\":1},\n{\"id\":2}]", "json array", [1, 2]),
        (
            "a.json",
            "{\"n\":2,\n\"calls\":[\n{\"id\":1},\n{\"id\":2}],\"x\":{}}",
            "json, the only array of objects at /calls",
            [3, 4],
        ),
        (
            "a.json",
            "{\"calls\":[{\"id\":1}]}\n{\"calls\":[{\"id\":2}]}",
            "json lines",
            [1, 2],
        ),
    ] {
        for mark in ["", "\u{feff}"] {
            let table = read(name, format!("{mark}{text}"));
            assert!(
                table.reading.starts_with(reading),
                "{} for {text}",
                table.reading
            );
            if reading != "json lines" || !text.contains("calls") {
                assert_eq!(
                    ids(&table),
                    [(lines[0], json!(1)), (lines[1], json!(2))],
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn records_that_lines_do_not_tell_apart_are_numbered() {
    let numbers = |name: &str, text: &str, options: &ReadOptions| {
        let table = File::new(name, text).read(options).unwrap();
        let records = table.records.iter();
        records.map(|record| record.record).collect::<Vec<_>>()
    };
    let plain = ReadOptions::default();
    let both = [Some(1), Some(2)];
    assert_eq!(numbers("a.json", "[{\"id\":1},{\"id\":2}]", &plain), both);
    assert_eq!(
        numbers("a.json", "[\n{\"id\":1},\n{\"id\":2}]", &plain),
        both
    );
    assert_eq!(numbers("a.json", "{\"id\":1}{\"id\":2}", &plain), both);
    assert_eq!(
        numbers("a.json", "{\"id\":1}\n{\"id\":2}", &plain),
        [None, None]
    );
    // A page on each line, with several records in it.
    let pages = "{\"calls\":[{\"id\":1},{\"id\":2}]}\n{\"calls\":[{\"id\":3}]}\n";
    let numbered = [Some(1), Some(2), Some(3)];
    assert_eq!(numbers("a.ndjson", pages, &at("/calls")), numbered);
    // What is broken is a record like any other, and its problem knows which one.
    let text = "[{\"id\":1},7,{\"id\":3}]";
    assert_eq!(numbers("a.json", text, &plain), [Some(1), Some(2), Some(3)]);
    let file = File::new("a.json", text);
    let mut batches = super::super::open(&file.input(), &plain).unwrap();
    let batch = batches.next().unwrap().unwrap();
    let problem = batch.get(1).problems().next().unwrap();
    assert_eq!(problem.location, batch.get(1).location());
    assert_eq!(problem.location.within(), "record 2");
}

#[test]
fn numbers_go_on_from_batch_to_batch() {
    let records: Vec<String> = (1..=2500).map(|id| format!("{{\"id\":{id}}}")).collect();
    let table = read("a.json", format!("[{}]", records.join(",")));
    for (number, record) in (1..).zip(&table.records) {
        assert_eq!((record.record, record.number), (Some(number), 1));
    }
    assert_eq!(table.records.len(), 2500);
}

#[test]
fn pointers_reach_records_anywhere() {
    let text = "{\"meta\":{\"calls\":[{\"id\":9}]},\"data\":[0,{\"a/b\":[{\"id\":1},{\"id\":2}]}],\"z\":[{\"id\":9}]}";
    let options = at("/data/1/a~1b");
    let table = File::new("a.json", text).read(&options).unwrap();
    assert_eq!(ids(&table), [(1, json!(1)), (1, json!(2))]);
    assert!(table.records.iter().all(|record| record.codes.is_empty()));
    let pages = format!("{text}\n{text}");
    assert_eq!(
        File::new("a.json", pages)
            .read(&options)
            .unwrap()
            .records
            .len(),
        4
    );
    let nothing = File::new("a.json", text).read(&at("/data/5"));
    assert!(matches!(nothing, Err(Error::Records { .. })), "{nothing:?}");
    let both = File::new("a.json", "{\"a\":[{}],\"b\":[{}]}").read(&ReadOptions::default());
    assert!(matches!(both, Err(Error::Records { .. })), "{both:?}");
}

#[test]
fn lines_follow_the_pointer_only_where_it_leads() {
    let text = "{\"id\":1}\n{\"c\":[{\"id\":2},{\"id\":3}]}\n{\"c\":{\"id\":4}}\n";
    let table = File::new("a.ndjson", text).read(&at("/c")).unwrap();
    assert_eq!(
        ids(&table),
        [(1, json!(1)), (2, json!(2)), (2, json!(3)), (3, json!(4))]
    );
}

#[test]
fn a_bad_line_costs_its_record_and_no_other() {
    let table = read(
        "a.ndjson",
        "{\"id\":1}\n{\"id\":tru}\n7\n[{\"id\":5}]\n{\"id\":\n{\"id\":\"a\u{2028}b\"}\n{\"id\":2}x\n",
    );
    let codes: Vec<_> = table
        .records
        .iter()
        .map(|r| (r.number, r.codes.clone()))
        .collect();
    assert_eq!(
        codes,
        [
            (1, vec![]),
            (2, vec![Code::BadJson]),
            (3, vec![Code::NotAnObject]),
            (4, vec![Code::NotAnObject]),
            (5, vec![Code::BadJson]),
            (6, vec![]),
            (7, vec![Code::BadJson]),
        ]
    );
}

#[test]
fn the_message_names_the_place_in_the_file() {
    let file = File::new("a.json", "[\n  {\"id\": 1},\n  {\"id\":\n  tru}\n]");
    let mut reader = super::super::open(&file.input(), &ReadOptions::default()).unwrap();
    let batch = reader.next().unwrap().unwrap();
    let problem = batch.get(1).problems().next().unwrap();
    assert_eq!(problem.location.line, 3);
    assert!(
        problem.message.contains("line 4, byte 6"),
        "{}",
        problem.message
    );
}

#[test]
fn a_bad_element_costs_its_record_and_no_other() {
    let table = read(
        "a.json",
        "[\n{\"id\":1},\n{\"id\":tru},\n{\"id\":\"open},\n{\"id\":[1},\n3,\n{\"id\":2}\n]",
    );
    let found: Vec<_> = table
        .records
        .iter()
        .map(|r| (r.number, r.codes.clone()))
        .collect();
    let bad = vec![Code::BadJson];
    assert_eq!(
        found[..4],
        [(2, vec![]), (3, bad.clone()), (4, bad.clone()), (5, bad)]
    );
    assert_eq!(found.last().unwrap(), &(7, vec![]));
}

#[test]
fn a_cut_document_gives_its_whole_records_and_a_problem() {
    for text in [
        "[{\"id\":1},{\"id\":2}",
        "[{\"id\":1},{\"id\":2},",
        "[{\"id\":1},{\"id\":2},{\"id\":",
        "{\"calls\":[{\"id\":1},{\"id\":2},{\"i",
        "{\"calls\":[{\"id\":1},{\"id\":2}]",
        "{\"id\":1}\n{\"id\":2}\n{\"id\":\"x",
    ] {
        let table = read("a.json", text);
        assert_eq!(
            ids(&table)[..2],
            [
                (1, json!(1)),
                (if text.contains('\n') { 2 } else { 1 }, json!(2))
            ]
        );
        assert_eq!(table.records.len(), 3, "{text}");
        assert_eq!(table.records[2].codes, [Code::TruncatedInput], "{text}");
    }
}

#[test]
fn faults_between_records_are_told() {
    for (text, count) in [
        ("[{\"id\":1} {\"id\":2}]", 2),
        ("[{\"id\":1},,{\"id\":2}]", 3),
        ("[{\"id\":1},]", 2),
        ("[{\"id\":1}] rubbish and\n more of it", 3),
    ] {
        let table = read("a.json", text);
        assert_eq!(table.records.len(), count, "{text}");
        assert_eq!(table.records[0].codes, []);
        assert!(
            table
                .records
                .iter()
                .any(|record| record.codes.contains(&Code::BadJson))
        );
    }
}

#[test]
fn doubled_keys_depth_size_and_bytes_are_problems() {
    let mut options = ReadOptions::default();
    options.limits.max_depth = 5;
    options.limits.max_record = 1000;
    let mut text = Vec::new();
    text.extend_from_slice(b"{\"id\":1,\"id\":2}\n{\"id\":[[[[[[1]]]]]]}\n");
    text.extend_from_slice(format!("{{\"id\":\"{}\"}}\n", "x".repeat(3 << 20)).as_bytes());
    text.extend_from_slice(
        b"{\"id\":{\"n\":\"Pr\xf8ve\"}}\n{\"id\":\"a\\u0000\"}\n{\"id\":\"\xc3\xb8\"}\n",
    );
    let table = File::new("a.ndjson", &text).read(&options).unwrap();
    let codes: Vec<_> = table
        .records
        .iter()
        .map(|record| record.codes.clone())
        .collect();
    assert_eq!(
        codes,
        [
            vec![Code::DuplicateKey],
            vec![Code::BadJson],
            vec![Code::RecordTooLarge],
            vec![Code::UndecodableBytes],
            vec![Code::NulByte],
            vec![],
        ]
    );
    assert_eq!(table.records[5].number, 6);
}

#[test]
fn problems_of_an_earlier_run_are_no_data() {
    let table = read(
        "a.ndjson",
        "{\"id\":1,\"_problems\":\"x\",\"b\":{\"_problems\":2}}\n",
    );
    assert_eq!(
        table.records[0].tree,
        Some(json!({"id": 1, "b": {"_problems": 2}}))
    );
}

#[test]
fn utf16_documents_are_read() {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend("[{\"id\":\"ø\"}]".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(ids(&read("a.json", bytes)), [(1, json!("ø"))]);
}

#[test]
fn long_arrays_are_read_across_all_borders() {
    let mut text = String::from("{\"n\":1,\"calls\":[\n");
    for id in 0..30_000 {
        let comma = if id == 0 { "" } else { ",\n" };
        write!(
            text,
            "{comma}{{\"id\":{id},\"t\":\"{}\"}}",
            "\\\"x".repeat(id % 40)
        )
        .unwrap();
    }
    let table = read("a.json", format!("{text}]}}"));
    assert_eq!(table.records.len(), 30_000);
    assert!(
        table.records.iter().enumerate().all(|(index, record)| {
            record.number == index as u64 + 2 && record.codes.is_empty()
        })
    );
    let second = format!("{text}],\"more\":[{{}}]}}");
    let result = File::new("a.json", second).read(&ReadOptions::default());
    assert!(matches!(result, Err(Error::Records { .. })));
}
