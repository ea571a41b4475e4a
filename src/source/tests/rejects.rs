use super::super::{Batch, HeaderKind, ReadOptions, RejectsWriter, open};
use super::{File, Line};
use crate::domain::Code;

/// All records of the file written again, with a problem each.
fn rewritten(file: &File, options: &ReadOptions) -> Vec<u8> {
    rewritten_with(file, options, "row-too-short: a, \"b\"; c\nd\"")
}

fn rewritten_with(file: &File, options: &ReadOptions, problems: &str) -> Vec<u8> {
    let mut reader = open(&file.input(), options).unwrap();
    let mut rejects = RejectsWriter::new(Vec::new(), reader.sheet(), reader.form()).unwrap();
    for batch in reader.by_ref() {
        for record in Batch::iter(&batch.unwrap()) {
            rejects.write(&record, problems).unwrap();
        }
    }
    rejects.finish().unwrap()
}

fn without_lines(file: &File, options: &ReadOptions) -> Vec<Line> {
    let mut records = file.read(options).unwrap().records;
    for record in &mut records {
        record.number = 0;
        // What is written again has its line ending.
        record.codes.retain(|code| *code != Code::RowUnterminated);
    }
    records
}

/// Reading, writing and reading again gives the same records, also the second time.
pub(super) fn assert_round_trip(name: &str, content: impl AsRef<[u8]>, options: &ReadOptions) {
    let file = File::new(name, content);
    let again = if name.contains("json") {
        "rejected.ndjson"
    } else {
        "rejected.csv"
    };
    let once = File::new(again, rewritten(&file, options));
    let twice = File::new(again, rewritten(&once, options));
    let expected = without_lines(&file, options);
    assert_eq!(without_lines(&once, options), expected, "once");
    assert_eq!(without_lines(&twice, options), expected, "twice");
    assert_eq!(
        once.read(options).unwrap().names,
        file.read(options).unwrap().names
    );
    assert_eq!(
        rewritten(&twice, options),
        rewritten(&file, options),
        "bytes"
    );
}

#[test]
fn rejected_rows_are_read_as_they_were() {
    let mut marked = vec![0xff, 0xfe];
    let text = "id;name\r\n1;ø\r\n2\r\n";
    marked.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let rows: [&[u8]; 11] = [
        b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n\"x\ny\",\"q\"\"\",\n",
        b"\xef\xbb\xbfa;b\r\n1;\"x;y\"\r\n",
        b"id;name;c\n1;\"Hans;x\n2;Per;y\n3;\"Ib\";z\n",
        b"id,text\n1,\"a \"b\" c\"\n\"Per\" Hansen,4\n5,\"e\"\n",
        b"id\ttext\r\n1\tsaid \"no\r\n2\t\"x\" y\r\n",
        b"id,name\n1,\xc3\xa6\n2,a\xf8b\n",
        b"id;name\r\n1;Pr\xf8vesen\r\n2;\xc5se\r\n",
        b"a,b\n1,x\0y\n",
        b"a\n\"\"\n1\n",
        b"id,name,n\n1,a,2\nTotals,,5\n",
        &marked,
    ];
    for row in rows {
        assert_round_trip("a.csv", row, &ReadOptions::default());
    }
}

#[test]
fn rejected_rows_of_a_table_without_a_header_get_one() {
    let options = ReadOptions {
        header: Some(HeaderKind::None),
        columns: vec!["account".into(), "src".into()],
        ..ReadOptions::default()
    };
    assert_round_trip("a.csv", "x,1,\"2,3\"\ny,3,4\nz\n", &options);
}

#[test]
fn lines_before_the_header_are_passed_over_in_the_export_alone() {
    let options = ReadOptions {
        skip_lines: 2,
        ..ReadOptions::default()
    };
    assert_round_trip("a.csv", "Calls of March\n\nid;n\n1;a\n2\n3;c\n", &options);
    let headerless = ReadOptions {
        header: Some(HeaderKind::None),
        columns: vec!["id".into(), "n".into()],
        ..options
    };
    assert_round_trip("a.csv", "Calls of March\n\n1;a\n2\n3;c\n", &headerless);
}

