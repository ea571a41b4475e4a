use std::fmt::Write;

use super::super::{Error, Escape, HeaderKind, HeaderlessLayout, Limits, Quote, ReadOptions, open};
use super::{File, csv};
use crate::domain::Code;

#[test]
fn rows_come_with_the_line_they_start_on() {
    let table = csv("id;text;n\r\n1;\"a;\r\n\"\"b\"\"\";2\r\n\r\n2;c;3\r\n3;;");
    assert_eq!(table.names, ["id", "text", "n"]);
    assert_eq!(table.reading, "semicolon, utf-8, header, CRLF");
    assert_eq!(
        table.rows(),
        [
            (2, vec!["1", "a;\r\n\"b\"", "2"], vec![]),
            (5, vec!["2", "c", "3"], vec![]),
            (6, vec!["3", "", ""], vec![Code::RowUnterminated]),
        ]
    );
}

#[test]
fn every_line_ending_and_mark_is_read() {
    for ending in ["\n", "\r\n", "\r"] {
        for mark in ["", "\u{feff}"] {
            let table = csv(format!(
                "{mark}a,b{ending}1,x{ending}{ending}2,\"y\"{ending}"
            ));
            assert_eq!(table.names, ["a", "b"]);
            assert_eq!(
                table.rows(),
                [(2, vec!["1", "x"], vec![]), (4, vec!["2", "y"], vec![])],
                "{ending:?}"
            );
        }
    }
}

#[test]
fn rows_of_the_wrong_width_are_problems_and_not_the_end() {
    let table = csv("a,b,c\n1,2,3\n4,5\n6,7,8,9\n\"10\",11\n12,13,14\n");
    assert_eq!(
        table.rows(),
        [
            (2, vec!["1", "2", "3"], vec![]),
            (3, vec!["4", "5"], vec![Code::RowTooShort]),
            (4, vec!["6", "7", "8", "9"], vec![Code::RowTooLong]),
            (5, vec!["10", "11"], vec![Code::RowTooShort]),
            (6, vec!["12", "13", "14"], vec![]),
        ]
    );
}

#[test]
fn the_separator_line_of_excel_is_no_row() {
    let table = csv("sep=;\r\na;b\r\n1,5;2\r\n");
    assert_eq!(table.names, ["a", "b"]);
    assert_eq!(table.rows(), [(3, vec!["1,5", "2"], vec![])]);
}

#[test]
fn an_open_quote_costs_its_row_and_no_other() {
    for rows in [
        "1;\"Hans;x\n2;Per;y\n3;\"Ib\";z\n4;Bo;w\n",
        "1;\"Hans;x\n2;Per;y\n3;Ib;z\n4;Bo;w\n",
        "1;\"Hans;x\n2;\"\";y\n3;Ib;z\n4;Bo;w\n",
        "1;\"Hans;x\n2;\"Per; P\";y\n3;Ib;z\n4;Bo;w\n",
        "\"1\";\"Hans;x\n\"2\";\"Per\";\"y\"\n3;Ib;z\n4;Bo;w\n",
    ] {
        let table = csv(format!("id;name;c\n{rows}"));
        let found: Vec<_> = table
            .records
            .iter()
            .map(|row| (row.number, row.codes.clone()))
            .collect();
        let open = vec![Code::OpenQuote];
        assert_eq!(
            found,
            [(2, open), (3, vec![]), (4, vec![]), (5, vec![])],
            "{rows}"
        );
        assert_eq!(table.records[2].cells, ["3", "Ib", "z"]);
    }
}

#[test]
fn an_open_quote_in_the_last_row_is_told_from_a_cut_file() {
    let table = csv("id;name;c\n1;Per;y\n2;\"Hans;x");
    assert_eq!(table.records[1].codes, [Code::OpenQuote]);
    let table = csv("id;name;c\n1;Per;y\n2;\"Hans was\nhere");
    assert_eq!(table.records[1].codes, [Code::TruncatedInput]);
    assert_eq!(table.records.len(), 2);
}

