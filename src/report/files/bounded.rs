//! Reads a table whose records have an end.

use std::cell::Cell;
use std::io::{Error, ErrorKind, Read, Result};
use std::rc::Rc;

/// A longer record is none of ours: its id came from a record of an export, which has a limit of its own,
/// and quotes may double it.
pub(in crate::report) const LONGEST: u64 = 48 << 20;

/// Ends with an error when too much is read for one record: a CSV reader would keep all of it in memory.
#[derive(Debug)]
pub(in crate::report) struct Bounded<R> {
    inner: R,
    read: Rc<Cell<u64>>,
}

/// Tells that a record has ended.
#[derive(Debug)]
pub(in crate::report) struct EndOfRecord(Rc<Cell<u64>>);

impl<R: Read> Bounded<R> {
    pub(in crate::report) fn new(inner: R) -> (Self, EndOfRecord) {
        let read = Rc::new(Cell::new(0));
        let end = EndOfRecord(Rc::clone(&read));
        (Bounded { inner, read }, end)
    }
}

impl EndOfRecord {
    pub(in crate::report) fn reached(&self) {
        self.0.set(0);
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let length = self.inner.read(buffer)?;
        let read = self.read.get().saturating_add(length as u64);
        self.read.set(read);
        if read > LONGEST {
            let why = format!("a line is longer than {LONGEST} bytes");
            return Err(Error::new(ErrorKind::InvalidData, why));
        }
        Ok(length)
    }
}
