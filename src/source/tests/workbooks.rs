use std::io::Write;

use super::super::{Error, ReadOptions};
use super::{File, Table};
use crate::domain::Code;

/// A ZIP archive of these entries.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let mut deflate =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        deflate.write_all(content).unwrap();
        let packed = deflate.finish().unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0]);
        common.extend(crc.sum().to_le_bytes());
        common.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        common.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        let offset = u32::try_from(archive.len()).unwrap().to_le_bytes();
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset);
        directory.extend(name.as_bytes());
    }
    let offset = u32::try_from(archive.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count);
    archive.extend(count);
    archive.extend(size);
    archive.extend(offset);
    archive.extend([0, 0]);
    archive
}

/// A workbook of one sheet; style 1 is a date with time, style 2 a duration.
fn workbook(rows: &str) -> Vec<u8> {
    workbook_with(rows, &[])
}

/// The same with more parts.
fn workbook_with(rows: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let sheet = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
    );
    let entries: [(&str, &str); 6] = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
        ),
        (
            "_rels/.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Opkald\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        ),
        (
            "xl/styles.xml",
            "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/><xf numFmtId=\"46\"/></cellXfs></styleSheet>",
        ),
        ("xl/worksheets/sheet1.xml", &sheet),
    ];
    // A part that comes again stands in place of the first.
    let is_first = |(name, _): &&(&str, &str)| more.iter().all(|(other, _)| other != name);
    let entries = entries.iter().filter(is_first).chain(more);
    let entries: Vec<(&str, &[u8])> = entries
        .map(|(name, content)| (*name, content.as_bytes()))
        .collect();
    zip(&entries)
}

fn text(cell: &str, value: &str) -> String {
    format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{value}</t></is></c>")
}

fn read(rows: &str, options: &ReadOptions) -> Result<Table, Error> {
    File::new("a.xlsx", workbook(rows)).read(options)
}

fn header() -> String {
    format!(
        "<row r=\"1\">{}{}{}</row>",
        text("A1", "id"),
        text("B1", "tid "),
        text("C1", "navn")
    )
}

#[test]
fn cells_come_as_the_text_a_person_sees() {
    let rows = format!(
        "{}<row r=\"2\"><c r=\"A2\"><v>4512345601</v></c><c r=\"B2\" s=\"1\"><v>45366.38336805556</v></c>{}</row>\
         <row r=\"4\"><c r=\"A4\"><v>4.5E+20</v></c><c r=\"B4\" s=\"2\"><v>0.00317129629</v></c><c r=\"C4\" t=\"e\"><v>#N/A</v></c></row>\
         <row r=\"5\">{}{}</row>",
        header(),
        text("C2", "Åse"),
        text("A5", "x"),
        text("D5", "over"),
    );
    let table = read(&rows, &ReadOptions::default()).unwrap();
    assert_eq!(table.reading, "workbook, sheet 'Opkald', header");
    assert_eq!(table.names, ["id", "tid", "navn", "column4"]);
    let damage = Code::SpreadsheetDamage;
    assert_eq!(
        table.rows(),
        [
            (
                2,
                vec!["4512345601", "2024-03-15T09:12:03", "Åse", ""],
                vec![]
            ),
            (
                4,
                vec!["450000000000000000000", "00:04:34", "#N/A", ""],
                vec![damage, damage]
            ),
            (5, vec!["x", "", "", "over"], vec![]),
        ]
    );
}

#[test]
fn a_time_is_what_its_number_format_shows() {
    // Style 3 is a day, style 4 a clock.
    let styles = "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/></numFmts><cellXfs count=\"5\"><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/><xf numFmtId=\"46\"/><xf numFmtId=\"164\"/><xf numFmtId=\"21\"/></cellXfs></styleSheet>";
    let cells = |row: u64, days: &str| {
        format!(
            "<row r=\"{row}\"><c r=\"A{row}\" s=\"1\"><v>{days}</v></c><c r=\"B{row}\" s=\"3\"><v>{days}</v></c><c r=\"C{row}\" s=\"4\"><v>{days}</v></c></row>"
        )
    };
    let rows = [header(), cells(2, "45366"), cells(3, "45366.75")].concat();
    let content = workbook_with(&rows, &[("xl/styles.xml", styles)]);
    let table = File::new("a.xlsx", content)
        .read(&ReadOptions::default())
        .unwrap();
    let rows = table.rows();
    assert_eq!(rows[0].1, ["2024-03-15T00:00:00", "2024-03-15", "00:00:00"]);
    assert_eq!(rows[1].1, ["2024-03-15T18:00:00", "2024-03-15", "18:00:00"]);
}

