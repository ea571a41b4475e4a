//! Whether the records say something about consent that the mapping leaves out, told once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{Code, Location, Problem};
use crate::source::{Batch, Sheet};

/// Names that are told, of all files.
const MOST: usize = 20;

/// The columns that look like a consent and that nothing uses.
#[derive(Debug, Default)]
pub(super) struct UnusedConsent {
    /// With a file that has each.
    names: BTreeMap<String, Arc<str>>,
    /// The file that was looked at last.
    sheet: Option<Arc<Sheet>>,
}

impl UnusedConsent {
    /// Looks at the first records of each file.
    pub(super) fn see(&mut self, batch: &Batch, unused: impl FnOnce(&Batch) -> Vec<String>) {
        let sheet = batch.sheet();
        let is_known = |known: &Arc<Sheet>| Arc::ptr_eq(known, sheet);
        if batch.is_empty() || self.sheet.as_ref().is_some_and(is_known) {
            return;
        }
        self.sheet = Some(Arc::clone(sheet));
        for name in unused(batch) {
            if self.names.len() < MOST {
                self.names
                    .entry(name)
                    .or_insert_with(|| Arc::clone(&sheet.file));
            }
        }
    }

    pub(super) fn problem(&self) -> Option<Problem> {
        let (first, file) = self.names.first_key_value()?;
        let names: Vec<&str> = self.names.keys().map(String::as_str).collect();
        let (look, them) = match names.len() {
            1 => ("looks", "it"),
            _ => ("look", "them"),
        };
        let message = format!(
            "{} {look} like a consent, and the mapping does not use {them}; a call without a consent \
             value counts as consented",
            names.join(", ")
        );
        let location = Location::on_line(Arc::clone(file), 0);
        Some(Problem::new(Code::UnusedConsent, location, message).at(first, ""))
    }
}
