//! The rows of one call, which need not be neighbours, brought together within a file.
//!
//! A first pass counts the rows of each call, by a hash of eight bytes, so that the second pass knows
//! when the last row has come: a call is handed on at that moment, whole, and in the place of its last
//! row.

use std::collections::HashMap;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::newest::{NewestCopies, is_no_record};
use super::row_group::{GroupedBatch, RowGroup};
use super::spool::{RowSpool, SpooledRow};
use crate::pipeline::error::Error;
use crate::pipeline::sheet_mapping::SheetMapping;
use crate::source::{Batch, Input, Record};

/// More rows than this are not one call but a column that does not tell calls apart.
const MOST_ROWS: u32 = 1000;

/// A call whose rows have not all come.
struct OpenGroup {
    number: u64,
    /// Rows that are still to come.
    left: u32,
    rows: Vec<SpooledRow>,
}

/// The rows of one file on their way.
pub(in crate::pipeline) struct LegGrouping<'s, 'r> {
    copies: &'s NewestCopies<'r>,
    /// By the hash of a call, how many rows it has; calls of one row are left out.
    counts: HashTable<(u64, u32)>,
    open: HashMap<Box<[u8]>, OpenGroup>,
    opened: u64,
    spool: RowSpool,
}

impl<'s, 'r> LegGrouping<'s, 'r> {
    /// Counts the rows of the calls of one file.
    pub(in crate::pipeline) fn of<M: SheetMapping>(
        copies: &'s NewestCopies<'r>,
        input: &Input,
    ) -> Result<Self, Error> {
        let mut counts: HashTable<(u64, u32)> = HashTable::new();
        let mut key = Vec::new();
        copies.each_record(input, |record, mapping: &M| {
            let Some(legs) = mapping.legs() else {
                return false;
            };
            let is_leg = !is_no_record(record)
                && copies.apart(record, mapping, &mut key).is_none()
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
            copies,
            counts,
            open: HashMap::new(),
            opened: 0,
            spool: RowSpool::default(),
        })
    }

    /// Takes the next rows of the file and gives those that are complete.
    pub(in crate::pipeline) fn take<M: SheetMapping>(
        &mut self,
        batch: Batch,
        mapping: &M,
    ) -> Result<GroupedBatch, Error> {
        let mut key = Vec::new();
        let mut groups = Vec::with_capacity(batch.len());
        let mut is_whole = true;
        for record in batch.iter() {
            let group = self.single(&record, mapping, &mut key);
            is_whole &= group.is_some();
            groups.push(group);
        }
        if is_whole {
            let groups = Some(groups.into_iter().flatten().collect());
            return Ok(GroupedBatch { batch, groups });
        }
        let mut complete = CompleteRows::after(Batch::new(batch.sheet().clone()));
        for (record, group) in batch.iter().zip(groups) {
            match (group, mapping.legs()) {
                (None, Some(legs)) => {
                    legs.key(&record, &mut key);
                    self.hold(&record, &key, &mut complete)?;
                }
                (group, _) => {
                    complete.batch.push_record(&record);
                    complete.groups.push(group.unwrap_or(RowGroup::Call(1)));
                }
            }
        }
        Ok(complete.into())
    }

    /// The calls that still wait at the end of the file. None do, unless the file was changed
    /// between the passes or two calls have one hash.
    pub(in crate::pipeline) fn finish(&mut self, batch: Batch) -> Result<GroupedBatch, Error> {
        let mut complete = CompleteRows::after(batch);
        let mut open: Vec<OpenGroup> = self.open.drain().map(|(_, open)| open).collect();
        open.sort_by_key(|open| open.number);
        for open in open {
            complete.add(open.rows, &mut self.spool)?;
        }
        Ok(complete.into())
    }

    /// What the record is by itself; `None` when it must wait for others.
    fn single<M: SheetMapping>(
        &self,
        record: &Record<'_>,
        mapping: &M,
        key: &mut Vec<u8>,
    ) -> Option<RowGroup> {
        if is_no_record(record) {
            return Some(RowGroup::Call(1));
        }
        if let Some(group) = self.copies.apart(record, mapping, key) {
            return Some(group);
        }
        if !mapping.legs().is_some_and(|legs| legs.key(record, key)) {
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
        complete: &mut CompleteRows,
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
        let row = self.spool.put(record);
        let Some(open) = self.open.get_mut(key) else {
            return Ok(());
        };
        open.rows.push(row);
        open.left = open.left.saturating_sub(1);
        if open.left == 0
            && let Some(open) = self.open.remove(key)
        {
            complete.add(open.rows, &mut self.spool)?;
        } else if self.spool.is_full() {
            let waiting = self.open.values_mut().flat_map(|open| &mut open.rows);
            self.spool.spill(waiting).map_err(Error::Spool)?;
        }
        Ok(())
    }
}

/// The rows that are handed on.
struct CompleteRows {
    batch: Batch,
    groups: Vec<RowGroup>,
}

impl CompleteRows {
    fn after(batch: Batch) -> CompleteRows {
        let groups = Vec::new();
        CompleteRows { batch, groups }
    }

