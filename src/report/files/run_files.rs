//! The files that are written while records end.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::call::Field;
use crate::domain::{Code, Problem};
use crate::events::{Delivered, Matched, Outcome};
use crate::report::files::accepted_list::AcceptedList;
use crate::report::files::allowance::{LeftOut, LineAllowance, ListAllowance, ListLines};
use crate::report::files::csv_guard::guarded;
use crate::report::files::output_folder::OutputFolder;
use crate::report::files::problems_list::ProblemsList;
use crate::report::files::recordings::Matches;
use crate::report::files::rejected::{self, RejectedFile};
use crate::report::files::repeated_lines::{LineCounts, LineTurn};
use crate::report::files::skipped::{self, Skips};
use crate::report::format::safe;
use crate::report::{DestinationLabel, Error, ListForm, Mode};
use crate::source::{Header, Record, Sheet, with_noted_id};

/// Records between two flushes: what a crash may cost.
const BETWEEN_FLUSHES: u32 = 200;

/// The open files of one run.
#[derive(Debug)]
pub(in crate::report) struct Files {
    folder: OutputFolder,
    problems: ProblemsList,
    /// Only a run delivers; a check must not touch what an earlier run wrote.
    accepted: Option<AcceptedList>,
    rejected: Vec<Rejected>,
    skips: Skips,
    matches: Matches,
    unflushed: u32,
    /// Rows of `rejected.csv` by the first of their codes.
    explained: LineCounts<Option<Code>>,
    allowance: ListAllowance,
    /// Rows of all files of rejected records.
    rejected_lines: ListLines,
}

#[derive(Debug)]
struct Rejected {
    path: PathBuf,
    names: Option<Vec<String>>,
    reading: String,
    rejects: RejectedFile,
    /// Whether its last row says that there are more.
    is_cut: bool,
}

/// What was written, once it is complete.
#[derive(Debug, Default)]
pub(in crate::report) struct WrittenFiles {
    pub(in crate::report) files: Vec<PathBuf>,
    pub(in crate::report) rejected: Vec<PathBuf>,
    pub(in crate::report) left_out: LeftOut,
}

impl Files {
    /// The files of a run of this mode, in `folder`; the lists among them in this form.
    pub(in crate::report) fn create(
        folder: OutputFolder,
        mode: Mode,
        destination: Option<&DestinationLabel>,
        form: ListForm,
    ) -> Result<Self, Error> {
        let accepted = if mode.sends() {
            Some(AcceptedList::create(&folder, mode, destination, form)?)
        } else {
            None
        };
        Ok(Files {
            problems: ProblemsList::create(&folder, form)?,
            skips: Skips::new(form),
            matches: Matches::new(form),
            folder,
            accepted,
            rejected: Vec::new(),
            unflushed: 0,
            explained: LineCounts::default(),
            allowance: ListAllowance::default(),
            rejected_lines: ListLines::default(),
        })
    }

    /// Learns how much is read: in all, or so far.
    pub(in crate::report) fn read(&mut self, so_far: u64, total: Option<u64>) {
        self.allowance.learn(so_far, total);
    }

    /// Adds a problem; of a kind that many have, only the first.
    pub(in crate::report) fn problem(&mut self, problem: &Problem) -> Result<(), Error> {
        self.problems.add(problem, self.allowance)
    }

    /// Adds what was delivered for a call.
    pub(in crate::report) fn accepted(
        &mut self,
        delivered: &Delivered,
        when: Option<Timestamp>,
    ) -> Result<(), Error> {
        let Some(accepted) = &mut self.accepted else {
            return Ok(());
        };
        accepted.write(delivered, when)
    }

    /// What arrived and is added from now on is known by this ledger.
    pub(in crate::report) fn of_ledger(&mut self, ledger: &Path) {
        if let Some(accepted) = &mut self.accepted {
            accepted.of_ledger(ledger);
        }
    }

    /// Adds which recording a call gets.
    pub(in crate::report) fn matched(&mut self, matched: &Matched) -> Result<(), Error> {
        self.matches.add(&self.folder, matched)
    }

    /// Learns what feeds the fields of the records to come.
    pub(in crate::report) fn opened(&mut self, sources: &[(Field, Vec<String>)]) {
        self.skips.learn(sources);
    }

