//! The copies of a record, of which only the newest counts.
//!
//! Copies are compared over all files of the export, in a pass before the last. What has no path to be
//! read twice (standard input) is copied to a private temporary file first.

use std::fs::File;
use std::io;
use std::path::Path;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_128;

use super::row_group::RowGroup;
use crate::domain::Code;
use crate::pipeline::error::Error;
use crate::pipeline::preflight::InputReading;
use crate::pipeline::sheet_mapping::SheetMapping;
use crate::source::{self, Input, InputCopy, Record};

/// What the passes before the last have found out.
pub(in crate::pipeline) struct NewestCopies<'r> {
    reading: InputReading<'r>,
    /// The inputs as they can be read once more.
    inputs: Vec<Input>,
    /// By the hash of its id, how new the newest copy of a record is.
    newest: HashTable<(u128, i128)>,
}

/// The input, as it can be read twice; the copy is removed when the export has been read.
fn copied(input: &Input) -> Result<Input, Error> {
    let copy = match input.path() {
        Some(path) => File::open(path).and_then(InputCopy::of),
        None => InputCopy::of(io::stdin().lock()),
    };
    Ok(input.copied_to(copy.map_err(Error::Spool)?))
}

impl<'r> NewestCopies<'r> {
    /// Copies what cannot be read twice, and looks at all copies of records.
    pub(in crate::pipeline) fn of<M: SheetMapping>(
        inputs: &[Input],
        reading: InputReading<'r>,
    ) -> Result<Self, Error> {
        let mut copies = NewestCopies {
            reading,
            inputs: Vec::new(),
            newest: HashTable::new(),
        };
        for input in inputs {
            let is_file = input.path().is_some_and(Path::is_file);
            let input = if is_file {
                input.clone()
            } else {
                copied(input)?
            };
            copies.inputs.push(input);
        }
        let inputs = copies.inputs.clone();
        for input in &inputs {
            copies.note_copies::<M>(input)?;
        }
        copies.newest.shrink_to_fit(|(key, _)| low(*key));
        Ok(copies)
    }

    /// The inputs, all of which have a path.
    pub(in crate::pipeline) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    fn note_copies<M: SheetMapping>(&mut self, input: &Input) -> Result<(), Error> {
        let mut key = Vec::new();
        let mut newest = std::mem::take(&mut self.newest);
        self.each_record(input, |record, mapping: &M| {
            let Some(rule) = mapping.newest() else {
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
        })?;
        self.newest = newest;
        Ok(())
    }

    /// What a record is apart from its call; `None` when it is a row like any other.
    pub(super) fn apart<M: SheetMapping>(
        &self,
        record: &Record<'_>,
        mapping: &M,
        key: &mut Vec<u8>,
    ) -> Option<RowGroup> {
        let rule = mapping.newest()?;
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

    /// Reads an input until `take` has had enough.
    pub(super) fn each_record<M: SheetMapping>(
        &self,
        input: &Input,
        mut take: impl FnMut(&Record<'_>, &M) -> bool,
    ) -> Result<(), Error> {
        let reader = source::open(input, self.reading.options)?;
        let Some(mapping) = M::bind(self.reading.mapping, reader.sheet())? else {
            return Ok(());
        };
        for batch in reader {
            for record in batch?.iter() {
                if !take(&record, &mapping) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Totals and sentences belong to no call.
pub(super) fn is_no_record(record: &Record<'_>) -> bool {
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
