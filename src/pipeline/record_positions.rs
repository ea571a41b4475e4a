//! Where the records of an export stand, by small numbers, and how people call that.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use super::seen_ids::RecordPlace;
use crate::recordings::Claimant;
use crate::source::Record;

/// Names for the records of an export.
#[derive(Debug, Clone, Default)]
pub struct RecordPositions {
    /// The inputs so far.
    files: Vec<PositionedFile>,
    /// The last input of each name.
    by_name: HashMap<Arc<str>, usize>,
    /// A running number over all claimants.
    list: Vec<RecordPlace>,
}

/// An input, as far as its records are named by it.
#[derive(Debug, Clone)]
pub(super) struct PositionedFile {
    pub(super) name: Arc<str>,
    /// Whether its records have numbers; else they stand on lines.
    pub(super) is_numbered: bool,
}

impl RecordPositions {
    /// A new input begins.
    pub(super) fn open(&mut self, name: Arc<str>) {
        self.by_name.insert(Arc::clone(&name), self.files.len());
        self.files.push(PositionedFile {
            name,
            is_numbered: false,
        });
    }

    /// Where a record stands; its input was opened.
    pub(super) fn of(&mut self, record: &Record<'_>) -> RecordPlace {
        let name = &record.sheet().file;
        // The file that is read comes last; records that were put aside may be of an earlier one.
        let last = self.files.len().wrapping_sub(1);
        let is_last = |file: &PositionedFile| Arc::ptr_eq(&file.name, name);
        let file = match self.files.last() {
            Some(file) if is_last(file) => Some(last),
            _ => self.by_name.get(name).copied(),
        };
        let number = record.number();
        if let (Some(_), Some(file)) = (number, file.and_then(|file| self.files.get_mut(file))) {
            file.is_numbered = true;
        }
        RecordPlace {
            file: file
                .and_then(|file| u32::try_from(file).ok())
                .unwrap_or(u32::MAX),
            at: number.map_or(record.line(), NonZeroU64::get),
        }
    }

    /// The input in which a record stands.
    pub(super) fn file(&self, place: RecordPlace) -> Option<&PositionedFile> {
        self.files.get(place.file as usize)
    }

    /// The number of a claimant that stands here.
    pub(super) fn add(&mut self, place: RecordPlace) -> u64 {
        self.list.push(place);
        self.list.len() as u64 - 1
    }

    /// `line 17` or `record 17`, with the file's name when there are several.
    pub(super) fn name(&self, place: RecordPlace) -> String {
        let at = place.at;
        match self.file(place) {
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
    pub fn place_of(&self, claimant: Claimant) -> Option<RecordPlace> {
        let at = usize::try_from(claimant.record).ok()?;
        self.list.get(at).copied()
    }

    /// Its name.
    pub fn name_of(&self, claimant: Claimant) -> String {
        let place = self.place_of(claimant);
        place.map_or_else(|| "another record".to_owned(), |place| self.name(place))
    }
}