#[test]
fn a_last_row_that_is_not_whole_says_that_the_file_may_be_cut() {
    let last = |rows: &str| {
        let file = File::new("calls.csv", format!("id;name;c\n1;Per;y\n{rows}"));
        let reader = open(&file.input(), &ReadOptions::default()).unwrap();
        let batches: Vec<_> = reader.map(Result::unwrap).collect();
        let record = batches.last().unwrap().iter().last().unwrap();
        let messages = record.problems().map(|problem| problem.message.to_string());
        messages.collect::<Vec<_>>()
    };
    for cut in [
        "2;Ha",
        "2",
        "2;\"Hans;x",
        "2;\"Hans was\nhere",
        "2;Bo;z\r\n3;I",
    ] {
        let told = last(cut);
        assert_eq!(told.len(), 1, "{cut:?}");
        assert!(told[0].ends_with("; the file may be cut: it ends here without a line ending"));
        // With a line ending the row alone is at fault.
        let told = last(&format!("{cut}\n"));
        assert!(
            told.len() == 1 && !told[0].contains("may be cut"),
            "{cut:?}"
        );
    }
    for whole in ["2;Hans;x", "2;\"Hans\";x", "2;Hans;"] {
        let told = last(whole);
        assert!(
            told.len() == 1 && told[0].ends_with("its last cell may be cut"),
            "{whole:?}"
        );
        for ending in ["\n", "\r", "\r\n", "\n\u{1a}"] {
            assert_eq!(last(&format!("{whole}{ending}")), [""; 0], "{whole:?}");
        }
    }
    // Nor is anything said of a short row that is not the last one.
    assert_eq!(last("2;Ha\n3;Per;z\n"), [""; 0]);
}

#[test]
fn a_file_of_open_quotes_is_read_line_by_line() {
    for line in ["\"a\n", "\"a\"\"\n", "a,\"b\n", "a,\"b\"c\n"] {
        let table = csv(format!("x,y\n{}", line.repeat(2_000)));
        // The last line may be closed by the end of the file.
        assert!(
            table.records.len() >= 1_890,
            "{line:?}: {}",
            table.records.len()
        );
        assert!(table.records.iter().all(|record| !record.codes.is_empty()));
    }
}

#[test]
fn quotes_out_of_place_are_read_as_text_with_a_warning() {
    let table = csv("id,text\n1,\"a \"b\" c\"\n2,5\" disk\n3,\"d\"\n\"Per\" Hansen,4\n5,e\n");
    assert_eq!(
        table.rows(),
        [
            (2, vec!["1", "a \"b\" c"], vec![Code::StrayQuote]),
            (3, vec!["2", "5\" disk"], vec![Code::StrayQuote]),
            (4, vec!["3", "d"], vec![]),
            (5, vec!["\"Per\" Hansen", "4"], vec![Code::StrayQuote]),
            (6, vec!["5", "e"], vec![]),
        ]
    );
}

#[test]
fn files_without_quoting_keep_their_quotes() {
    let table = csv("id\ttext\r\n1\tsaid \"no\r\n2\t\"x\" y\r\n");
    assert_eq!(table.reading, "tab, utf-8, header, CRLF, no quoting");
    assert_eq!(
        table.rows(),
        [
            (2, vec!["1", "said \"no"], vec![]),
            (3, vec!["2", "\"x\" y"], vec![])
        ]
    );
}

#[test]
fn headers_may_be_missing_or_double() {
    let table = csv("\"\",\"101\",\"2024-03-15 09:12:03\",3\n\"\",\"102\",,4\n");
    assert_eq!(table.names, ["column1", "column2", "column3", "column4"]);
    assert_eq!(table.records[0].number, 1);
    assert_eq!(table.records.len(), 2);
    let options = ReadOptions {
        columns: vec!["account".into(), "src".into()],
        header: Some(HeaderKind::None),
        ..ReadOptions::default()
    };
    let table = File::new("a.csv", "x,1,2\ny,3,4\n").read(&options).unwrap();
    assert_eq!(table.names, ["account", "src", "column3"]);
    let table = csv("id,when\nINTEGER,VARCHAR(10)\n1,x\n");
    assert_eq!(table.rows(), [(3, vec!["1", "x"], vec![])]);
}

