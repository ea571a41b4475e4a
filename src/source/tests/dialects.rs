//! Dialects whose evidence comes late, is mixed, or looks like another.

use super::super::{InputFormat, ReadOptions};
use super::{File, csv};
use crate::domain::Code;

/// More rows of this than the sample that decides on the dialect holds.
fn long(head: &str, row: &str) -> String {
    let mut text = head.to_owned();
    while text.len() < 2 << 20 {
        text.push_str(row);
    }
    text
}

#[test]
fn a_line_ending_of_another_kind_ends_a_row_too() {
    for (text, lines) in [
        ("a,b\r1,2\r\n3,4\r\n5,6\r7,8\r", [2, 3, 4, 5]),
        ("a,b\r1,2\r3,4\r5,6\n7,8\n", [2, 3, 4, 5]),
        ("a,b\r\n1,2\r\n3,4\n5,6\r7,8\r\n", [2, 3, 4, 5]),
        ("a,b\n1,2\n3,4\r5,6\r7,8\n", [2, 3, 4, 5]),
    ] {
        let table = csv(text);
        let expected: Vec<_> = [["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"]]
            .into_iter()
            .zip(lines)
            .map(|(cells, line)| (line, cells.to_vec(), vec![]))
            .collect();
        assert_eq!(table.rows(), expected, "{text:?}");
    }
}

#[test]
fn a_long_file_of_returns_may_end_in_pairs() {
    let text = long("id,b,c\r", "1,two,3\r") + "4,5,6\r\n7,8,9\r\n";
    let table = csv(&text);
    assert!(table.reading.ends_with("CR"), "{}", table.reading);
    let last = &table.records[table.records.len() - 2..];
    assert_eq!(last[0].cells, ["4", "5", "6"]);
    assert_eq!(last[1].cells, ["7", "8", "9"]);
    assert!(table.records.iter().all(|row| row.codes.is_empty()));
}

#[test]
fn line_breaks_in_cells_of_the_said_quote_end_no_rows() {
    let options = ReadOptions {
        quote: Some(super::super::Quote::Byte(b'\'')),
        ..ReadOptions::default()
    };
    let text = "a,b\n'x\ry\rz\r',1\n'\r\r\r',2\n";
    let table = File::new("a.csv", text).read(&options).unwrap();
    assert_eq!(table.rows()[0].1, ["x\ry\rz\r", "1"]);
    assert_eq!(table.rows()[1].1, ["\r\r\r", "2"]);
}

#[test]
fn quoted_cells_behind_a_beginning_without_any_are_told() {
    let text = long("id\ttext\n", "1\ta 5\" disk\n") + "2\t\"quoted\"\n3\tplain\n";
    let table = csv(&text);
    assert!(table.reading.contains("no quoting"), "{}", table.reading);
    let last = &table.records[table.records.len() - 2..];
    assert_eq!(last[0].codes, [Code::StrayQuote]);
    assert_eq!(last[0].cells, ["2", "\"quoted\""]);
    assert_eq!(last[1].codes, []);
}

#[test]
fn half_a_pair_of_quotes_is_no_text_of_a_file_without_quoting() {
    let row = "\"B-2,+4512345602,\"Call \"\"2\",2024-03-12\n";
    let text = format!(
        "id,phone,title,time\n{}{row}",
        "B-1,+4512345601,Call 1,2024-03-11\n".repeat(7)
    );
    let table = csv(&text);
    assert!(table.reading.contains("no quoting"), "{}", table.reading);
    let last = table.records.last().unwrap();
    assert_eq!(last.codes, [Code::StrayQuote]);
    // What was said to be text is.
    let options = ReadOptions {
        quote: Some(crate::source::Quote::None),
        ..ReadOptions::default()
    };
    let table = File::new("a.csv", text).read(&options).unwrap();
    assert_eq!(table.records.last().unwrap().codes, []);
}

#[test]
fn text_that_was_encoded_twice_is_told() {
    for (name, is_told) in [
        ("Ã\u{85}se", true),
        ("SÃ¸ren", true),
        ("PÃ…l", true),
        ("Ã\u{201e}rger", true),
        ("Åse", false),
        ("NÃO", false),
    ] {
        let table = csv(format!("id,name\n1,{name}\n"));
        let wanted: &[Code] = if is_told {
            &[Code::UndecodableBytes]
        } else {
            &[]
        };
        assert_eq!(table.records[0].codes, wanted, "{name}");
    }
}

#[test]
fn a_delimiter_that_the_first_lines_do_not_show_is_found() {
    // Titles with commas, and then a table of semicolons.
    let text = "Calls, of all agents, in March\nmade by hand, in a hurry\n\nid;navn;pris\n1;Ib;2,5\n2;Bo;3,5\n3;Åse;4,5\n4;Per;1,0\n";
    let table = csv(text);
    assert!(table.reading.starts_with("semicolon"), "{}", table.reading);
    assert_eq!(table.rows().last().unwrap().1, ["4", "Per", "1,0"]);
}

#[test]
fn a_delimiter_at_the_end_of_every_row_makes_no_cell_too_many() {
    let table = csv(format!("a;b\r\n{}5;6\r\n", "1;2;\r\n".repeat(9)));
    assert_eq!(table.names, ["a", "b", "column3"]);
    assert_eq!(table.rows()[0], (2, vec!["1", "2", ""], vec![]));
    assert_eq!(table.rows()[9].2, [Code::RowTooShort]);
    // A cell that is filled is a cell too many.
    let table = csv("a;b\n1;2;\n3;4;x\n");
    assert_eq!(table.names, ["a", "b"]);
    assert_eq!(table.rows()[1].2, [Code::RowTooLong]);
}

#[test]
fn a_table_may_be_one_column_or_a_header_alone() {
    let table = csv("id\nX-1\nX-2\n");
    assert_eq!(table.names, ["id"]);
    assert_eq!(table.rows().len(), 2);
    let table = csv("id;name;when");
    assert_eq!(table.names, ["id", "name", "when"]);
    assert_eq!(table.records, []);
}

#[test]
fn a_file_is_of_the_kind_that_is_said() {
    let said = |format, name: &str, content: &str| {
        let options = ReadOptions {
            format: Some(format),
            ..ReadOptions::default()
        };
        File::new(name, content).read(&options).unwrap()
    };
    let text = "{\"id\":1}\n{\"id\":2}\n";
    assert_eq!(
        said(InputFormat::Ndjson, "calls.txt", text).records.len(),
        2
    );
    assert_eq!(said(InputFormat::Json, "calls.csv", text).names, [""; 0]);
    let table = said(InputFormat::Csv, "calls.json", "{a,b\n1,2\n");
    assert_eq!(table.names, ["{a", "b"]);
}

#[test]
fn other_kinds_of_archives_are_named() {
    for (head, kind) in [
        (&b"BZh91AY&SY"[..], "bzip2"),
        (b"\xfd7zXZ\0\0", "xz"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"PAR1\x15", "Parquet"),
    ] {
        let result = File::new("a.csv", head).read(&ReadOptions::default());
        assert!(result.unwrap_err().to_string().contains(kind));
    }
}
