//! Where the records of an export stand, by small numbers, and how people call that.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use super::seen_ids::RecordLocation;
use crate::recordings::Claimant;
use crate::source::Record;

/// Names for the records of an export.
#[derive(Debug, Clone, Default)]
pub struct RecordLocations {
    /// The inputs so far.
    files: Vec<LocatedFile>,
    /// The last input of each name.
    by_name: HashMap<Arc<str>, usize>,
    /// A running number over all claimants.
    list: Vec<RecordLocation>,
}

/// An input, as far as its records are named by it.
#[derive(Debug, Clone)]
pub(super) struct LocatedFile {
    pub(super) name: Arc<str>,
    /// Whether its records have numbers; else they stand on lines.
    pub(super) is_numbered: bool,
}

impl RecordLocations {
    /// A new input begins.
    pub(super) fn open(&mut self, name: Arc<str>) {
        self.by_name.insert(Arc::clone(&name), self.files.len());
        self.files.push(LocatedFile {
            name,
            is_numbered: false,
        });
    }

    /// Where a record stands; its input was opened.
    pub(super) fn of(&mut self, record: &Record<'_>) -> RecordLocation {
        let name = &record.sheet().file;
        // The file that is read comes last; records that were put aside may be of an earlier one.
        let last = self.files.len().wrapping_sub(1);
        let is_last = |file: &LocatedFile| Arc::ptr_eq(&file.name, name);
        let file = match self.files.last() {
            Some(file) if is_last(file) => Some(last),
            _ => self.by_name.get(name).copied(),
        };
        let number = record.number();
        if let (Some(_), Some(file)) = (number, file.and_then(|file| self.files.get_mut(file))) {
            file.is_numbered = true;
        }
        RecordLocation {
            file: file
                .and_then(|file| u32::try_from(file).ok())
                .unwrap_or(u32::MAX),
            at: number.map_or(record.line(), NonZeroU64::get),
        }
    }

    /// The input in which a record stands.
    pub(super) fn file(&self, location: RecordLocation) -> Option<&LocatedFile> {
        self.files.get(location.file as usize)
    }

    /// The number of a claimant that stands here.
    pub(super) fn add(&mut self, location: RecordLocation) -> u64 {
        self.list.push(location);
        self.list.len() as u64 - 1
    }

    /// `line 17` or `record 17`, with the file's name when there are several.
    pub(super) fn name(&self, location: RecordLocation) -> String {
        let at = location.at;
        match self.file(location) {
            Some(file) => {
                let unit = if file.is_numbered { "record" } else { "line" };
                match self.files.len() {
                    1 => format!("{unit} {at}"),
                    _ => format!("{unit} {at} of {}", file.name),
                }
            }
            None => format!("line {at}"),
        }
    }

    /// Where a claimant stands.
    pub fn location_of(&self, claimant: Claimant) -> Option<RecordLocation> {
        let at = usize::try_from(claimant.record).ok()?;
        self.list.get(at).copied()
    }

    /// Its name.
    pub fn name_of(&self, claimant: Claimant) -> String {
        let location = self.location_of(claimant);
        location.map_or_else(
            || "another record".to_owned(),
            |location| self.name(location),
        )
    }
}
