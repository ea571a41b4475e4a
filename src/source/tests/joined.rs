//! Files that were put one behind the other, and what stands at their ends.

use std::fmt::Write as _;
use std::io::Write as _;

use super::super::{KnownKeys, ReadOptions};
use super::{File, csv};
use crate::domain::Code;

const HEADER: &str = "id,phone,name\n";

fn rows(numbers: std::ops::Range<usize>) -> String {
    numbers.fold(String::new(), |mut rows, number| {
        let phone = number % 100;
        let _ = writeln!(rows, "R{number:04},+45123456{phone:02},Ida");
        rows
    })
}

/// How many records there are, and the lines of rows that are none.
fn told(content: impl AsRef<[u8]>) -> (usize, Vec<u64>) {
    let table = csv(content);
    assert_eq!(table.names, ["id", "phone", "name"]);
    let (none, records): (Vec<_>, Vec<_>) = table
        .records
        .iter()
        .partition(|line| line.codes == [Code::TrailingRow]);
    for record in &records {
        assert!(record.codes.is_empty(), "{record:?}");
        assert!(record.cells[0].starts_with('R'), "{record:?}");
    }
    (records.len(), none.iter().map(|line| line.number).collect())
}

#[test]
fn a_header_that_comes_again_is_no_record() {
    for count in [2, 50, 999, 1000, 1001] {
        let text = [HEADER, &rows(0..count), HEADER, &rows(count..count + 3)].concat();
        let line = u64::try_from(count).unwrap() + 2;
        assert_eq!(told(&text), (count + 3, vec![line]), "{count}");
    }
    let twice = [HEADER, HEADER, &rows(0..2)].concat();
    assert_eq!(told(&twice), (2, vec![2]));
    let quoted = "\"id\",\"phone\",\"name\"\n";
    let text = [quoted, &rows(0..2), quoted, &rows(2..4)].concat();
    assert_eq!(told(&text), (4, vec![4]));
    let marked = [
        "\u{feff}",
        HEADER,
        &rows(0..2),
        "\u{feff}",
        HEADER,
        &rows(2..4),
    ]
    .concat();
    assert_eq!(told(&marked), (4, vec![4]));
}

#[test]
fn members_of_an_archive_may_each_have_their_header() {
    let mut packed = Vec::new();
    for part in [0..3, 3..6] {
        let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        member
            .write_all([HEADER, &rows(part)].concat().as_bytes())
            .unwrap();
        packed.extend(member.finish().unwrap());
    }
    packed.extend([0; 512]);
    assert_eq!(told(packed), (6, vec![5]));
}

#[test]
fn marks_between_files_are_no_part_of_a_record() {
    let (one, other) = (rows(0..2), rows(2..4));
    for mark in ["\u{1a}", "\u{feff}", "\u{1a}\u{feff}", "\u{1a}\n"] {
        let text = [HEADER, &one, mark, &other].concat();
        assert_eq!(told(&text), (4, vec![]), "{mark:?}");
        let quoted = other.replacen("R0002", "\"R0002\"", 1);
        let text = [HEADER, &one, mark, &quoted].concat();
        assert_eq!(told(&text), (4, vec![]), "{mark:?}");
    }
    for end in ["\u{1a}", "\u{1a}\u{1a}\u{1a}", "\u{1a}\n"] {
        assert_eq!(told([HEADER, &one, end].concat()), (2, vec![]), "{end:?}");
    }
    let text = "{\"id\":1}\n\u{feff}{\"id\":2}\n\u{1a}";
    for name in ["a.ndjson", "a.json"] {
        let table = File::new(name, text).read(&ReadOptions::default()).unwrap();
        assert_eq!(table.records.len(), 2, "{name}");
        assert!(
            table.records.iter().all(|line| line.codes.is_empty()),
            "{name}"
        );
    }
}

