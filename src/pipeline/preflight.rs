//! The beginnings of all inputs, looked at before the first of them is read.
//!
//! A mapping that does not fit the last file of a night must not be found when the files before it
//! are sent. A file is opened, bound and closed again, so that a thousand files hold no thousand
//! handles; what cannot be opened twice (standard input, a pipe) is kept open until its turn. The
//! first input is not looked at, because it is opened first anyway. JSON has no header: there a key
//! that is missing is missing in a record.
//!
//! A file that was named must fit. One that a folder or a pattern has may be a readme, or cut, and it
//! does not stop the others: it is told, as an error where its extension is that of an export.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::error::Error;
use super::sheet_mapping::SheetMapping;
use crate::domain::{Code, Location, Problem, Severity};
use crate::mapping::MappingFile;
use crate::source::{self, ExportReader, HeaderKind, Input, ReadOptions, Sheet, Unread};

/// Files that are not read and told one by one; of more only the number is.
const MOST_UNREAD: usize = 100;

/// A larger file has something in it.
const LARGEST_EMPTY: u64 = 16 << 10;

/// The inputs that are read, and those that are told not to be.
pub(super) struct SelectedInputs {
    pub(super) inputs: Vec<Input>,
    pub(super) unread: Vec<Problem>,
}

/// How inputs are looked at and read.
#[derive(Debug, Clone, Copy)]
pub(super) struct InputReading<'r> {
    pub(super) options: &'r ReadOptions,
    pub(super) mapping: &'r MappingFile,
}

/// Takes the inputs out that were only found and do not fit; all is well with the only one there is, until
/// it is opened. Where none is left, the first says why.
pub(super) fn select_inputs<M: SheetMapping>(
    all: &[Input],
    unread: &[Unread],
    reading: InputReading<'_>,
) -> Result<SelectedInputs, Error> {
    let InputReading { options, mapping } = reading;
    let mut unread = unread_problems(unread);
    if all.len() < 2 {
        let inputs = all.to_vec();
        return Ok(SelectedInputs { inputs, unread });
    }
    let mut inputs = Vec::with_capacity(all.len());
    let mut first = None;
    for input in all {
        if !is_sifted(input) {
            if is_empty(input, options) {
                unread.push(empty(input));
                let file = input.name().to_string();
                first.get_or_insert(source::Error::Empty { file }.into());
            } else {
                inputs.push(input.clone());
            }
            continue;
        }
        let looked = source::read_sheet(input, options).map_err(Error::from);
        let fits = looked.and_then(|sheet| {
            check::<M>(&sheet, mapping)?;
            Ok(sheet.header.is_some() && has_header(options))
        });
        // What fits is an export, whatever its name. Where no header tells, everything fits.
        let is_readme = match fits {
            Ok(has_header) => !has_header && source::has_sentences(input, &options.limits),
            Err(_) => is_readme(input, options),
        };
        match fits {
            // Sentences would be rows of another shape.
            Ok(_) if is_readme => {
                unread.push(readme(input));
                let (file, reason) = (input.name().to_string(), README.to_owned());
                first.get_or_insert(source::Error::Unreadable { file, reason }.into());
            }
            Ok(_) => inputs.push(input.clone()),
            Err(error) => {
                unread.push(if is_readme {
                    readme(input)
                } else {
                    misfit(input, &error)
                });
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if inputs.is_empty() => Err(error),
        _ => Ok(SelectedInputs { inputs, unread }),
    }
}

/// Whether the input may be something else than an export.
fn is_sifted(input: &Input) -> bool {
    input.is_found() && input.path().is_some_and(Path::is_file)
}

/// Whether a file that was named has nothing in it: a day without calls, as some systems write it.
fn is_empty(input: &Input, options: &ReadOptions) -> bool {
    let small = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() < LARGEST_EMPTY)
    };
    input.path().is_some_and(small)
        && matches!(
            source::read_sheet(input, options),
            Err(source::Error::Empty { .. })
        )
}

fn empty(input: &Input) -> Problem {
    let location = Location::on_line(Arc::clone(input.name()), 0);
    Problem::new(Code::FileNotRead, location, source::EMPTY)
}

fn unread_problems(unread: &[Unread]) -> Vec<Problem> {
    let mut unread_problems: Vec<Problem> = unread
        .iter()
        .take(MOST_UNREAD)
        .map(|unread| {
            let location = Location::on_line(Arc::clone(&unread.name), 0);
            Problem::new(Code::FileNotRead, location, unread.reason)
        })
        .collect();
    if unread.len() > MOST_UNREAD {
        let message = format!(
            "{} more files among the exports",
            unread.len() - MOST_UNREAD
        );
        unread_problems.push(Problem::new(
            Code::FileNotRead,
            Location::on_line("", 0),
            message,
        ));
    }
    unread_problems
}

/// Whether the names of the columns are those of the file.
fn has_header(options: &ReadOptions) -> bool {
    options.columns.is_empty() && options.header != Some(HeaderKind::None)
}

const README: &str = "is a readme or other text, and no export";

fn is_readme(input: &Input, options: &ReadOptions) -> bool {
    source::has_readme_name(input) || source::has_sentences(input, &options.limits)
}

fn readme(input: &Input) -> Problem {
    let location = Location::on_line(Arc::clone(input.name()), 0);
    Problem::new(Code::FileNotRead, location, README)
}

/// A file that does not fit. What has the extension of an export is one that somebody misses.
fn misfit(input: &Input, error: &Error) -> Problem {
    let location = Location::on_line(Arc::clone(input.name()), 0);
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let line = line.trim_start_matches("error: ");
    let severity = if input.is_of_export() {
        Severity::Error
    } else {
        Severity::Warning
    };
    Problem::new(Code::FileNotRead, location, line).with_severity(severity)
}

/// The inputs that wait, opened, for their turn.
#[derive(Debug, Default)]
pub(super) struct Preflight {
    waiting: HashMap<Arc<str>, ExportReader>,
}

impl Preflight {
    /// Looks at all inputs but the first, and refuses those that the mapping does not fit.
    pub(super) fn read_headers<M: SheetMapping>(
        inputs: &[Input],
        reading: InputReading<'_>,
    ) -> Result<Preflight, Error> {
        let InputReading { options, mapping } = reading;
        let mut openings = Preflight::default();
        for input in inputs.iter().skip(1).filter(|input| !is_sifted(input)) {
            if input.path().is_some_and(Path::is_file) {
                check::<M>(&*source::read_sheet(input, options)?, mapping)?;
            } else {
                let reader = source::open(input, options)?;
                check::<M>(reader.sheet(), mapping)?;
                openings.waiting.insert(Arc::clone(input.name()), reader);
            }
        }
        Ok(openings)
    }

    /// The input, opened.
    pub(super) fn open(
        &mut self,
        input: &Input,
        options: &ReadOptions,
    ) -> Result<ExportReader, Error> {
        match self.waiting.remove(input.name()) {
            Some(reader) => Ok(reader),
            None => Ok(source::open(input, options)?),
        }
    }
}

fn check<M: SheetMapping>(sheet: &Sheet, mapping: &MappingFile) -> Result<(), Error> {
    refuse_empty(sheet)?;
    M::bind(mapping, sheet)?;
    Ok(())
}

/// An export of a day without calls has its header; a file without one was not written.
pub(super) fn refuse_empty(sheet: &Sheet) -> Result<(), Error> {
    match &sheet.header {
        Some(header) if header.names().is_empty() => {
            let file = sheet.file.to_string();
            Err(source::Error::Empty { file }.into())
        }
        _ => Ok(()),
    }
}