    /// Adds a record that was not sent, if its outcome says so, with its problems, or with why it was
    /// left out.
    pub(in crate::report) fn ended(
        &mut self,
        record: &Record<'_>,
        outcome: Outcome,
        detail: &str,
        problems: &[Problem],
    ) -> Result<(), Error> {
        if skipped::is_listed(outcome, detail) {
            let allowance = self.allowance;
            self.skips.add(&self.folder, allowance, record, detail)?;
        }
        if matches!(outcome, Outcome::Rejected | Outcome::Failed) {
            self.rejected(record, problems)?;
        }
        self.unflushed += 1;
        if self.unflushed >= BETWEEN_FLUSHES {
            self.flush()?;
        }
        Ok(())
    }

    /// Adds a record to be mended, or says in the file of its sheet that it lacks some.
    fn rejected(&mut self, record: &Record<'_>, problems: &[Problem]) -> Result<(), Error> {
        let written = self.rejected.iter().map(|known| known.rejects.written());
        let room = self.rejected_lines.room(written.sum(), self.allowance);
        if room != LineAllowance::There {
            let rejected = self.rejected_of(record.sheet())?;
            if std::mem::replace(&mut rejected.is_cut, true) {
                return Ok(());
            }
            let cut = rejected.rejects.cut();
            return cut.map_err(Error::write(&rejected.path));
        }
        let kind = problems.first().map(|problem| problem.code);
        let reasons = match self.explained.turn(kind) {
            LineTurn::Listed => in_one_cell(problems),
            LineTurn::Announced | LineTurn::Counted => codes_in_one_cell(problems),
        };
        // A spreadsheet changes and calculates cells of tables, and none of JSON.
        let reasons = if record.sheet().header.is_some() {
            with_noted_id(&self.id_of(record, problems), &guarded(&reasons))
        } else {
            reasons
        };
        let rejected = self.rejected_of(record.sheet())?;
        rejected
            .rejects
            .write(record, &reasons)
            .map_err(Error::write(&rejected.path))
    }

    /// The id of a record: that which its problems name, or what the columns say that feed it.
    fn id_of(&self, record: &Record<'_>, problems: &[Problem]) -> String {
        let named = problems.iter().find(|problem| !problem.id.is_empty());
        match named {
            Some(problem) => safe(&problem.id).into_owned(),
            None => safe(&self.skips.id(record)).into_owned(),
        }
    }

    /// Hands everything to the system.
    pub(in crate::report) fn flush(&mut self) -> Result<(), Error> {
        self.unflushed = 0;
        self.problems.flush()?;
        if let Some(accepted) = &mut self.accepted {
            accepted.flush()?;
        }
        let lists = [&mut self.skips.table, &mut self.matches.table];
        for list in lists.into_iter().flatten() {
            list.flush()?;
        }
        for rejected in &mut self.rejected {
            rejected
                .rejects
                .flush()
                .map_err(Error::write(&rejected.path))?;
        }
        Ok(())
    }

    /// Completes the files.
    pub(in crate::report) fn finish(mut self) -> Result<(OutputFolder, WrittenFiles), Error> {
        self.flush()?;
        let left_out = LeftOut {
            problems: self.problems.left_out(),
            rejected: self.rejected_lines.left_out(),
            skipped: self.skips.lines.left_out(),
        };
        let mut written = WrittenFiles {
            left_out,
            ..WrittenFiles::default()
        };
        if let Some(accepted) = self.accepted {
            written.files.push(accepted.finish()?);
        }
        written.files.push(self.problems.into_path());
        let matches = self.matches.table.map(|table| table.path);
        written.files.extend(matches);
        let skips = self.skips.table.map(|table| table.path);
        written.files.extend(skips);
        for rejected in self.rejected {
            rejected
                .rejects
                .finish()
                .map_err(Error::write(&rejected.path))?;
            written.files.push(rejected.path.clone());
            written.rejected.push(rejected.path);
        }
        Ok((self.folder, written))
    }