#[test]
fn rejected_objects_are_read_as_they_were() {
    for text in [
        "{\"id\":12345678901234567890123,\"n\":1.50,\"x\":{}}\n{}\n",
        "{\"id\":1,\"id\":2}\n{\"id\":tru}\n7\n{\"id\":\"a\\u0000\"}\n{\"id\":\n",
        "{\"_problems\":\"x\",\"id\":1,\"id\":2}\n{\"id\":1,\"_problems\":\"y\"}\n",
    ] {
        assert_round_trip("a.ndjson", text, &ReadOptions::default());
    }
    let options = ReadOptions {
        records: Some("/calls".into()),
        ..ReadOptions::default()
    };
    assert_round_trip(
        "a.json",
        "{\"calls\":[\n {\"id\":1,\n \"id\":2},\n {\"id\":3}\n]}",
        &options,
    );
}

#[test]
fn a_mended_row_is_whole_again() {
    let rejected = "a,b,c,_problems\n4,5,new,row-too-short\n";
    let table = super::csv(rejected);
    assert_eq!(table.names, ["a", "b", "c"]);
    assert_eq!(table.rows(), [(2, vec!["4", "5", "new"], vec![])]);
    // Nobody has to keep the column.
    assert_eq!(super::csv("a,b,c\n4,5,new\n").rows(), table.rows());
}

#[test]
fn reasons_that_a_spreadsheet_moved_among_the_cells_are_no_values() {
    let moved =
        "id,a,b,_problems\n1,row-too-short: 1 cell for 3 columns,,\n2,at: 9,y,bad-time: z\n";
    let table = File::new("rejected.csv", moved)
        .read(&ReadOptions::default())
        .unwrap();
    assert_eq!(table.records[0].codes, [Code::RowTooShort]);
    assert_eq!(table.records[1].codes, []);
}

/// A list with the first record, and then the row that says that others are missing.
fn cut_behind_the_first(file: &File) -> Vec<u8> {
    let options = ReadOptions::default();
    let mut reader = open(&file.input(), &options).unwrap();
    let mut rejects = RejectsWriter::new(Vec::new(), reader.sheet(), reader.form()).unwrap();
    let batch = reader.next().unwrap().unwrap();
    let first = Batch::iter(&batch).next().unwrap();
    rejects.write(&first, "bad-time: x").unwrap();
    rejects.cut().unwrap();
    rejects.finish().unwrap()
}

#[test]
fn a_list_that_lacks_records_is_not_read_as_a_whole_one() {
    let mut wide = vec![0xff, 0xfe];
    wide.extend(
        "id;n\r\n1;ø\r\n2;b\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes),
    );
    let contents: [(&str, &[u8]); 6] = [
        ("a.csv", b"id,n,m\n1,a,\n2,b,c\n"),
        ("a.csv", b"id\n1\n2\n"),
        ("a.csv", b"id\ttext\n1\tsaid \"no\n2\t\"x\" y\n"),
        ("a.csv", b"id n\n1 a\n2 b\n"),
        ("a.csv", &wide),
        ("a.ndjson", b"{\"id\":1}\n{\"id\":2}\n"),
    ];
    for (name, content) in contents {
        let again = name.replace('a', "rejected");
        let once = File::new(&again, cut_behind_the_first(&File::new(name, content)));
        let records = once.read(&ReadOptions::default()).unwrap().records;
        let codes: Vec<_> = records.iter().map(|record| record.codes.clone()).collect();
        assert_eq!(
            codes,
            [vec![], vec![Code::RejectsCut]],
            "{name} {content:?}"
        );
        // Rejected once more, it still says so.
        let twice = File::new(
            &again,
            rewritten_with(
                &once,
                &ReadOptions::default(),
                "rejects-cut: it lacks records",
            ),
        );
        let records = twice.read(&ReadOptions::default()).unwrap().records;
        assert_eq!(records[1].codes, [Code::RejectsCut], "{name} {content:?}");
    }
}

#[test]
fn a_list_that_lacks_records_says_so_without_its_last_column() {
    let table =
        super::csv("id,n,_problems\n1,a,bad-time: x\nrejects-cut: further records are missing,,\n");
    assert_eq!(table.rows()[1].2, [Code::RowTooShort]);
}