#[test]
fn a_sheet_is_chosen_by_its_name() {
    let options = ReadOptions {
        sheet: Some("Ark2".into()),
        ..ReadOptions::default()
    };
    let error = read(&header(), &options).unwrap_err().to_string();
    assert!(error.contains("'Opkald'"), "{error}");
}

#[test]
fn damaged_and_exploding_workbooks_are_errors() {
    let whole = workbook(&header());
    for cut in [4, 100, whole.len() / 2, whole.len() - 1] {
        let result = File::new("a.xlsx", &whole[..cut]).read(&ReadOptions::default());
        assert!(
            matches!(result, Err(Error::Unreadable { .. })),
            "{cut}: {result:?}"
        );
    }
    let result = read("<row r=\"1\"><c r=\"A1\">", &ReadOptions::default());
    assert!(
        matches!(result, Err(Error::Unreadable { .. })),
        "{result:?}"
    );
    let mut options = ReadOptions::default();
    options.limits.expansion_free = 1 << 20;
    options.limits.max_expansion = 50;
    let result = read(&"<a/>".repeat(5 << 20), &options);
    assert!(matches!(result, Err(Error::Expansion { .. })), "{result:?}");
}

#[test]
fn a_sheet_with_an_open_tag_is_an_error() {
    for rows in ["<a>", "<x:a b='/'>", "<row r=\"2\"><b></row>"] {
        let result = read(&format!("{}{rows}", header()), &ReadOptions::default());
        let message = result.unwrap_err().to_string();
        assert!(message.contains("nothing closes"), "{rows}: {message}");
    }
}

#[test]
fn a_text_of_the_table_counts_each_time_that_it_is_used() {
    let row = format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(3));
    let texts = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(9000));
    let more = [("xl/sharedStrings.xml", &*texts)];
    let bomb = workbook_with(&format!("{}{}", header(), row.repeat(60)), &more);
    let mut options = ReadOptions::default();
    options.limits.max_expansion = 1;
    for (free, is_refused) in [(1 << 20, true), (2 << 20, false)] {
        options.limits.expansion_free = free;
        let result = File::new("a.xlsx", bomb.clone()).read(&options);
        let is_expansion = matches!(result, Err(Error::Expansion { .. }));
        assert_eq!(is_expansion, is_refused, "{free}: {result:?}");
    }
}

#[test]
fn what_a_workbook_keeps_in_memory_is_limited() {
    let rows = format!("<row r=\"1\">{}</row>", text("A1", &"x".repeat(50_000)));
    let mut options = ReadOptions::default();
    options.limits.max_record = 20_000;
    let message = read(&rows, &options).unwrap_err().to_string();
    assert!(
        message.contains("a cell of more than 20000 bytes"),
        "{message}"
    );
    options = ReadOptions::default();
    options.limits.max_texts = 500;
    let message = read(&rows, &options).unwrap_err().to_string();
    assert!(
        message.contains("more than 500 bytes of memory"),
        "{message}"
    );
}

#[test]
fn a_bomb_behind_other_bytes_is_found_where_the_reader_finds_it() {
    let large = format!("<row r=\"1\">{}</row>", text("A1", "x").repeat(200_000));
    let mut bytes = b"PK\x03\x04 no entry at all".to_vec();
    bytes.extend(workbook(&large));
    let mut options = ReadOptions::default();
    options.limits.expansion_free = 1 << 20;
    options.limits.max_expansion = 10;
    let result = File::new("a.xlsx", bytes).read(&options);
    assert!(matches!(result, Err(Error::Expansion { .. })), "{result:?}");
}

#[test]
fn a_reader_that_is_dropped_early_leaves_nothing_running() {
    let mut rows = Vec::new();
    for row in 2..5_000 {
        write!(
            rows,
            "<row r=\"{row}\"><c r=\"A{row}\"><v>{row}</v></c></row>"
        )
        .unwrap();
    }
    let rows = String::from_utf8(rows).unwrap();
    let file = File::new("a.xlsx", workbook(&format!("{}{rows}", header())));
    drop(super::super::open(&file.input(), &ReadOptions::default()).unwrap());
    let table = file.read(&ReadOptions::default()).unwrap();
    assert_eq!(table.records.len(), 4_998);
    assert_eq!(table.records[4_997].number, 4_999);
}