#[test]
fn rows_at_the_end_that_are_no_records_are_told_as_such() {
    let table = csv("id,name,n\n1,a,2\n2,b,3\nTotals,,5\n\n(2 rows affected)\n");
    let codes: Vec<_> = table.records.iter().map(|row| row.codes.clone()).collect();
    let trailing = vec![Code::TrailingRow];
    assert_eq!(codes, [vec![], vec![], trailing.clone(), trailing.clone()]);
    let table = csv("There are no calls in this period\n");
    assert_eq!(table.records[0].codes, trailing);
}

#[test]
fn titles_and_skipped_lines_are_counted() {
    let table = csv("Calls of March\n\na;b;c\n1;2;3\n4;5;6\n");
    assert_eq!(table.names, ["a", "b", "c"]);
    assert_eq!(table.records[0].number, 4);
    let options = ReadOptions {
        skip_lines: 2,
        ..ReadOptions::default()
    };
    let table = File::new("a.csv", "x;y\n;;;\na;b\n1;2\n")
        .read(&options)
        .unwrap();
    assert_eq!(
        (table.names, table.records[0].number),
        (vec!["a".into(), "b".into()], 4)
    );
}

#[test]
fn what_is_over_a_limit_costs_its_record_and_no_other() {
    let options = ReadOptions {
        limits: Limits {
            max_field: 50,
            max_record: 100,
            ..Limits::default()
        },
        ..ReadOptions::default()
    };
    let (field, record) = ("f".repeat(60), "r".repeat(3 << 20));
    for quote in ["", "\""] {
        let text = format!(
            "a,b\n1,{quote}{field}{quote}\n2,x\n3,{quote}{record}{quote}\n4,{quote}y{quote}\n5,{quote}{record}"
        );
        let table = File::new("a.csv", text).read(&options).unwrap();
        let found: Vec<_> = table
            .records
            .iter()
            .map(|row| (row.number, row.codes.clone()))
            .collect();
        let large = vec![Code::RecordTooLarge];
        assert_eq!(
            found,
            [
                (2, large.clone()),
                (3, vec![]),
                (4, large.clone()),
                (5, vec![]),
                (6, large)
            ],
            "{quote}"
        );
    }
}

#[test]
fn nul_bytes_are_problems_of_their_cell() {
    let table = csv("a,b\n1,x\u{0}2\n3,y\n");
    assert_eq!(table.records[0].codes, [Code::NulByte]);
    assert_eq!(table.records[1].codes, []);
}

#[test]
fn everything_can_be_said_instead_of_found_out() {
    let options = ReadOptions {
        delimiter: Some(b'!'),
        quote: Some(Quote::Byte(b'\'')),
        header: Some(HeaderKind::None),
        encoding: Some("cp850".into()),
        trailer: vec!["FINE".into(), "END".into()],
        ..ReadOptions::default()
    };
    let table = File::new("a.csv", b"1!'x!\x9b'\nEND!2\n3!y\n")
        .read(&options)
        .unwrap();
    assert_eq!(table.reading, "'!', cp850, no header, LF, quoted by '");
    assert_eq!(
        table.rows(),
        [
            (1, vec!["1", "x!ø"], vec![]),
            (2, vec!["END", "2"], vec![Code::TrailingRow]),
            (3, vec!["3", "y"], vec![]),
        ]
    );
}

