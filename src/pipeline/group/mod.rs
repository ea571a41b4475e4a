//! Brings together what belongs together: the rows of one call, which need not be neighbours, and
//! the copies of a record, of which only the newest counts. Stands between reading and deciding, and
//! only for mappings that ask for it.
//!
//! A first pass over the export counts the rows of each call, by a hash of sixteen bytes, so that the
//! second pass knows when the last row has come: a call is handed on at that moment, whole, and in
//! the place of its last row. Rows that wait for others are kept packed in memory, and beyond
//! [`MOST_BYTES`] in a private temporary file, so that the order of the rows costs no memory. What
//! has no path to be read twice (standard input) is copied to such a file first. Rows are brought
//! together within one file of the export; copies are compared over all of them.

pub(super) mod cases;
pub(super) mod input_copy;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use hashbrown::HashTable;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::group::input_copy::Spool;
use super::{Error, Pipeline};
use crate::domain::Code;
use crate::mapping::CallMapping;
use crate::source::{self, Batch, Input, Record, pack, unpack};

/// Rows that wait for others are kept in memory up to this size: calls whose rows stand near one
/// another never reach it.
const MOST_BYTES: usize = 64 << 20;

/// More rows than this are not one call but a column that does not tell calls apart.
const MOST_ROWS: u32 = 1000;

/// What some rows of a batch are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowGroup {
    /// So many consecutive rows are one call.
    Call(u32),
    /// A copy of a record that comes in a newer one.
    Older,
    /// Nobody can say which copy of the record this is.
    Undated,
    /// One of more rows than one call can have.
    Crowd,
}

impl RowGroup {
    /// The rows that it covers.
    pub(super) fn rows(self) -> usize {
        match self {
            RowGroup::Call(rows) => rows as usize,
            RowGroup::Older | RowGroup::Undated | RowGroup::Crowd => 1,
        }
    }
}

/// A batch in which the rows of a call stand together.
#[derive(Debug)]
pub(super) struct GroupedBatch {
    pub(super) batch: Batch,
    /// Over all rows, in their order.
    pub(super) spans: Vec<RowGroup>,
}

/// What the passes before the last have found out.
pub(super) struct NewestCopies<'r> {
    road: &'r Pipeline,
    /// The inputs as they can be read once more.
    inputs: Vec<Input>,
    /// By the hash of its id, how new the newest copy of a record is.
    newest: HashTable<(u128, i128)>,
    /// Files that are removed when the export has been read.
    copies: Vec<Spool>,
}

impl<'r> NewestCopies<'r> {
    /// Copies what cannot be read twice, and looks at all copies of records.
    pub(super) fn new(road: &'r Pipeline, inputs: &[Input]) -> Result<Self, Error> {
        let mut survey = NewestCopies {
            road,
            inputs: Vec::new(),
            newest: HashTable::new(),
            copies: Vec::new(),
        };
        for input in inputs {
            let is_file = input.path().is_some_and(Path::is_file);
            let input = if is_file {
                input.clone()
            } else {
                survey.copy(input)?
            };
            survey.inputs.push(input);
        }
        let inputs = survey.inputs.clone();
        for input in &inputs {
            survey.note_copies(input)?;
        }
        survey.newest.shrink_to_fit(|(key, _)| low(*key));
        Ok(survey)
    }

    /// The inputs, all of which have a path.
    pub(super) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    fn copy(&mut self, input: &Input) -> Result<Input, Error> {
        let copy = match input.path() {
            Some(path) => File::open(path).and_then(Spool::of),
            None => Spool::of(io::stdin().lock()),
        };
        let copy = copy.map_err(Error::Spool)?;
        let copied = input.copied_to(copy.path().to_owned());
        self.copies.push(copy);
        Ok(copied)
    }

    fn note_copies(&mut self, input: &Input) -> Result<(), Error> {
        let mut key = Vec::new();
        let newest = &mut self.newest;
        each_record(self.road, input, |record, profile| {
            let Some(rule) = profile.newest() else {
                return false;
            };
            if !rule.key(record, &mut key) {
                return true;
            }
            let (hash, rank) = (xxh3_128(&key), rule.rank(record).unwrap_or(i128::MIN));
            match newest.find_mut(low(hash), |(known, _)| *known == hash) {
                Some((_, best)) => *best = rank.max(*best),
                None => {
                    newest.insert_unique(low(hash), (hash, rank), |(key, _)| low(*key));
                }
            }
            true
        })
    }