    /// Adds the rows of a call.
    fn add(&mut self, rows: Vec<SpooledRow>, spool: &mut RowSpool) -> Result<(), Error> {
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        self.groups.push(RowGroup::Call(count));
        for row in rows {
            spool.take(row, &mut self.batch).map_err(Error::Spool)?;
        }
        Ok(())
    }
}

impl From<CompleteRows> for GroupedBatch {
    fn from(rows: CompleteRows) -> GroupedBatch {
        GroupedBatch {
            batch: rows.batch,
            groups: Some(rows.groups),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::io::Write as _;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::mapping::{self, CallMapping, LoadError, MappingFile};
    use crate::pipeline::opened_file::OpenedFile;
    use crate::pipeline::preflight::InputReading;
    use crate::source::{self, ReadOptions, Sheet};

    /// A mapping of which only the legs are asked for.
    struct Legs(CallMapping);

    impl SheetMapping for Legs {
        fn bind(mapping: &MappingFile, sheet: &Sheet) -> Result<Option<Self>, LoadError> {
            Ok(Some(Legs(CallMapping::bind(mapping, sheet)?)))
        }

        fn opened(&self, _sheet: &Arc<Sheet>) -> OpenedFile {
            unreachable!("nobody is told of the file")
        }

        fn legs(&self) -> Option<&mapping::Legs> {
            self.0.legs()
        }
    }

    const LEGS: &str = r#"
[legs]
group = "id"
[fields]
externalIdentity = "id"
"#;

    /// Gathers a whole export, with so much room in memory, and gives the lines of each call.
    fn gathered(text: &str, most_bytes: usize) -> Vec<Vec<u64>> {
        let mut export = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        export.write_all(text.as_bytes()).unwrap();
        let mapping = MappingFile::load(LEGS, "test.toml", None).unwrap();
        let reading = InputReading {
            options: &ReadOptions::default(),
            mapping: &mapping,
        };
        let inputs = [Input::file(export.path())];
        let copies = NewestCopies::of::<Legs>(&inputs, reading).unwrap();
        let input = &copies.inputs()[0];
        let mut grouping = LegGrouping::of::<Legs>(&copies, input).unwrap();
        grouping.spool.limit(most_bytes);
        let reader = source::open(input, reading.options).unwrap();
        let mapping = Legs::bind(&mapping, reader.sheet()).unwrap().unwrap();
        let mut calls = Vec::new();
        let mut note = |GroupedBatch { batch, groups }: GroupedBatch| {
            let mut at = 0;
            for group in groups.unwrap() {
                calls.push(
                    (at..at + group.rows())
                        .map(|row| batch.get(row).line())
                        .collect(),
                );
                at += group.rows();
            }
            assert_eq!(at, batch.len());
        };
        let sheet = reader.sheet().clone();
        for batch in reader {
            note(grouping.take(batch.unwrap(), &mapping).unwrap());
        }
        note(grouping.finish(Batch::new(sheet)).unwrap());
        calls
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_row_comes_out_once_with_the_rows_of_its_call(
            ids in proptest::collection::vec(0_u8..6, 0..40),
            room in 0_usize..200,
        ) {
            let mut text = "id,note\n".to_owned();
            for id in &ids {
                // An empty id is nobody's.
                let id = if *id == 0 { String::new() } else { id.to_string() };
                writeln!(text, "{id},\"æ \"\"x\"\"\"").unwrap();
            }
            let calls = gathered(&text, room);
            let mut wanted: Vec<Vec<u64>> = Vec::new();
            for id in 0..6 {
                let lines: Vec<u64> =
                    (2_u64..).zip(&ids).filter(|(_, other)| **other == id).map(|(line, _)| line).collect();
                match id {
                    0 => wanted.extend(lines.into_iter().map(|line| vec![line])),
                    _ => wanted.extend((!lines.is_empty()).then_some(lines)),
                }
            }
            // A call comes where its last row stands.
            wanted.sort_by_key(|lines| lines.last().copied());
            prop_assert_eq!(calls, wanted);
        }
    }

    #[test]
    fn rows_without_others_are_handed_on_without_a_copy() {
        let text = "id,note\n1,a\n2,b\n";
        assert_eq!(gathered(text, 0), [[2], [3]]);
        assert_eq!(RowGroup::Older.rows(), 1);
    }
}
