//! The rounds in which calls get their recordings, where there is an audio folder.
//!
//! A recording belongs to the record that asks for its whole name, wherever in the inputs that
//! stands. A record that finds its recording in another way is therefore put aside ([`DeferredRecords`]) until
//! the inputs have been read. Then those records say once what they find among the recordings that
//! are left, and are decided when all of them have said it: what two calls find is nobody's.

use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use tempfile::SpooledTempFile;

use super::group::row_group::{GroupingKind, RowGroup};
use super::record_locations::RecordLocations;
use super::sheet_mapping::SheetMappings;
use crate::recordings::Claims;
use crate::source::{Batch, Record, Sheet, pack, unpack};

/// Which time records are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// As they are read. Whole names claim their recordings.
    First,
    /// Records that were put aside claim what they find.
    Claims,
    /// The same records are decided.
    Last,
}

/// Who claims which recording, as it is known after the first and after the second round.
#[derive(Debug, Default)]
pub struct Rounds {
    after_first: OnceLock<Ownership>,
    after_claims: OnceLock<Ownership>,
}

/// Claims, and where in the export their records stand.
#[derive(Debug, Clone)]
pub struct Ownership {
    /// Who claims which recording.
    pub claims: Claims,
    /// Where the claimants stand.
    pub locations: RecordLocations,
}

impl Rounds {
    /// What is known of claims in this round.
    pub fn known_in(&self, round: Round) -> Option<&Ownership> {
        match round {
            Round::First => None,
            Round::Claims => self.after_first.get(),
            Round::Last => self.after_claims.get(),
        }
    }

    /// Says what the first round, and then the second one, has found out.
    pub(super) fn end(&self, ownership: Ownership) {
        if let Err(ownership) = self.after_first.set(ownership) {
            let _ = self.after_claims.set(ownership);
        }
    }
}

/// Records that wait until all inputs have been read: in memory while they are few, else in an unnamed
/// file that is gone with the process.
#[derive(Debug)]
pub(super) struct DeferredRecords<M> {
    file: SpooledTempFile,
    sheets: Vec<(Arc<Sheet>, Arc<M>)>,
    calls: u64,
    packed: Vec<u8>,
    /// The rows of a call are brought together again.
    has_groups: bool,
}

/// Records of one sheet that were put aside.
#[derive(Debug)]
pub(super) struct Fetched<M> {
    pub(super) batch: Batch,
    pub(super) groups: Option<Vec<RowGroup>>,
    pub(super) mappings: SheetMappings<M>,
}

/// Bytes that are kept in memory before the file is begun.
const IN_MEMORY: usize = 64 << 20;
/// A batch is full with so many rows.
const FULL_ROWS: usize = 512;

impl<M> DeferredRecords<M> {
    pub(super) fn new(grouping: GroupingKind) -> Self {
        DeferredRecords {
            file: SpooledTempFile::new(IN_MEMORY),
            sheets: Vec::new(),
            calls: 0,
            packed: Vec::new(),
            has_groups: grouping == GroupingKind::Legs,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls == 0
    }

    /// Puts the rows of a call aside.
    pub(super) fn put(&mut self, rows: &[Record<'_>], mapping: &Arc<M>) -> io::Result<()> {
        let Some(first) = rows.first() else {
            return Ok(());
        };
        let sheet = first.shared_sheet();
        let is_same = |known: &(Arc<Sheet>, _)| Arc::ptr_eq(&known.0, &sheet);
        if !self.sheets.last().is_some_and(is_same) {
            self.sheets.push((sheet, Arc::clone(mapping)));
        }
        let too_large = |_| io::Error::from(io::ErrorKind::FileTooLarge);
        let number = |count: usize| u32::try_from(count).map_err(too_large);
        self.packed.clear();
        for count in [self.sheets.len() - 1, rows.len()] {
            self.packed.extend_from_slice(&number(count)?.to_le_bytes());
        }
        for row in rows {
            let start = self.packed.len();
            self.packed.extend_from_slice(&[0; 4]);
            pack(row, &mut self.packed);
            let length = number(self.packed.len() - start - 4)?;
            self.packed[start..start + 4].copy_from_slice(&length.to_le_bytes());
        }
        self.calls += 1;
        self.file.write_all(&self.packed)
    }

    /// Hands back all rows in their order, until `deal` has had enough.
    pub(super) fn each(
        &mut self,
        mut deal: impl FnMut(Fetched<M>) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut file = BufReader::with_capacity(1 << 20, &mut self.file);
        let mut open: Option<(usize, Fetched<M>)> = None;
        for _ in 0..self.calls {
            let (at, rows) = (number(&mut file)?, number(&mut file)?);
            let (sheet, mapping) = self.sheets.get(at).ok_or_else(damaged)?;
            let is_full = |(of, fetched): &mut (usize, Fetched<M>)| {
                *of != at || fetched.batch.len() >= FULL_ROWS
            };
            if let Some((_, fetched)) = open.take_if(is_full)
                && deal(fetched).is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
            let (_, fetched) = open.get_or_insert_with(|| {
                let fetched = Fetched {
                    batch: Batch::new(Arc::clone(sheet)),
                    groups: self.has_groups.then(Vec::new),
                    mappings: SheetMappings::of_sheet(Arc::clone(sheet), Arc::clone(mapping)),
                };
                (at, fetched)
            });
            for _ in 0..rows {
                let length = number(&mut file)?;
                self.packed.resize(length, 0);
                file.read_exact(&mut self.packed)?;
                unpack(&self.packed, &mut fetched.batch).ok_or_else(damaged)?;
            }
            if let Some(groups) = &mut fetched.groups {
                groups.push(RowGroup::Call(u32::try_from(rows).unwrap_or(u32::MAX)));
            }
        }
        Ok(match open {
            Some((_, fetched)) => deal(fetched),
            None => ControlFlow::Continue(()),
        })
    }
}

fn number(file: &mut impl io::Read) -> io::Result<usize> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    usize::try_from(u32::from_le_bytes(bytes)).map_err(|_| damaged())
}

fn damaged() -> io::Error {
    io::ErrorKind::InvalidData.into()
}