    /// What a record is apart from its call; `None` when it is a row like any other.
    fn judge(
        &self,
        record: &Record<'_>,
        profile: &CallMapping,
        key: &mut Vec<u8>,
    ) -> Option<RowGroup> {
        let rule = profile.newest()?;
        if is_no_record(record) || !rule.key(record, key) {
            return None;
        }
        let Some(rank) = rule.rank(record) else {
            return Some(RowGroup::Undated);
        };
        let hash = xxh3_128(key);
        let best = self.newest.find(low(hash), |(known, _)| *known == hash);
        best.is_some_and(|(_, best)| rank < *best)
            .then_some(RowGroup::Older)
    }

    /// Counts the rows of the calls of one file.
    pub(super) fn gatherer(&self, input: &Input) -> Result<LegGrouping<'_, 'r>, Error> {
        let mut counts: HashTable<(u64, u32)> = HashTable::new();
        let mut key = Vec::new();
        each_record(self.road, input, |record, profile| {
            let Some(legs) = profile.legs() else {
                return false;
            };
            let is_leg = !is_no_record(record)
                && self.judge(record, profile, &mut key).is_none()
                && legs.key(record, &mut key);
            if is_leg {
                let hash = xxh3_64(&key);
                match counts.find_mut(hash, |(known, _)| *known == hash) {
                    Some((_, count)) => *count = count.saturating_add(1),
                    None => {
                        counts.insert_unique(hash, (hash, 1), |(key, _)| *key);
                    }
                }
            }
            true
        })?;
        counts.retain(|(_, count)| *count > 1);
        counts.shrink_to_fit(|(key, _)| *key);
        Ok(LegGrouping {
            survey: self,
            counts,
            open: HashMap::new(),
            opened: 0,
            store: RowSpool::new(),
            most_bytes: MOST_BYTES,
        })
    }
}

