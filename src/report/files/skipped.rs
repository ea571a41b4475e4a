//! `skipped.csv`: the records that were left out, with the rule that did it. Of a record there is only its
//! place and its id: whoever wants more looks there, and who was left out may be so for a reason of
//! privacy.

use std::borrow::Cow;

use crate::domain::call::Field;
use crate::events::{NOT_SELECTED, Outcome};
use crate::report::files::allowance::{LineAllowance, ListAllowance, ListLines};
use crate::report::files::csv_file::CsvFile;
use crate::report::files::output_folder::OutputFolder;
use crate::report::files::repeated_lines::{LineCounts, LineTurn, MOST};
use crate::report::format::safe;
use crate::report::{Error, ListForm};
use crate::source::Record;

const NAME: &str = "skipped";
const COLUMNS: [&str; 5] = ["file", "line", "external_id", "why", "record"];

/// What stands behind the last record of a list that would become too large.
const NO_ROOM: &str = "further records are not listed; the list would be too large";

/// What the further rows of a call end with: they are not left out, another row speaks for them.
const LEG: &str = "leg";

/// The list of records that were left out; no file where there are none.
#[derive(Debug)]
pub(in crate::report) struct Skips {
    form: ListForm,
    pub(in crate::report) table: Option<CsvFile>,
    /// The columns that feed the id, of all files so far: files of one mapping have the same few.
    ids: Vec<String>,
    /// Lines by the rule.
    listed: LineCounts<Box<str>>,
    pub(in crate::report) lines: ListLines,
}

/// Whether a record that ended so is in the list. Whoever names the few records of a run need not be told of
/// all the others.
pub(in crate::report) fn is_listed(outcome: Outcome, detail: &str) -> bool {
    outcome == Outcome::Skipped && detail != LEG && detail != NOT_SELECTED
}

/// Takes the list of an earlier run away, which would read as that of this one.
pub(in crate::report) fn forget(folder: &OutputFolder) -> Result<(), Error> {
    folder.forget(&format!("{NAME}.csv"))
}

impl Skips {
    /// A list of this form that has no file yet.
    pub(in crate::report) fn new(form: ListForm) -> Self {
        Skips {
            form,
            table: None,
            ids: Vec::new(),
            listed: LineCounts::default(),
            lines: ListLines::default(),
        }
    }

    /// Learns which columns feed the id.
    pub(in crate::report) fn learn(&mut self, sources: &[(Field, Vec<String>)]) {
        let of_id = sources
            .iter()
            .filter(|(field, _)| *field == Field::ExternalIdentity);
        for column in of_id.flat_map(|(_, columns)| columns) {
            if !self.ids.contains(column) {
                self.ids.push(column.clone());
            }
        }
    }

    /// Adds a record; of those that one rule leaves out, only the first.
    pub(in crate::report) fn add(
        &mut self,
        folder: &OutputFolder,
        allowance: ListAllowance,
        record: &Record<'_>,
        why: &str,
    ) -> Result<(), Error> {
        let table = match &mut self.table {
            Some(table) => table,
            none => {
                let (path, file) = folder.replace(NAME, "csv")?;
                none.insert(CsvFile::new(path, file, &COLUMNS, self.form)?)
            }
        };
        match self.listed.turn(why.into()) {
            LineTurn::Listed => {}
            LineTurn::Announced => {
                let more = format!("{}: only the first {MOST} are listed", safe(why));
                return table.write(&["", "", "", &more, ""]);
            }
            LineTurn::Counted => return Ok(()),
        }
        match self.lines.room(table.written, allowance) {
            LineAllowance::There => {}
            LineAllowance::Exhausted => return table.write(&["", "", "", NO_ROOM, ""]),
            LineAllowance::Gone => return Ok(()),
        }
        let location = record.location();
        let number = location.record.map(|number| number.to_string());
        table.write(&[
            &safe(&location.file),
            &location.line.to_string(),
            &safe(&id(&self.ids, record)),
            &safe(why),
            &number.unwrap_or_default(),
        ])
    }
}

impl Skips {
    /// What the columns of the id say; nothing where the record has none of them.
    pub(in crate::report) fn id<'r>(&self, record: &Record<'r>) -> Cow<'r, str> {
        id(&self.ids, record)
    }
}

fn id<'r>(columns: &[String], record: &Record<'r>) -> Cow<'r, str> {
    let values = columns.iter().filter_map(|name| {
        let text = record.text(&record.sheet().column(name)?)?;
        (!text.trim().is_empty()).then_some(text)
    });
    let values: Vec<Cow<'r, str>> = values.collect();
    match <[Cow<'r, str>; 1]>::try_from(values) {
        Ok([only]) => only,
        Err(several) => Cow::Owned(several.join(" + ")),
    }
}
