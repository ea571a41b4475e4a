//! A mapping that is bound to a sheet, as far as the pipeline asks for it.

use std::borrow::Cow;
use std::sync::Arc;

use super::opened_file::OpenedFile;
use crate::mapping::{Legs, LoadError, MappingFile, Newest};
use crate::source::{Batch, Record, Sheet};

/// A mapping that is bound to a sheet. What a target does not have it leaves out.
pub trait SheetMapping: Send + Sync + Sized {
    /// Finds the columns of the mapping in a sheet; `None` when it is for another target.
    fn bind(mapping: &MappingFile, sheet: &Sheet) -> Result<Option<Self>, LoadError>;

    /// What is told of the file when it is opened.
    fn opened(&self, sheet: &Arc<Sheet>) -> OpenedFile;

    /// Which copy of a record counts, where several come.
    fn newest(&self) -> Option<&Newest> {
        None
    }

    /// Which rows are one call.
    fn legs(&self) -> Option<&Legs> {
        None
    }

    /// Whether rows of one thing stand anywhere in the export, and are sorted by [`SheetMapping::sort_key`].
    fn is_sorted(&self) -> bool {
        false
    }

    /// What rows belong together by, and the time that orders them.
    fn sort_key(&self, _record: &Record<'_>) -> Option<(u64, i64)> {
        None
    }

    /// The column and the text of a record's id, for people who look for it.
    fn id<'r>(&'r self, _record: &Record<'r>) -> Option<(Cow<'r, str>, Cow<'r, str>)> {
        None
    }

    /// By what people know the record, for problems that are not named when they come.
    fn name_of(&self, _record: &Record<'_>) -> Option<String> {
        None
    }

    /// The columns that look like a consent and that nothing uses, by the first records of a sheet.
    fn unused_consent(&self, _batch: &Batch) -> Vec<String> {
        Vec::new()
    }
}

/// The mappings of the sheets that a batch has.
#[derive(Debug)]
pub struct SheetMappings<M> {
    first: Arc<M>,
    all: Arc<[(Arc<Sheet>, Arc<M>)]>,
}

impl<M> Clone for SheetMappings<M> {
    fn clone(&self) -> Self {
        SheetMappings {
            first: Arc::clone(&self.first),
            all: Arc::clone(&self.all),
        }
    }
}

impl<M> SheetMappings<M> {
    /// The mapping of one sheet.
    pub fn of_sheet(sheet: Arc<Sheet>, mapping: Arc<M>) -> Self {
        SheetMappings {
            first: Arc::clone(&mapping),
            all: Arc::new([(sheet, mapping)]),
        }
    }

    /// The mappings of several sheets, the first of them first.
    pub fn joined(parts: &[SheetMappings<M>]) -> Option<Self> {
        let first = Arc::clone(&parts.first()?.first);
        let all = parts.iter().flat_map(|part| part.all.iter().cloned());
        let all = all.collect();
        Some(SheetMappings { first, all })
    }

    /// The mapping of the first sheet, and of the only one that a call's batch has.
    pub fn first(&self) -> &Arc<M> {
        &self.first
    }

    /// The mapping of the sheet of this record.
    pub fn of(&self, record: &Record<'_>) -> &Arc<M> {
        let is_its =
            |(sheet, _): &&(Arc<Sheet>, Arc<M>)| std::ptr::eq(&raw const **sheet, record.sheet());
        self.all
            .iter()
            .find(is_its)
            .map_or(&self.first, |(_, mapping)| mapping)
    }
}