/// Reads an input until `take` has had enough.
fn each_record(
    road: &Pipeline,
    input: &Input,
    mut take: impl FnMut(&Record<'_>, &CallMapping) -> bool,
) -> Result<(), Error> {
    let reader = source::open(input, &road.options)?;
    let profile = CallMapping::bind(&road.mapping, reader.sheet())?;
    for batch in reader {
        for record in batch?.iter() {
            if !take(&record, &profile) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A call whose rows have not all come.
struct OpenGroup {
    number: u64,
    /// Rows that are still to come.
    left: u32,
    rows: Vec<SpooledRow>,
}

/// The rows of one file on their way, see [`NewestCopies::gatherer`].
pub(super) struct LegGrouping<'s, 'r> {
    survey: &'s NewestCopies<'r>,
    /// By the hash of a call, how many rows it has; calls of one row are left out.
    counts: HashTable<(u64, u32)>,
    open: HashMap<Box<[u8]>, OpenGroup>,
    opened: u64,
    store: RowSpool,
    /// [`MOST_BYTES`], but for tests.
    most_bytes: usize,
}

impl LegGrouping<'_, '_> {
    /// Takes the next rows of the file and gives those that are complete.
    pub(super) fn take(
        &mut self,
        batch: Batch,
        profile: &CallMapping,
    ) -> Result<GroupedBatch, Error> {
        let mut key = Vec::new();
        let mut spans = Vec::with_capacity(batch.len());
        let mut is_whole = true;
        for record in batch.iter() {
            let span = self.single(&record, profile, &mut key);
            is_whole &= span.is_some();
            spans.push(span);
        }
        if is_whole {
            let spans = spans.into_iter().flatten().collect();
            return Ok(GroupedBatch { batch, spans });
        }
        let mut gathered = GroupedBatch {
            batch: Batch::new(batch.sheet().clone()),
            spans: Vec::with_capacity(spans.len()),
        };
        for (record, span) in batch.iter().zip(spans) {
            match (span, profile.legs()) {
                (None, Some(legs)) => {
                    legs.key(&record, &mut key);
                    self.hold(&record, &key, &mut gathered)?;
                }
                (span, _) => {
                    gathered.batch.push_record(&record);
                    gathered.spans.push(span.unwrap_or(RowGroup::Call(1)));
                }
            }
        }
        Ok(gathered)
    }

    /// Leaves so many bytes of rows in memory.
    #[cfg(test)]
    pub(super) fn limit(&mut self, most_bytes: usize) {
        self.most_bytes = most_bytes;
    }

    /// The calls that still wait at the end of the file. None do, unless the file was changed
    /// between the passes or two calls have one hash.
    pub(super) fn finish(&mut self, batch: Batch) -> Result<GroupedBatch, Error> {
        let mut gathered = GroupedBatch {
            batch,
            spans: Vec::new(),
        };
        let mut open: Vec<OpenGroup> = self.open.drain().map(|(_, open)| open).collect();
        open.sort_by_key(|open| open.number);
        for open in open {
            self.store.hand_on(open.rows, &mut gathered)?;
        }
        Ok(gathered)
    }

    /// What the record is by itself; `None` when it must wait for others.
    fn single(
        &self,
        record: &Record<'_>,
        profile: &CallMapping,
        key: &mut Vec<u8>,
    ) -> Option<RowGroup> {
        if is_no_record(record) {
            return Some(RowGroup::Call(1));
        }
        if let Some(span) = self.survey.judge(record, profile, key) {
            return Some(span);
        }
        if !profile.legs().is_some_and(|legs| legs.key(record, key)) {
            return Some(RowGroup::Call(1));
        }
        match self.count(key) {
            0 | 1 => Some(RowGroup::Call(1)),
            ..=MOST_ROWS => None,
            _ => Some(RowGroup::Crowd),
        }
    }

    fn count(&self, key: &[u8]) -> u32 {
        let hash = xxh3_64(key);
        let found = self.counts.find(hash, |(known, _)| *known == hash);
        found.map_or(1, |(_, count)| *count)
    }

    fn hold(
        &mut self,
        record: &Record<'_>,
        key: &[u8],
        gathered: &mut GroupedBatch,
    ) -> Result<(), Error> {
        if !self.open.contains_key(key) {
            self.opened += 1;
            let open = OpenGroup {
                number: self.opened,
                left: self.count(key),
                rows: Vec::new(),
            };
            self.open.insert(key.into(), open);
        }
        let row = self.store.keep(record);
        let Some(open) = self.open.get_mut(key) else {
            return Ok(());
        };
        open.rows.push(row);
        open.left = open.left.saturating_sub(1);
        if open.left == 0
            && let Some(open) = self.open.remove(key)
        {
            self.store.hand_on(open.rows, gathered)?;
        } else if self.store.bytes > self.most_bytes {
            self.store
                .put_aside(self.open.values_mut().flat_map(|open| &mut open.rows))?;
        }
        Ok(())
    }
}

/// A packed row, and where it is.
enum SpooledRow {
    Memory(Box<[u8]>),
    Disk { at: u64, length: usize },
}

/// Where packed rows wait.
struct RowSpool {
    /// Bytes in memory.
    bytes: usize,
    file: Option<File>,
    end: u64,
}

impl RowSpool {
    fn new() -> Self {
        RowSpool {
            bytes: 0,
            file: None,
            end: 0,
        }
    }

    fn keep(&mut self, record: &Record<'_>) -> SpooledRow {
        let mut packed = Vec::new();
        pack(record, &mut packed);
        self.bytes += packed.len();
        SpooledRow::Memory(packed.into_boxed_slice())
    }

    /// Moves rows from memory to the file.
    fn put_aside<'h>(
        &mut self,
        rows: impl Iterator<Item = &'h mut SpooledRow>,
    ) -> Result<(), Error> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile().map_err(Error::Spool)?),
        };
        file.seek(SeekFrom::Start(self.end)).map_err(Error::Spool)?;
        let mut out = io::BufWriter::new(file);
        for row in rows {
            if let SpooledRow::Memory(packed) = row {
                out.write_all(packed).map_err(Error::Spool)?;
                let length = packed.len();
                *row = SpooledRow::Disk {
                    at: self.end,
                    length,
                };
                self.end += length as u64;
            }
        }
        self.bytes = 0;
        out.flush().map_err(Error::Spool)
    }

    /// Adds the rows of a call to what is handed on.
    fn hand_on(&mut self, rows: Vec<SpooledRow>, gathered: &mut GroupedBatch) -> Result<(), Error> {
        gathered.spans.push(RowGroup::Call(
            u32::try_from(rows.len()).unwrap_or(u32::MAX),
        ));
        for row in rows {
            let packed = self.fetch(row).map_err(Error::Spool)?;
            let pushed = unpack(&packed, &mut gathered.batch);
            pushed.ok_or_else(|| Error::Spool(io::ErrorKind::InvalidData.into()))?;
        }
        Ok(())
    }

    fn fetch(&mut self, row: SpooledRow) -> io::Result<Box<[u8]>> {
        match (row, &mut self.file) {
            (SpooledRow::Memory(packed), _) => {
                self.bytes = self.bytes.saturating_sub(packed.len());
                Ok(packed)
            }
            (SpooledRow::Disk { at, length }, Some(file)) => {
                let mut packed = vec![0; length];
                file.seek(SeekFrom::Start(at))?;
                file.read_exact(&mut packed)?;
                Ok(packed.into_boxed_slice())
            }
            (SpooledRow::Disk { .. }, None) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// Totals and sentences belong to no call.
fn is_no_record(record: &Record<'_>) -> bool {
    record
        .problems()
        .any(|problem| problem.code == Code::TrailingRow)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower half spreads as well"
)]
fn low(hash: u128) -> u64 {
    hash as u64
}
