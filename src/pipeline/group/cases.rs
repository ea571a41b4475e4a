//! Rows of one case that stand anywhere in the export, brought together.
//!
//! Rows are put aside as bytes; what stays of each is its place and the key to sort by. When everything
//! has been read, the rows come back case by case and in the order of time, in batches that hold whole
//! cases.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::spool::{RowSpool, SpooledRow};
use crate::domain::Problem;
use crate::pipeline::sheet_mapping::SheetMapping;
use crate::source::{Batch, Record, Sheet};

/// A batch is full with so many rows or bytes, once its last case is complete.
const FULL_ROWS: usize = 512;
const FULL_BYTES: usize = 4 << 20;

/// What is remembered of a row: the case and the time to sort by, and where it lies.
#[derive(Debug)]
struct CaseSlot {
    case: u64,
    at: i64,
    sheet: u32,
    row: SpooledRow,
}

/// Rows put aside.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct CaseGrouping {
    sheets: Vec<Arc<Sheet>>,
    slots: Vec<CaseSlot>,
    /// The first of them whose row is in memory.
    first_in_memory: usize,
    spool: RowSpool,
}

impl CaseGrouping {
    /// Puts the rows of a batch aside; those that tell no case or no time come back, to be told what
    /// is wrong with them.
    pub(in crate::pipeline) fn take<M: SheetMapping>(
        &mut self,
        batch: &Batch,
        mapping: &M,
    ) -> io::Result<Batch> {
        let mut rest = Batch::new(Arc::clone(batch.sheet()));
        for record in batch.iter() {
            let is_broken = record.problems().any(Problem::is_error);
            match mapping.sort_key(&record).filter(|_| !is_broken) {
                Some((case, at)) => self.put(&record, case, at)?,
                None => rest.push_record(&record),
            }
        }
        Ok(rest)
    }

    /// Puts a record aside under its case and its time.
    fn put(&mut self, record: &Record<'_>, case: u64, at: i64) -> io::Result<()> {
        let sheet = self.sheet(record);
        let row = self.spool.put(record);
        self.slots.push(CaseSlot {
            case,
            at,
            sheet,
            row,
        });
        if self.spool.is_full() {
            let waiting = self.slots[self.first_in_memory..].iter_mut();
            self.spool.spill(waiting.map(|slot| &mut slot.row))?;
            self.first_in_memory = self.slots.len();
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
    pub(in crate::pipeline) fn end(
        mut self,
        mut deal: impl FnMut(Batch) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        // Rows of one time keep the order of the export.
        self.slots.sort_by_key(|slot| (slot.case, slot.at));
        let mut slots = std::mem::take(&mut self.slots).into_iter().peekable();
        while let Some(first) = slots.peek() {
            let mut batch = Batch::new(Arc::clone(&self.sheets[first.sheet as usize]));
            let mut bytes = 0;
            let mut case = first.case;
            while let Some(slot) = slots.next_if(|slot| {
                let is_full = batch.len() >= FULL_ROWS || bytes >= FULL_BYTES;
                !is_full || slot.case == case
            }) {
                case = slot.case;
                bytes += slot.row.bytes();
                batch.turn_to(&self.sheets[slot.sheet as usize]);
                self.spool.take(slot.row, &mut batch)?;
            }
            if deal(batch).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
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
                .map(|row| (row.location().file.to_string(), row.line()));
            batches.push(rows.collect());
            ControlFlow::Continue(())
        };
        let _ = rows_of.end(collect).unwrap();
        batches
    }

    fn put(rows_of: &mut CaseGrouping, sheet: &Arc<Sheet>, line: u64, key: (u64, i64)) {
        let mut batch = Batch::new(Arc::clone(sheet));
        batch.start_row(line);
        batch.push_cell("x");
        rows_of.put(&batch.get(0), key.0, key.1).unwrap();
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
        rows_of.spool.limit(0);
        put(&mut rows_of, &sheet, 1, (2, 0));
        put(&mut rows_of, &sheet, 2, (1, 0));
        rows_of.spool.limit(usize::MAX);
        put(&mut rows_of, &sheet, 3, (1, 0));
        assert_eq!((rows_of.slots.len(), rows_of.first_in_memory), (3, 2));
        let row = |line| ("1.csv".to_owned(), line);
        assert_eq!(rows(rows_of), [[row(2), row(3), row(1)]]);
    }
}
