use std::io::{Read, Write};

use super::super::bytes::Charset;
use super::super::{Error, ReadOptions, open};
use super::{File, csv};
use crate::domain::Code;

const TEXT: &str = "navn;by\r\nÅse Attrap-Østergård;Ærøskøbing\r\nTestine Prøvesen;Låne\r\n";

fn encoded(label: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    Charset::from_label(label).unwrap().encode(TEXT, &mut bytes);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_encoding_is_found_and_read() {
    for label in [
        "utf-8",
        "utf-16le",
        "utf-16be",
        "windows-1252",
        "cp850",
        "macintosh",
    ] {
        let table = csv(encoded(label));
        let doubt = match label {
            "cp850" | "macintosh" => " by its letters (`encoding` says it for certain)",
            _ => "",
        };
        assert_eq!(
            table.reading,
            format!("semicolon, {label}{doubt}, header, CRLF")
        );
        assert_eq!(
            table.records[0].cells,
            ["Åse Attrap-Østergård", "Ærøskøbing"]
        );
        assert_eq!(table.records[1].number, 3);
    }
    let mut marked = vec![0xff, 0xfe];
    marked.extend(encoded("utf-16le"));
    assert_eq!(
        csv(marked).reading,
        "semicolon, utf-16le with BOM, header, CRLF"
    );
}

#[test]
fn the_last_line_of_a_long_file_decides_on_the_encoding() {
    let mut bytes = b"id,name\n".to_vec();
    for id in 0..300_000 {
        writeln!(bytes, "{id},plain").unwrap();
    }
    bytes.extend_from_slice(b"x,Pr\xf8vesen\n");
    let file = File::new("calls.csv", &bytes);
    for file in [file, File::new("calls.csv.gz", gzip(&bytes))] {
        let table = file.read(&ReadOptions::default()).unwrap();
        assert!(table.reading.contains("windows-1252"), "{}", table.reading);
        assert_eq!(table.records.last().unwrap().cells, ["x", "Prøvesen"]);
    }
}

#[test]
fn the_whole_of_a_long_file_decides_on_the_encoding() {
    // A single letter of another page at the beginning, as where two exports were put together.
    let mut bytes = b"id,name\n0,Pr\xf8vesen\n".to_vec();
    while bytes.len() < 3 << 20 {
        bytes.extend_from_slice(b"1,plain text that says nothing\n");
    }
    bytes.extend_from_slice("2,Ærøskøbing\n3,Åse\n".as_bytes());
    let table = csv(&bytes);
    assert!(table.reading.contains("utf-8"), "{}", table.reading);
    assert_eq!(table.records[0].codes, [Code::UndecodableBytes]);
    assert_eq!(table.records.last().unwrap().cells, ["3", "Åse"]);
    // Letters that only the end of the file has speak for a page of their own.
    let mut bytes = b"id,name\n0,x \xe9 y\n".to_vec();
    while bytes.len() < 3 << 20 {
        bytes.extend_from_slice(b"1,plain text that says nothing\n");
    }
    for _ in 0..20 {
        bytes.extend_from_slice(b"2,\x8fse Br\x9bndum, K\x9bge \x91ble\x94\n");
    }
    assert!(csv(&bytes).reading.contains("cp850"));
}

#[test]
fn bytes_that_do_not_decode_are_problems_of_their_row() {
    let table = csv(b"id,name\n1,\xc3\xa6\n2,a\xf8b\n3,\xc3\n\"4\",\"\xc3\"\n5,\xc3\xb8\n");
    let codes: Vec<_> = table.records.iter().map(|row| row.codes.clone()).collect();
    let bad = vec![Code::UndecodableBytes];
    assert_eq!(codes, [vec![], bad.clone(), bad.clone(), bad, vec![]]);
    assert_eq!(table.records[1].cells, ["2", "a\u{fffd}b"]);
    assert_eq!(table.records[4].cells, ["5", "ø"]);

    let file = File::new("calls.csv", b"id,name\n1,\xc3\xa6\n2,a\xf8b\n");
    let mut reader = open(&file.input(), &ReadOptions::default()).unwrap();
    let batch = reader.next().unwrap().unwrap();
    let problem = batch.get(1).problems().next().unwrap();
    assert_eq!((&*problem.column, &*problem.value), ("name", "a\u{fffd}b"));
    assert!(
        problem.message.contains("0xF8 at character 2"),
        "{}",
        problem.message
    );
}

#[test]
fn half_characters_of_utf16_are_problems() {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend("a,b\n1,".encode_utf16().flat_map(u16::to_le_bytes));
    bytes.extend([0x00, 0xd8]);
    bytes.extend("x\n2,ø\n".encode_utf16().flat_map(u16::to_le_bytes));
    let table = csv(bytes);
    assert_eq!(table.records[0].codes, [Code::UndecodableBytes]);
    assert_eq!(table.records[0].cells, ["1", "\u{fffd}x"]);
    assert_eq!(table.records[1].cells, ["2", "ø"]);
}

#[test]
fn archives_are_read_whatever_they_are_called() {
    let zstd = zstd::encode_all(TEXT.as_bytes(), 3).unwrap();
    let mut two = gzip(&TEXT.as_bytes()[..20]);
    two.extend(gzip(&TEXT.as_bytes()[20..]));
    for (name, bytes) in [
        ("a.csv.gz", two),
        ("a.csv.zst", zstd),
        ("a.csv", gzip(TEXT.as_bytes())),
    ] {
        let table = File::new(name, bytes)
            .read(&ReadOptions::default())
            .unwrap();
        assert_eq!(table.records.len(), 2, "{name}");
        assert_eq!(table.names, ["navn", "by"]);
    }
}

#[test]
fn a_cut_archive_gives_its_whole_rows_and_a_problem() {
    let mut text = b"id,name\n".to_vec();
    for id in 0..20_000_u32 {
        writeln!(text, "{id},{:x}", id.wrapping_mul(2_654_435_761)).unwrap();
    }
    let archive = gzip(&text);
    let cut = File::new("a.csv.gz", &archive[..archive.len() / 2]);
    let table = cut.read(&ReadOptions::default()).unwrap();
    let (last, whole) = table.records.split_last().unwrap();
    assert!(whole.len() > 5_000);
    assert!(whole.iter().all(|row| row.codes.is_empty()));
    assert!(last.codes.contains(&Code::TruncatedInput), "{last:?}");
}

#[test]
fn an_archive_that_cannot_be_unpacked_is_refused_and_not_empty() {
    let wide = {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(TEXT.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let mut damaged = zstd::encode_all(TEXT.as_bytes(), 3).unwrap();
    damaged[5..].fill(0xff);
    for content in [wide, damaged] {
        let Err(error) = File::new("a.csv.zst", content).read(&ReadOptions::default()) else {
            panic!("it was read");
        };
        assert!(error.to_string().contains("cannot be unpacked"), "{error}");
    }
}

#[test]
fn an_archive_that_explodes_is_stopped() {
    let bomb = zstd::encode_all(std::io::repeat(b'a').take(20 << 20), 1).unwrap();
    let file = File::new("a.csv.zst", bomb);
    let mut options = ReadOptions::default();
    options.limits.expansion_free = 1 << 20;
    let result = file.read(&options);
    assert!(matches!(result, Err(Error::Expansion { .. })), "{result:?}");
}

#[test]
fn an_encoding_that_nobody_knows_is_an_error() {
    let options = ReadOptions {
        encoding: Some("klingon".into()),
        ..ReadOptions::default()
    };
    let result = File::new("a.csv", "a\n").read(&options);
    assert!(matches!(result, Err(Error::UnknownEncoding { .. })));
}