    /// The file for records of this sheet: one for all sheets that look the same.
    fn rejected_of(&mut self, sheet: &Sheet) -> Result<&mut Rejected, Error> {
        let names = sheet.header.as_ref().map(Header::names);
        let known = self.rejected.iter().position(|rejected| {
            rejected.names.as_deref() == names
                && (names.is_none() || rejected.reading == sheet.reading)
        });
        let index = if let Some(index) = known {
            index
        } else {
            let rejected = self.create_rejected(sheet)?;
            self.rejected.push(rejected);
            self.rejected.len() - 1
        };
        Ok(&mut self.rejected[index])
    }

    fn create_rejected(&self, sheet: &Sheet) -> Result<Rejected, Error> {
        let taken = self.rejected.iter().map(|known| known.path.clone());
        let taken: Vec<PathBuf> = taken.collect();
        let extension = rejected::extension(sheet);
        let path = self.folder.free_path("rejected", extension, &taken)?;
        let rejects = RejectedFile::create(&path, sheet).map_err(Error::write(&path))?;
        let names = sheet.header.as_ref().map(|header| header.names().to_vec());
        Ok(Rejected {
            path,
            names,
            reading: sheet.reading.clone(),
            rejects,
            is_cut: false,
        })
    }
}

/// The same without what is wrong in this row, once many rows have said it: the row stays, because
/// whoever feeds the list in again must find every record in it.
fn codes_in_one_cell(problems: &[Problem]) -> String {
    let mut codes: Vec<Code> = problems.iter().map(|problem| problem.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let codes: Vec<String> = codes
        .iter()
        .map(|code| format!("{code}: as above"))
        .collect();
    codes.join("; ")
}

/// `code column: message; code: message`.
fn in_one_cell(problems: &[Problem]) -> String {
    let mut cell = String::new();
    for problem in problems {
        let separator = if cell.is_empty() { "" } else { "; " };
        let _ = write!(cell, "{separator}{}", problem.code);
        if !problem.column.is_empty() {
            let _ = write!(cell, " {}", safe(&problem.column));
        }
        let _ = write!(cell, ": {}", safe(&problem.message));
    }
    cell
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::test_support::{problem, sheet};
    use crate::source::Batch;

    /// Ends a record of a sheet as rejected and another as left out, so many times.
    fn end(files: &mut Files, sheet: &Arc<Sheet>, times: u64) {
        for line in 1..=times {
            let mut batch = Batch::new(Arc::clone(sheet));
            batch.start_row(line);
            batch.push_cell("1234567890");
            let record = batch.get(0);
            let wrong = problem(Code::MissingField, line);
            files.problem(&wrong).unwrap();
            let wrong = [wrong];
            files.ended(&record, Outcome::Rejected, "", &wrong).unwrap();
            files
                .ended(&record, Outcome::Skipped, "a rule", &[])
                .unwrap();
        }
    }

    #[test]
    fn lists_end_when_they_would_be_too_large_and_say_so() {
        let home = tempfile::tempdir().unwrap();
        let folder = OutputFolder::open(home.path(), &[]).unwrap();
        let mut files = Files::create(folder, Mode::Check, None, ListForm::Plain).unwrap();
        files.allowance.floor = 1_000;
        let one = sheet("a.csv", &["id"]);
        let other = sheet("b.csv", &["number"]);
        end(&mut files, &one, 100);
        // That more has been read meanwhile opens no list again.
        files.read(1 << 20, None);
        end(&mut files, &other, 1);
        let (_, written) = files.finish().unwrap();
        let lists = [
            ("problems.csv", written.left_out.problems),
            ("skipped.csv", written.left_out.skipped),
            ("rejected.csv", written.left_out.rejected - 1),
        ];
        for (name, left_out) in lists {
            let text = std::fs::read_to_string(home.path().join(name)).unwrap();
            assert!((1_000..1_300).contains(&text.len()), "{name}: {text}");
            let last = text.lines().last().unwrap();
            assert!(last.contains("further"), "{name}: {last}");
            // Header and last line are no records.
            let listed = text.lines().count() as u64 - 2;
            let all = if name == "rejected.csv" { 100 } else { 101 };
            assert_eq!(listed + left_out, all, "{name}: {text}");
        }
        // The file of another sheet lacks all of its records.
        assert_eq!(written.rejected.len(), 2);
        let text = std::fs::read_to_string(&written.rejected[1]).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[1].starts_with("rejects-cut: "), "{text}");
    }
}
