//! Sheets whose stated size is none.
//!
//! A sheet may say how large it is, and every spreadsheet looks at its cells instead. The library that
//! unpacks them refuses a size that it cannot read, so such a workbook is copied without it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;

use memchr::memmem;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The size stands before the cells, within so many bytes.
const HEAD: u64 = 64 << 10;

/// `workbook` itself, or a copy in an unnamed file whose sheets state no size that cannot be read.
pub(super) fn without_odd_sizes(mut workbook: File) -> io::Result<File> {
    let odd = odd_sheets(&workbook);
    workbook.seek(SeekFrom::Start(0))?;
    if odd.is_empty() {
        return Ok(workbook);
    }
    let mut archive = ZipArchive::new(BufReader::new(workbook))?;
    let mut copy = ZipWriter::new(BufWriter::new(tempfile::tempfile()?));
    for index in 0..archive.len() {
        if !odd.contains(&index) {
            copy.raw_copy_file(archive.by_index_raw(index)?)?;
            continue;
        }
        let mut entry = archive.by_index(index)?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(1))
            .large_file(true);
        copy.start_file(entry.name()?.to_string(), options)?;
        let mut head = Vec::new();
        Read::by_ref(&mut entry).take(HEAD).read_to_end(&mut head)?;
        if let Some(size) = stated_size(&head) {
            head.drain(size);
        }
        io::copy(&mut Cursor::new(head).chain(entry), &mut copy)?;
    }
    let written = copy.finish()?;
    let mut file = written
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Places of the sheets whose size cannot be read. What is no archive is told by who reads it.
fn odd_sheets(workbook: &File) -> Vec<usize> {
    let Ok(mut archive) = ZipArchive::new(BufReader::new(workbook)) else {
        return Vec::new();
    };
    let mut odd = Vec::new();
    for index in 0..archive.len() {
        let Ok(entry) = archive.by_index(index) else {
            continue;
        };
        let mut head = Vec::new();
        let is_sheet = entry.name().is_ok_and(|name| name.contains("worksheets/"));
        if is_sheet && entry.take(HEAD).read_to_end(&mut head).is_ok() {
            let size = stated_size(&head);
            if size.is_some_and(|size| !is_readable(&head[size])) {
                odd.push(index);
            }
        }
    }
    odd
}

/// Where in the beginning of a sheet its size stands, from `<` to behind the last `>`.
fn stated_size(head: &[u8]) -> Option<Range<usize>> {
    let cells = memmem::find(head, b"sheetData").unwrap_or(head.len());
    let name = memmem::find(&head[..cells], b"dimension")?;
    let start = memchr::memrchr(b'<', &head[..name])?;
    let mut end = name + memchr::memchr(b'>', &head[name..])? + 1;
    if !head[..end].ends_with(b"/>") {
        // It is closed by a tag of its own.
        end += memchr::memchr(b'>', &head[end..])? + 1;
    }
    Some(start..end)
}

/// Whether the tag names a cell, or two of which the first stands before the other.
fn is_readable(tag: &[u8]) -> bool {
    let value = || {
        let rest = &tag[memmem::find(tag, b"ref=")? + 4..];
        let (quote, rest) = rest.split_first()?;
        std::str::from_utf8(&rest[..memchr::memchr(*quote, rest)?]).ok()
    };
    let Some(value) = value() else {
        return false;
    };
    let mut cells = value.split(':').map(cell);
    match (cells.next(), cells.next(), cells.next()) {
        (Some(Some(_)), None, None) => true,
        (Some(Some(start)), Some(Some(end)), None) => start.0 <= end.0 && start.1 <= end.1,
        _ => false,
    }
}

/// Row and column of a cell such as `AB12`, both from 1.
fn cell(name: &str) -> Option<(u32, u32)> {
    let digits = name.find(|letter: char| !letter.is_ascii_uppercase())?;
    let (letters, digits) = name.split_at(digits);
    let row = digits
        .parse()
        .ok()
        .filter(|row| (1..=1 << 20).contains(row));
    let column = letters
        .bytes()
        .fold(0_u32, |sum, letter| sum * 26 + u32::from(letter - b'A') + 1);
    ((1..=3).contains(&letters.len())).then_some((row?, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_cannot_be_read_is_found() {
        let odd = |size: &str| !is_readable(size.as_bytes());
        assert!(!odd(r#"<dimension ref="A1:D3"/>"#));
        assert!(!odd("<x:dimension ref='A1'/>"));
        for size in [
            "A0:H4", "1:4", "A:H", "", "D3:A1", "A1:B2:C3", "a1", "AAAA1",
        ] {
            assert!(odd(&format!(r#"<dimension ref="{size}"/>"#)), "{size}");
        }
        assert!(odd("<dimension/>"));
    }

    #[test]
    fn the_size_is_found_before_the_cells_alone() {
        let place = |text: &str| stated_size(text.as_bytes()).map(|place| text[place].to_owned());
        let tag = r#"<dimension ref="A0:D3"/>"#;
        assert_eq!(place(&format!("<w>{tag}<sheetData>")).as_deref(), Some(tag));
        let tag = r#"<dimension ref=""></dimension>"#;
        assert_eq!(place(&format!("<w>{tag}<sheetData>")).as_deref(), Some(tag));
        assert_eq!(place("<sheetData><c>dimension</c>"), None);
    }
}
