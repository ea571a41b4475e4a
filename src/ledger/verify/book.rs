//! A ledger that is compared with its destination.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;

use super::counts::VerifyCounts;
use super::known_conversation::KnownConversation;
use super::line::VerifiedLine;
use super::outcome::VerifyOutcome;
use super::reopen::{self, Reopened};
use super::rows::{self, Look, Pass};
use super::scope::VerifyScope;
use super::sighting::Sighting;
use crate::ledger::call::content_key::ContentKey;
use crate::ledger::call::content_rows;
use crate::ledger::error::{Error, LedgerOpenError, at};
use crate::ledger::lock::Lock;
use crate::ledger::open;

/// A ledger whose calls are compared with their destination. No run writes to it meanwhile.
#[derive(Debug)]
pub struct VerifyBook {
    path: PathBuf,
    connection: Connection,
    pass: Pass,
    /// Nothing while a run may have the ledger.
    lock: Option<Lock>,
}

/// The days of the calls that are compared, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDays {
    /// The first day.
    pub first: Option<i64>,
    /// The last day.
    pub last: Option<i64>,
    /// Of how many calls no day is known.
    pub unknown: u64,
}

impl VerifyBook {
    /// Takes the ledger of this destination, and goes on with the comparison of this scope that was broken
    /// off, or begins one.
    pub fn open(
        path: &Path,
        destination: &str,
        scope: &VerifyScope,
    ) -> Result<VerifyBook, LedgerOpenError> {
        let path = open::resolve(path)?;
        // A ledger is not made by looking.
        match open::for_reading(&path) {
            Ok(_) | Err(LedgerOpenError::Older { .. }) => {}
            Err(error) => return Err(error),
        }
        let lock = Lock::take(&path)?;
        let mut connection = open::writable(&path, lock.is_clean(&path))?;
        if let Some(theirs) = open::destination(&connection).map_err(at(&path))? {
            open::expect_destination(&path, theirs, destination)?;
        }
        let pass = rows::begin(&mut connection, scope, Timestamp::now()).map_err(at(&path))?;
        Ok(VerifyBook {
            path,
            connection,
            pass,
            lock: Some(lock),
        })
    }

    /// Lets a run have the ledger until [`VerifyBook::retake`].
    pub fn release(&mut self) {
        self.lock = None;
    }

    /// Takes the ledger again; `false` while a run has it.
    pub fn retake(&mut self) -> Result<bool, LedgerOpenError> {
        match Lock::take(&self.path) {
            Ok(lock) => {
                self.lock = Some(lock);
                Ok(true)
            }
            Err(LedgerOpenError::Locked { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Folds the side files into the ledger and gives it back.
    pub fn close(self) -> Result<(), Error> {
        let VerifyBook {
            path,
            connection,
            lock,
            ..
        } = self;
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
            .map_err(at(&path))?;
        connection
            .close()
            .map_err(|(_, error)| Error::sql(&path, error))?;
        if let Some(mut lock) = lock {
            lock.mark_clean(&path);
        }
        Ok(())
    }

    /// Makes the hashes of the fields.
    pub fn content_key(&self) -> Result<ContentKey, Error> {
        content_rows::content_key(&self.connection).map_err(at(&self.path))
    }

    /// How many calls are compared.
    pub fn known(&self) -> Result<u64, Error> {
        rows::known(&self.connection).map_err(at(&self.path))
    }

    /// On which days they were.
    pub fn days(&self) -> Result<KnownDays, Error> {
        let (first, last, unknown) = rows::days(&self.connection).map_err(at(&self.path))?;
        Ok(KnownDays {
            first,
            last,
            unknown,
        })
    }

    /// Where a listing that was broken off goes on, and how many of its pages were read.
    pub fn place(&self) -> (Option<&str>, u64) {
        (self.pass.token.as_deref(), self.pass.pages)
    }

    /// The call of this id, if it is compared.
    pub fn find(&self, identity: &str) -> Result<Option<KnownConversation>, Error> {
        rows::find(&self.connection, identity).map_err(at(&self.path))
    }

    /// Writes down what a page has shown, and then where the listing goes on: what is seen twice says the same.
    pub fn note_page(
        &mut self,
        seen: &[(KnownConversation, Sighting)],
        next: Option<&str>,
    ) -> Result<(), Error> {
        self.write(seen, false)?;
        let written = rows::note_place(&self.connection, next);
        written.map_err(at(&self.path))
    }

    /// Writes down what a look at single calls has shown, instead of what was seen before.
    pub fn note_anew(&mut self, seen: &[(KnownConversation, Sighting)]) -> Result<(), Error> {
        self.write(seen, true)
    }

    fn write(
        &mut self,
        seen: &[(KnownConversation, Sighting)],
        is_anew: bool,
    ) -> Result<(), Error> {
        let look = Look {
            pass: self.pass.number,
            is_anew,
            at: Timestamp::now(),
        };
        let mut write = || {
            let transaction = self.connection.transaction()?;
            for (call, sighting) in seen {
                rows::note(&transaction, look, call, *sighting)?;
            }
            transaction.commit()
        };
        write().map_err(at(&self.path))
    }

    /// Writes down what is seen later, together with what was seen before.
    pub fn note_later(&mut self, seen: &[(KnownConversation, Sighting)]) -> Result<(), Error> {
        self.write(seen, false)
    }

    /// Calls that were not seen yet, up to so many.
    pub fn unseen(&self, most: u64) -> Result<Vec<KnownConversation>, Error> {
        rows::unseen(&self.connection, self.pass.number, most).map_err(at(&self.path))
    }

    /// Calls that compare so, up to so many.
    pub fn with_outcome(
        &self,
        outcome: VerifyOutcome,
        most: u64,
    ) -> Result<Vec<KnownConversation>, Error> {
        let pass = self.pass.number;
        rows::with_outcome(&self.connection, pass, outcome, most).map_err(at(&self.path))
    }

    /// Counts what is missing; with `is_done` it is opened again, so that the next run sends it, and the
    /// comparison knows no more of calls that are forgotten.
    pub fn reopen(&mut self, is_done: bool) -> Result<Reopened, Error> {
        let pass = self.pass.number;
        reopen::reopen(&mut self.connection, pass, is_done).map_err(at(&self.path))
    }

    /// Ends the listing: what was not seen is not there.
    pub fn settle(&mut self) -> Result<(), Error> {
        let now = Timestamp::now();
        rows::settle(&self.connection, self.pass.number, now).map_err(at(&self.path))
    }

    /// How the calls compare.
    pub fn counts(&self) -> Result<VerifyCounts, Error> {
        rows::counts(&self.connection, self.pass.number).map_err(at(&self.path))
    }

    /// Hands over each call that is not verified, in the order of the ledger. Stops at the first error of
    /// `each`.
    pub fn unverified<E: From<Error>>(
        &self,
        mut each: impl FnMut(VerifiedLine) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut failed = None;
        let read = rows::unverified(&self.connection, self.pass.number, |line| {
            each(line).map_err(|error| {
                failed = Some(error);
                rusqlite::Error::QueryReturnedNoRows
            })
        });
        match (failed, read) {
            (Some(error), _) => Err(error),
            (None, read) => read.map_err(at(&self.path)).map_err(E::from),
        }
    }
}
