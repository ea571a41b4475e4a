//! Rows that wait for others: packed in memory while they are few, else in an unnamed file that is gone
//! with the process. The order of the rows in the export thus costs no memory.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};

use crate::source::{Batch, Record, pack, unpack};

/// Bytes of rows that are kept in memory: what stands near together never reaches it.
const MOST_BYTES: usize = 64 << 20;

/// A packed row, and where it is.
#[derive(Debug)]
pub(super) enum SpooledRow {
    Memory(Box<[u8]>),
    Disk { at: u64, length: usize },
}

impl SpooledRow {
    /// Its packed bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            SpooledRow::Memory(packed) => packed.len(),
            SpooledRow::Disk { length, .. } => *length,
        }
    }
}

/// Where packed rows wait.
#[derive(Debug)]
pub(super) struct RowSpool {
    /// Bytes in memory.
    bytes: usize,
    /// [`MOST_BYTES`], but for tests.
    most_bytes: usize,
    file: Option<File>,
    end: u64,
    packed: Vec<u8>,
}

impl Default for RowSpool {
    fn default() -> Self {
        RowSpool {
            bytes: 0,
            most_bytes: MOST_BYTES,
            file: None,
            end: 0,
            packed: Vec::new(),
        }
    }
}

impl RowSpool {
    /// Packs a row, which stays in memory until it is spilled.
    pub(super) fn put(&mut self, record: &Record<'_>) -> SpooledRow {
        self.packed.clear();
        pack(record, &mut self.packed);
        self.bytes += self.packed.len();
        SpooledRow::Memory(self.packed.as_slice().into())
    }

    /// Whether more is in memory than should be.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > self.most_bytes
    }

    /// Leaves so many bytes of rows in memory.
    #[cfg(test)]
    pub(super) fn limit(&mut self, most_bytes: usize) {
        self.most_bytes = most_bytes;
    }

    /// Moves these rows, which must be all that are in memory, to the file.
    pub(super) fn spill<'s>(
        &mut self,
        rows: impl Iterator<Item = &'s mut SpooledRow>,
    ) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.end))?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        for row in rows {
            if let SpooledRow::Memory(packed) = row {
                out.write_all(packed)?;
                let (at, length) = (self.end, packed.len());
                *row = SpooledRow::Disk { at, length };
                self.end += length as u64;
            }
        }
        self.bytes = 0;
        out.flush()
    }

    /// Adds a row to a batch and forgets it.
    pub(super) fn take(&mut self, row: SpooledRow, batch: &mut Batch) -> io::Result<()> {
        let unpacked = match (row, &mut self.file) {
            (SpooledRow::Memory(packed), _) => {
                self.bytes = self.bytes.saturating_sub(packed.len());
                unpack(&packed, batch)
            }
            (SpooledRow::Disk { at, length }, Some(file)) => {
                self.packed.resize(length, 0);
                file.seek(SeekFrom::Start(at))?;
                file.read_exact(&mut self.packed)?;
                unpack(&self.packed, batch)
            }
            (SpooledRow::Disk { .. }, None) => return Err(io::ErrorKind::NotFound.into()),
        };
        unpacked.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{FileFormat, Header, Sheet};

    #[test]
    fn rows_come_back_from_the_file_as_from_memory() {
        let sheet = Arc::new(Sheet {
            file: "1.csv".into(),
            reading: String::new(),
            header: Some(Header::new(vec!["id".to_owned()])),
            nulls: Vec::new(),
            form: FileFormat::default(),
        });
        let mut rows = Batch::new(Arc::clone(&sheet));
        for line in 1..=3 {
            rows.start_row(line);
            rows.push_cell(&line.to_string());
        }
        let mut spool = RowSpool::default();
        spool.limit(0);
        let mut put: Vec<SpooledRow> = (0..2).map(|at| spool.put(&rows.get(at))).collect();
        assert!(spool.is_full());
        spool.spill(put.iter_mut()).unwrap();
        assert!(!spool.is_full());
        put.push(spool.put(&rows.get(2)));
        let mut back = Batch::new(sheet);
        for row in put.into_iter().rev() {
            spool.take(row, &mut back).unwrap();
        }
        let lines: Vec<u64> = back.iter().map(|row| row.line()).collect();
        assert_eq!(lines, [3, 2, 1]);
    }
}
