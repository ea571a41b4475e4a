//! Rows of one case that stand anywhere in the export, brought together.
//!
//! Rows are put aside as bytes, in memory while they are few and else in an unnamed file that is gone
//! with the process; what stays in memory of each is a slip of 40 bytes. When everything has been
//! read, the rows come back case by case and in the order of time, in batches that hold whole cases.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use crate::domain::Problem;
use crate::mapping::CaseMapping;
use crate::source::{Batch, Record, Sheet, pack, unpack};

/// Bytes that are kept in memory before the file is begun.
const IN_MEMORY: usize = 64 << 20;
/// A batch is full with so many rows or bytes, once its last case is complete.
const FULL_ROWS: usize = 512;
const FULL_BYTES: u64 = 4 << 20;

/// What is remembered of a row: the case and the time to sort by, and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct CaseSlot {
    case: u64,
    at: i64,
    offset: u64,
    length: u32,
    sheet: u32,
}

/// Rows put aside.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct CaseGrouping {
    sheets: Vec<Arc<Sheet>>,
    slips: Vec<CaseSlot>,
    memory: Vec<u8>,
    file: Option<BufWriter<File>>,
    end: u64,
    packed: Vec<u8>,
}

impl CaseGrouping {
    /// Puts the rows of a batch aside; those that tell no case or no time come back, to be told what
    /// is wrong with them.
    pub(in crate::pipeline) fn take(
        &mut self,
        batch: &Batch,
        profile: &CaseMapping,
    ) -> io::Result<Batch> {
        let mut rest = Batch::new(Arc::clone(batch.sheet()));
        for record in batch.iter() {
            let is_broken = record.problems().any(Problem::is_error);
            match profile.key(&record).filter(|_| !is_broken) {
                Some(key) => self.put(&record, key)?,
                None => rest.push_record(&record),
            }
        }
        Ok(rest)
    }

    /// Puts a record aside under its case and its time.
    fn put(&mut self, record: &Record<'_>, (case, at): (u64, i64)) -> io::Result<()> {
        self.packed.clear();
        pack(record, &mut self.packed);
        let sheet = self.sheet(record);
        self.slips.push(CaseSlot {
            case,
            at,
            offset: self.end,
            length: u32::try_from(self.packed.len())
                .map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?,
            sheet,
        });
        self.end += self.packed.len() as u64;
        if let Some(file) = &mut self.file {
            return file.write_all(&self.packed);
        }
        self.memory.extend_from_slice(&self.packed);
        if self.memory.len() > IN_MEMORY {
            let mut file = BufWriter::with_capacity(1 << 20, tempfile::tempfile()?);
            file.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.file = Some(file);
        }
        Ok(())
    }

    fn sheet(&mut self, record: &Record<'_>) -> u32 {
        let sheet = record.shared_sheet();
        // The rows of a file come one after the other.
        let known = self
            .sheets
            .iter()
            .rposition(|known| Arc::ptr_eq(known, &sheet));
        let index = known.unwrap_or_else(|| {
            self.sheets.push(sheet);
            self.sheets.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// Hands back all rows in batches of whole cases, until `deal` has had enough.
    pub(in crate::pipeline) fn deal(
        mut self,
        mut deal: impl FnMut(Batch) -> bool,
    ) -> io::Result<()> {
        self.slips.sort_unstable();
        let mut file = match self.file.take() {
            Some(file) => Some(file.into_inner().map_err(io::IntoInnerError::into_error)?),
            None => None,
        };
        let slips = std::mem::take(&mut self.slips);
        let mut rest = slips.as_slice();
        while let Some(first) = rest.first() {
            let mut batch = Batch::new(Arc::clone(&self.sheets[first.sheet as usize]));
            let mut bytes = 0;
            let mut case = first.case;
            while let Some((slip, after)) = rest.split_first() {
                let is_full = batch.len() >= FULL_ROWS || bytes >= FULL_BYTES;
                if is_full && slip.case != case {
                    break;
                }
                case = slip.case;
                rest = after;
                bytes += u64::from(slip.length);
                self.fetch(*slip, file.as_mut())?;
                batch.turn_to(&self.sheets[slip.sheet as usize]);
                unpack(&self.packed, &mut batch)
                    .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
            }
            if !deal(batch) {
                break;
            }
        }
        Ok(())
    }

    fn fetch(&mut self, slip: CaseSlot, file: Option<&mut File>) -> io::Result<()> {
        self.packed.resize(slip.length as usize, 0);
        if let Some(file) = file {
            file.seek(SeekFrom::Start(slip.offset))?;
            return file.read_exact(&mut self.packed);
        }
        let start = usize::try_from(slip.offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(slip.length as usize);
        let lies = self.memory.get(start..end);
        let lies = lies.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        self.packed.copy_from_slice(lies);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Header;

    fn sheet(file: &str) -> Arc<Sheet> {
        Arc::new(Sheet {
            file: file.into(),
            reading: String::new(),
            header: Some(Header::new(vec!["id".to_owned()])),
            nulls: Vec::new(),
            form: crate::source::FileFormat::default(),
        })
    }

    fn rows(rows_of: CaseGrouping) -> Vec<Vec<(String, u64)>> {
        let mut batches = Vec::new();
        let collect = |batch: Batch| {
            let rows = batch
                .iter()
                .map(|row| (row.place().file.to_string(), row.line()));
            batches.push(rows.collect());
            true
        };
        rows_of.deal(collect).unwrap();
        batches
    }

    fn put(rows_of: &mut CaseGrouping, sheet: &Arc<Sheet>, line: u64, key: (u64, i64)) {
        let mut batch = Batch::new(Arc::clone(sheet));
        batch.start_row(line);
        batch.push_cell("x");
        rows_of.put(&batch.get(0), key).unwrap();
    }

    #[test]
    fn rows_of_a_case_come_together_in_the_order_of_time_from_all_files() {
        let (one, other) = (sheet("1.csv"), sheet("2.csv"));
        let mut rows_of = CaseGrouping::default();
        put(&mut rows_of, &one, 2, (7, 30));
        put(&mut rows_of, &one, 3, (5, 10));
        put(&mut rows_of, &other, 2, (7, 10));
        put(&mut rows_of, &other, 3, (7, 30));
        let row = |file: &str, line| (file.to_owned(), line);
        assert_eq!(
            rows(rows_of),
            [[
                row("1.csv", 3),
                row("2.csv", 2),
                row("1.csv", 2),
                row("2.csv", 3)
            ]]
        );
    }

    #[test]
    fn a_case_is_never_cut_in_two_and_batches_stay_small() {
        let sheet = sheet("1.csv");
        let mut rows_of = CaseGrouping::default();
        for line in 0..3000 {
            put(&mut rows_of, &sheet, line, (line / 600, 0));
        }
        let lengths: Vec<usize> = rows(rows_of).iter().map(Vec::len).collect();
        assert_eq!(lengths, [600; 5]);
    }

    #[test]
    fn rows_come_back_from_the_file_as_from_memory() {
        let sheet = sheet("1.csv");
        let mut rows_of = CaseGrouping::default();
        put(&mut rows_of, &sheet, 1, (2, 0));
        let mut file = BufWriter::new(tempfile::tempfile().unwrap());
        file.write_all(&std::mem::take(&mut rows_of.memory))
            .unwrap();
        rows_of.file = Some(file);
        put(&mut rows_of, &sheet, 2, (1, 0));
        assert_eq!(
            rows(rows_of),
            [[("1.csv".to_owned(), 2), ("1.csv".to_owned(), 1)]]
        );
    }
}