#[test]
fn escapes_and_blanks_can_be_said() {
    let read = |text: &str, options: ReadOptions| File::new("a.csv", text).read(&options).unwrap();
    // A table without quotes, as databases write it.
    let options = ReadOptions {
        quote: Some(Quote::None),
        escape: Some(Escape::Byte(b'\\')),
        ..ReadOptions::default()
    };
    let text = "id\ttext\n1\ta\\\tb\\\\c\n2\tx\\\ny\n3\t\\t\\N\n";
    let table = read(text, options.clone());
    assert!(table.reading.ends_with("no quoting, backslash escapes"));
    assert_eq!(
        table.rows(),
        [
            (2, vec!["1", "a\tb\\c"], vec![]),
            (3, vec!["2", "x\ny"], vec![]),
            (5, vec!["3", "\t\\N"], vec![]),
        ]
    );
    // Said to be none, a backslash is a letter.
    let options = ReadOptions {
        escape: Some(Escape::Quote),
        ..ReadOptions::default()
    };
    let table = read("a,b\n\"C:\\\",\"x\"\n\"D:\\\",\"y\"\n", options);
    assert_eq!(table.rows()[0].1, ["C:\\", "x"]);
    let table = csv("a,b\n\"C:\\\",\"x\"\n\"D:\\\",\"y\"\n");
    assert_eq!(table.rows()[0].1, ["C:\\", "x"]);
    let options = ReadOptions {
        trim: Some(false),
        ..ReadOptions::default()
    };
    let text = "a, b\n1, x\n2, y\n";
    assert_eq!(read(text, options).rows()[0].1, ["1", " x"]);
    let table = csv(text);
    assert!(table.reading.ends_with("blanks around cells left out"));
    assert_eq!(table.rows()[0].1, ["1", "x"]);
    // One column that is filled up is a matter of that column.
    assert_eq!(
        csv("a,b ,c\n1,x ,5\n2,y ,6\n").rows()[0].1,
        ["1", "x ", "5"]
    );
}

#[test]
fn a_quote_that_may_be_half_of_a_pair_refuses_its_row() {
    use crate::domain::Severity;
    let severity = |row: &str| {
        let text = format!("id,name,size\n1,\"Bo, Ib\",3\n{row}\n4,\"Per, Eva\",5\n");
        let file = File::new("calls.csv", text);
        let reader = open(&file.input(), &ReadOptions::default()).unwrap();
        let batches: Vec<_> = reader.map(Result::unwrap).collect();
        let record = batches[0].get(1);
        let told = record.problems().map(|problem| problem.severity);
        told.collect::<Vec<_>>()
    };
    for (row, expected) in [
        ("2,\"a \"b\" c\",4", Severity::Warning),
        ("2,\"Per\" Hansen,4", Severity::Warning),
        ("2,5\" disk,4", Severity::Warning),
        ("2,the \"best\",4", Severity::Warning),
        ("2\"Table, Round 48\"\"\",4", Severity::Error),
        ("2,\"\"Table, Round\",4", Severity::Error),
        ("2,\"Table 48\"\",4", Severity::Error),
        ("2,Table 48\",4", Severity::Error),
    ] {
        assert_eq!(severity(row), [expected], "{row}");
    }
}

#[test]
fn a_file_without_rows_has_no_records() {
    assert_eq!(csv("a,b\n").records, []);
    for name in ["a.csv", "a.json", "a.ndjson", "a.txt"] {
        for text in ["", "\n\n", " \r\n", "\u{feff}", "\u{feff}\n", "\u{1a}"] {
            let result = File::new(name, text).read(&ReadOptions::default());
            assert!(
                matches!(result, Err(Error::Empty { .. })),
                "{name} {text:?}: {result:?}"
            );
        }
    }
}

#[test]
fn long_files_are_read_across_all_borders() {
    let mut text = String::from("id,text\n");
    let mut expected = Vec::new();
    let mut line = 2;
    for id in 0..40_000_u64 {
        let cell = match id % 7 {
            0 => format!("\"x{id}\n,y\""),
            1 => format!("\"{}\"\"\"", "q".repeat((id % 500) as usize)),
            _ => "z".repeat((id % 90) as usize),
        };
        write!(text, "{id},{cell}\r\n").unwrap();
        expected.push(line);
        line += if id % 7 == 0 { 2 } else { 1 };
    }
    let table = csv(&text);
    assert!(table.records.iter().all(|row| row.codes.is_empty()));
    let lines: Vec<u64> = table.records.iter().map(|row| row.number).collect();
    assert_eq!(lines, expected);
    assert_eq!(table.records[7].cells, ["7", "x7\n,y"]);
}

