//! Records as bytes, to put some of them aside until others have come, in memory or on the disk.
//!
//! Only this process reads what it wrote, so the form has no version; lengths are 32 bits wide, as
//! they are in a batch.

use std::num::NonZeroU64;

use super::batch::Batch;
use super::record::Record;
use crate::domain::{Code, Location, Problem, Severity};

const CELLS: u8 = 0;
const TREE: u8 = 1;
/// A tree takes so many times the bytes of its text, usually.
const PACKED_TREE: usize = 8;

/// Appends the record with its place, its problems and what the file says of it to `out`.
pub fn pack(record: &Record<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&record.line().to_le_bytes());
    if let Some(tree) = record.tree() {
        out.push(TREE);
        let number = record.number().map_or(0, NonZeroU64::get);
        out.extend_from_slice(&number.to_le_bytes());
        put(tree.to_string().as_bytes(), out);
    } else {
        out.push(CELLS);
        put_count(record.cells().count(), out);
        for cell in record.cells() {
            put(cell.as_bytes(), out);
        }
    }
    out.push(u8::from(record.raw().is_some()));
    if let Some(raw) = record.raw() {
        put(raw, out);
    }
    put(record.noted_id().unwrap_or_default().as_bytes(), out);
    put_count(record.problems().count(), out);
    for problem in record.problems() {
        put(problem.code.name().as_bytes(), out);
        out.push(problem.severity as u8);
        put(problem.column.as_bytes(), out);
        put(problem.value.as_bytes(), out);
        put(problem.message.as_bytes(), out);
    }
}

/// Adds to `batch` what [`pack`] wrote of a record of the same sheet. `None` when the bytes are
/// not that; the batch may then hold a part of the record and must not be used.
pub fn unpack(packed: &[u8], batch: &mut Batch) -> Option<()> {
    let mut rest = packed;
    let line = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
    if byte(&mut rest)? == TREE {
        let number = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
        let text = piece(&mut rest)?;
        let tree = serde_json::from_slice(text).ok()?;
        batch.add_tree_bytes(PACKED_TREE * text.len());
        batch.push_tree(line, NonZeroU64::new(number), tree);
    } else {
        batch.start_row(line);
        for _ in 0..count(&mut rest)? {
            batch.push_cell(text(&mut rest)?);
        }
    }
    if byte(&mut rest)? == 1 {
        batch.push_raw(piece(&mut rest)?);
    }
    batch.push_noted_id(text(&mut rest)?);
    for _ in 0..count(&mut rest)? {
        let code = Code::from_name(text(&mut rest)?)?;
        let severity = match byte(&mut rest)? {
            0 => Severity::Note,
            1 => Severity::Warning,
            _ => Severity::Error,
        };
        let (column, value) = (text(&mut rest)?, text(&mut rest)?);
        let location = Location::on_line(batch.sheet().file.clone(), line);
        let problem = Problem::new(code, location, text(&mut rest)?)
            .at(column, value)
            .with_severity(severity);
        batch.push_problem(problem);
    }
    Some(())
}

fn put_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

fn put(bytes: &[u8], out: &mut Vec<u8>) {
    put_count(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    take(rest, 1).map(|bytes| bytes[0])
}

fn count(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?))
}

fn piece<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = count(rest)?;
    take(rest, usize::try_from(length).ok()?)
}

fn text<'b>(rest: &mut &'b [u8]) -> Option<&'b str> {
    std::str::from_utf8(piece(rest)?).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{FileFormat, Header, Sheet};

    fn batch() -> Batch {
        Batch::new(Arc::new(Sheet {
            file: "a.csv".into(),
            reading: String::new(),
            header: Some(Header::new(vec!["a".to_owned(), "b".to_owned()])),
            nulls: Vec::new(),
            form: FileFormat::plain_table(),
        }))
    }

    #[test]
    fn a_record_is_the_same_after_it_was_put_aside() {
        let mut before = batch();
        before.start_row(7);
        before.push_cell("æ\n1");
        before.push_cell("");
        before.push_raw(b"\xff,raw");
        let location = Location::on_line("a.csv", 7);
        let problem = Problem::new(Code::RowTooLong, location, "why").at("a", "x");
        before.push_problem(problem.with_severity(Severity::Note));
        let tree = r#"{"id": 12345678901234567890123, "a": [1.50, null]}"#;
        before.push_tree(9, NonZeroU64::new(17), serde_json::from_str(tree).unwrap());
        before.push_problem(Problem::new(
            Code::WrongType,
            Location::on_line("a.csv", 9),
            "why",
        ));
        let mut after = batch();
        let mut copied = batch();
        for record in before.iter() {
            let mut packed = Vec::new();
            pack(&record, &mut packed);
            unpack(&packed, &mut after).unwrap();
            copied.push_record(&record);
        }
        for other in [after, copied] {
            for (one, other) in before.iter().zip(other.iter()) {
                assert_eq!(one.location(), other.location());
                assert!(one.cells().eq(other.cells()));
                assert_eq!(one.tree(), other.tree());
                assert_eq!(one.raw(), other.raw());
                assert!(one.problems().eq(other.problems()));
            }
            assert_eq!(other.len(), 2);
        }
    }

    #[test]
    fn cut_bytes_are_no_record() {
        let mut whole = batch();
        whole.start_row(7);
        whole.push_cell("abc");
        let mut packed = Vec::new();
        pack(&whole.get(0), &mut packed);
        for length in 0..packed.len() {
            assert!(
                unpack(&packed[..length], &mut batch()).is_none(),
                "{length}"
            );
        }
    }
}
