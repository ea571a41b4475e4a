//! A table that the `csv` library wrote is read back as it was.
#![no_main]

use capturi_import_fuzz::domain::Code;
use capturi_import_fuzz::read::{Content, read};
use capturi_import_fuzz::source::{HeaderKind, ReadOptions, Quote};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Sheet {
    delimiter: Delimiter,
    encoding: Encoding,
    crlf: bool,
    always_quoted: bool,
    single_quotes: bool,
    width: u8,
    cells: Vec<Vec<Piece>>,
}

#[derive(Debug, Arbitrary)]
enum Delimiter {
    Comma,
    Semicolon,
    Tab,
    Pipe,
    Caret,
}

#[derive(Debug, Arbitrary)]
enum Encoding {
    Utf8,
    Utf8Mark,
    Utf16Le,
    Utf16BeMark,
    Windows1252,
}

/// Pieces of cells: everything that is special somewhere, and some letters.
#[derive(Debug, Arbitrary)]
enum Piece {
    Quote,
    Single,
    Comma,
    Semicolon,
    Tab,
    Pipe,
    Feed,
    Return,
    Blank,
    Digits(u8),
    Danish,
    Euro,
    Word,
}

fuzz_target!(|sheet: Sheet| {
    let width = usize::from(sheet.width % 6) + 1;
    let rows: Vec<Vec<String>> = sheet
        .cells
        .chunks_exact(width)
        .map(|row| row.iter().map(|pieces| text(pieces)).collect())
        .collect();
    let names: Vec<String> = (0..width).map(|index| format!("name{index}")).collect();
    let bytes = encode(&write(&sheet, &names, &rows), &sheet.encoding);
    let options = ReadOptions {
        delimiter: Some(delimiter(&sheet.delimiter)),
        quote: Some(Quote::Byte(quote(&sheet))),
        header: Some(HeaderKind::Names),
        encoding: Some(label(&sheet.encoding).to_owned()),
        ..ReadOptions::default()
    };
    same(&read("calls.csv", &bytes, &options).expect("it is said how to read it"), &names, &rows);
});

fn same(content: &Content, names: &[String], rows: &[Vec<String>]) {
    assert_eq!(content.names.as_deref(), Some(names));
    let cells: Vec<_> = content.records.iter().map(|record| &record.cells).collect();
    assert_eq!(cells, rows.iter().collect::<Vec<_>>());
    let mut problems = content.records.iter().flat_map(|record| &record.problems);
    assert!(problems.all(|problem| problem.code == Code::TrailingRow));
}

fn write(sheet: &Sheet, names: &[String], rows: &[Vec<String>]) -> String {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter(&sheet.delimiter))
        .quote(quote(sheet))
        .quote_style(if sheet.always_quoted {
            csv::QuoteStyle::Always
        } else {
            csv::QuoteStyle::Necessary
        })
        .terminator(if sheet.crlf {
            csv::Terminator::CRLF
        } else {
            csv::Terminator::Any(b'\n')
        })
        .from_writer(Vec::new());
    writer.write_record(names).expect("memory takes it");
    for row in rows {
        writer.write_record(row).expect("memory takes it");
    }
    String::from_utf8(writer.into_inner().expect("memory takes it")).expect("text stays text")
}

fn encode(text: &str, encoding: &Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Mark => format!("\u{feff}{text}").into_bytes(),
        Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16BeMark => {
            let text = format!("\u{feff}{text}");
            text.encode_utf16().flat_map(u16::to_be_bytes).collect()
        }
        Encoding::Windows1252 => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
    }
}

fn label(encoding: &Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Mark => "utf-8",
        Encoding::Utf16Le => "utf-16le",
        Encoding::Utf16BeMark => "utf-16be",
        Encoding::Windows1252 => "windows-1252",
    }
}

fn delimiter(delimiter: &Delimiter) -> u8 {
    match delimiter {
        Delimiter::Comma => b',',
        Delimiter::Semicolon => b';',
        Delimiter::Tab => b'\t',
        Delimiter::Pipe => b'|',
        Delimiter::Caret => b'^',
    }
}

fn quote(sheet: &Sheet) -> u8 {
    if sheet.single_quotes { b'\'' } else { b'"' }
}

fn text(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Quote => text.push('"'),
            Piece::Single => text.push('\''),
            Piece::Comma => text.push(','),
            Piece::Semicolon => text.push(';'),
            Piece::Tab => text.push('\t'),
            Piece::Pipe => text.push('|'),
            Piece::Feed => text.push('\n'),
            Piece::Return => text.push('\r'),
            Piece::Blank => text.push(' '),
            Piece::Digits(digits) => text.push_str(&digits.to_string()),
            Piece::Danish => text.push_str("æøå"),
            Piece::Euro => text.push('€'),
            Piece::Word => text.push_str("call"),
        }
    }
    text
}
