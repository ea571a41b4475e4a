//! A mapping that is bound to a sheet, as far as the pipeline asks for it.

use std::borrow::Cow;
use std::collections::HashMap;
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
    first: BoundSheet<M>,
    /// All by [`address`]: an export may have thousands of files, and each of its records asks.
    all: Arc<HashMap<usize, BoundSheet<M>>>,
}

/// A mapping with its sheet, which is kept so that no other sheet gets its address.
#[derive(Debug)]
struct BoundSheet<M> {
    sheet: Arc<Sheet>,
    mapping: Arc<M>,
}

/// By what a sheet is known as long as it is kept.
fn address(sheet: &Sheet) -> usize {
    std::ptr::from_ref(sheet).addr()
}

impl<M> Clone for BoundSheet<M> {
    fn clone(&self) -> Self {
        BoundSheet {
            sheet: Arc::clone(&self.sheet),
            mapping: Arc::clone(&self.mapping),
        }
    }
}

impl<M> Clone for SheetMappings<M> {
    fn clone(&self) -> Self {
        SheetMappings {
            first: self.first.clone(),
            all: Arc::clone(&self.all),
        }
    }
}

impl<M> SheetMappings<M> {
    /// The mapping of one sheet.
    pub fn of_sheet(sheet: Arc<Sheet>, mapping: Arc<M>) -> Self {
        let first = BoundSheet { sheet, mapping };
        SheetMappings {
            all: Arc::new(HashMap::from([(address(&first.sheet), first.clone())])),
            first,
        }
    }

    /// The mappings of several sheets, the first of them first.
    pub fn joined(parts: &[SheetMappings<M>]) -> Option<Self> {
        let first = parts.first()?.first.clone();
        let bound = parts.iter().flat_map(|part| part.all.values());
        let all = bound.map(|bound| (address(&bound.sheet), bound.clone()));
        Some(SheetMappings {
            first,
            all: Arc::new(all.collect()),
        })
    }

    /// The mapping of the first sheet, and of the only one that a call's batch has.
    pub fn first(&self) -> &Arc<M> {
        &self.first.mapping
    }

    /// The mapping of the sheet of this record.
    pub fn of(&self, record: &Record<'_>) -> &Arc<M> {
        let sheet = record.sheet();
        // A batch of calls has one sheet, and need not look it up.
        if std::ptr::eq(sheet, &raw const *self.first.sheet) {
            return &self.first.mapping;
        }
        let bound = self.all.get(&address(sheet));
        &bound.unwrap_or(&self.first).mapping
    }
}
