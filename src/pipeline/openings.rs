//! The beginnings of all inputs, looked at before the first of them is read.
//!
//! A mapping that does not fit the last file of a night must not be found when the files before it
//! are sent. A file is opened, bound and closed again, so that a thousand files hold no thousand
//! handles; what cannot be opened twice (standard input, a pipe) is kept open until its turn. The
//! first input is not looked at, because it is opened first anyway. JSON has no header: there a key
//! that is missing is missing in a record.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::Error;
use crate::mapping::Mapping;
use crate::source::{self, Input, Options, Reader, Sheet};

/// The inputs that wait, opened, for their turn.
#[derive(Debug, Default)]
pub(super) struct Openings {
    waiting: HashMap<Arc<str>, Reader>,
}

impl Openings {
    /// Looks at all inputs but the first, and refuses those that the mapping does not fit.
    pub(super) fn look(
        inputs: &[Input],
        options: &Options,
        mapping: &Mapping,
    ) -> Result<Openings, Error> {
        let mut openings = Openings::default();
        for input in inputs.iter().skip(1) {
            if input.path().is_some_and(Path::is_file) {
                check(&*source::look(input, options)?, mapping)?;
            } else {
                let reader = source::open(input, options)?;
                check(reader.sheet(), mapping)?;
                openings.waiting.insert(Arc::clone(input.name()), reader);
            }
        }
        Ok(openings)
    }

    /// The input, opened.
    pub(super) fn open(&mut self, input: &Input, options: &Options) -> Result<Reader, Error> {
        match self.waiting.remove(input.name()) {
            Some(reader) => Ok(reader),
            None => Ok(source::open(input, options)?),
        }
    }
}

fn check(sheet: &Sheet, mapping: &Mapping) -> Result<(), Error> {
    refuse_empty(sheet)?;
    if mapping.is_of_cases() {
        mapping.bind_cases(sheet)?;
    } else {
        mapping.bind(sheet)?;
    }
    Ok(())
}

/// An export of a day without calls has its header; a file without one was not written.
pub(super) fn refuse_empty(sheet: &Sheet) -> Result<(), Error> {
    match &sheet.header {
        Some(header) if header.names().is_empty() => {
            let (file, reason) = (sheet.file.to_string(), "is empty".to_owned());
            Err(source::Error::Unreadable { file, reason }.into())
        }
        _ => Ok(()),
    }
}