#[test]
fn a_file_that_may_have_a_header_is_known_without_one() {
    let names = ["id", "when", "who"].map(str::to_owned).to_vec();
    let options = ReadOptions {
        headerless: HeaderlessLayout::of(names.clone()),
        ..ReadOptions::default()
    };
    let read = |content: &str| File::new("a.csv", content).read(&options).unwrap();
    let table = read("1,2024-03-15 08:00:00,Ida\n2,2024-03-15 08:00:01,Bo\n");
    assert_eq!(table.names, names);
    assert_eq!(table.rows().len(), 2);
    let table = read("when,id,who\n2024-03-15 08:00:00,1,Ida\n");
    assert_eq!(table.names, ["when", "id", "who"]);
    // Another kind of file.
    let table = read("1,2024-03-15 08:00:00,Ida,x\n2,2024-03-15 08:00:01,Bo,y\n");
    assert_eq!(table.names[0], "column1");
    // A sentence in place of the table.
    let table = read("There are no calls in this period\n");
    assert_eq!(table.names, names);
    assert_eq!(table.rows()[0].2, [Code::TrailingRow]);
}

#[test]
fn a_last_column_may_stand_for_any_number_of_cells() {
    let options = ReadOptions {
        rest: Some("Custom_Fields".to_owned()),
        ..ReadOptions::default()
    };
    let text = "id;name;custom_fields\n1;Ida\n2;Bo;x\n3;Eva;x;y;z\n4\n";
    let table = File::new("a.csv", text).read(&options).unwrap();
    let rows = table.rows();
    let codes: Vec<_> = rows.iter().map(|row| row.2.clone()).collect();
    assert_eq!(codes, [vec![], vec![], vec![], vec![Code::RowTooShort]]);
    assert_eq!(rows[2].1, ["3", "Eva", "x", "y", "z"]);
    let table = File::new("a.csv", "id;name\n1;Ida;x\n")
        .read(&options)
        .unwrap();
    assert_eq!(table.rows()[0].2, [Code::RowTooLong]);
}

#[test]
fn quotes_at_the_end_of_a_quoted_cell_do_not_glue_it_to_the_next() {
    let table = csv(
        "\"id\",\"note\",\"team\"\n\"1\",\"he said \"no\" and \"yes\"\",\"3\"\n\"2\",\"\"\"a\"\"\",\"4\"\n",
    );
    let rows = table.rows();
    assert_eq!(rows[0].1, ["1", "he said \"no\" and \"yes\"", "3"]);
    assert_eq!(rows[0].2, [Code::StrayQuote]);
    assert_eq!(rows[1].1, ["2", "\"a\"", "4"]);
    assert_eq!(rows[1].2, []);
}

#[test]
fn a_line_of_blanks_is_no_row_but_in_a_table_of_one_column() {
    for ending in ["\n", "\r\n", "\r"] {
        for blanks in [" ", "   "] {
            let lines = ["a,b", blanks, "1,x", blanks, "", blanks, "2,y", blanks];
            let expected = [(3, vec!["1", "x"], vec![]), (7, vec!["2", "y"], vec![])];
            for end in [ending, ""] {
                let table = csv(lines.join(ending) + end);
                assert_eq!(table.rows(), expected, "{blanks:?} {ending:?} {end:?}");
            }
        }
    }
    // Cells are no blanks, and neither is a delimiter.
    let table = csv("a\tb\n \t \n1\tx\n");
    assert_eq!(table.rows().len(), 2);
    let table = csv("a,b\n \"\"\n1,x\n");
    assert_eq!(table.rows()[0].2, [Code::RowTooShort]);
    let long = format!("a,b\n{}\n1,x\n", " ".repeat(5000));
    assert_eq!(csv(long).rows()[0].2, [Code::RowTooShort]);
    let names = ["only".to_owned()].to_vec();
    let options = ReadOptions {
        columns: names,
        delimiter: Some(b','),
        header: Some(HeaderKind::None),
        ..ReadOptions::default()
    };
    let table = File::new("a.csv", "1\n \n2\n").read(&options).unwrap();
    assert_eq!(table.rows().len(), 3);
}