#[test]
fn another_header_is_told_and_its_rows_are_not_read_by_the_first_one() {
    let text = [HEADER, &rows(0..2), "id,name,phone,group\n", &rows(2..3)].concat();
    let table = csv(text);
    let codes: Vec<_> = table
        .records
        .iter()
        .map(|line| line.codes.clone())
        .collect();
    let changed = vec![Code::HeaderChanged];
    assert_eq!(codes, [vec![], vec![], changed.clone(), changed]);
    // Nor is the first one taken for a record, as little as they differ.
    let other = "id,mobile,name\n";
    let table = csv([HEADER, &rows(0..2), other, &rows(2..3)].concat());
    assert_eq!(table.names, ["id", "phone", "name"]);
    let told = table.records.iter().map(|line| line.codes.clone());
    assert_eq!(told.collect::<Vec<_>>(), codes);
    // A value that is a name, too, makes no header.
    let table = csv("id,phone,name\n1,phone,Ida\nid,2,Bo\n");
    assert!(table.records.iter().all(|line| line.codes.is_empty()));
}

#[test]
fn totals_are_none_wherever_the_batches_end() {
    for count in [980, 998, 999, 1000, 1001] {
        let text = [HEADER, &rows(0..count), "Total,,\nGrand total,,\n"].concat();
        let first = u64::try_from(count).unwrap() + 2;
        assert_eq!(told(&text), (count, vec![first, first + 1]), "{count}");
    }
}

#[test]
fn blanks_around_quotes_are_no_part_of_a_cell() {
    for (text, name) in [
        ("\"id\", \"name\"\n\"1\", \"Hansen, Ida\"\n", "a comma"),
        ("\"id\" ,\"name\"\n\"1\" ,\"Hansen, Ida\" \n", "behind"),
        ("\"id\"; \"name\"\n\"1\" ; \"Hansen, Ida\"\n", "a semicolon"),
        ("\"id\"\t \"name\"\n\"1\"\t \"Hansen, Ida\"\n", "a tab"),
    ] {
        let table = csv(text);
        assert_eq!(table.names, ["id", "name"], "{name}");
        assert_eq!(
            table.rows(),
            [(2, vec!["1", "Hansen, Ida"], vec![])],
            "{name}"
        );
    }
}

fn known(names: &[&str]) -> ReadOptions {
    ReadOptions {
        known: KnownKeys(names.iter().map(|name| vec![(*name).to_owned()]).collect()),
        ..ReadOptions::default()
    }
}

fn ids(name: &str, text: &str) -> Vec<String> {
    let table = File::new(name, text).read(&known(&["id", "user"])).unwrap();
    let id = |line: &super::Line| match &line.tree {
        Some(tree) if line.codes.is_empty() => tree["id"].to_string(),
        _ => format!("{:?}", line.codes),
    };
    table.records.iter().map(id).collect()
}

#[test]
fn the_pages_of_an_api_are_opened_wherever_they_stand() {
    let call = |id: usize| format!(r#"{{"id": {id}, "user": null, "tags": [{{"x": 1}}]}}"#);
    let page = |id: usize| {
        let (one, other) = (call(id), call(id + 1));
        format!(r#"{{"meta": {{"next": null}}, "calls": [{one}, {other}]}}"#)
    };
    let (one, other) = (page(1), page(3));
    let all = ["1", "2", "3", "4"];
    for name in ["a.json", "a.ndjson"] {
        assert_eq!(ids(name, &one), all[..2], "{name}");
        assert_eq!(ids(name, &format!("{one}\n{other}\n")), all, "{name}");
        assert_eq!(ids(name, &format!("{one}{other}")), all, "{name}");
        assert_eq!(ids(name, &format!("[{one},\n {other}]")), all, "{name}");
        let spread = one.replace(", ", ",\n ");
        assert_eq!(ids(name, &format!("{spread}\n{other}")), all, "{name}");
        let empty = r#"{"meta": {"next": 2}, "calls": []}"#;
        assert_eq!(
            ids(name, &format!("{empty}\n{one}\n{other}\n{empty}")),
            all,
            "{name}"
        );
        assert_eq!(ids(name, empty), [""; 0], "{name}");
        // An error behind good pages is told.
        let told = ids(
            name,
            &format!("{one}\n{{\"error\": \"too many requests\"}}\n"),
        );
        assert_eq!(told.len(), 3, "{name}: {told:?}");
    }
    assert_eq!(ids("a.json", &format!("{{\"data\": {one}}}")), all[..2]);
    // A record whose own list is all that the document holds is a record.
    assert_eq!(ids("a.json", &call(7)), ["7"]);
    assert_eq!(
        ids("a.json", &format!("[{}, {}]", call(7), call(8))),
        ["7", "8"]
    );
}
