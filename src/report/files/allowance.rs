//! How large the lists may become that repeat what was read.
//!
//! A small archive or workbook holds up to a gigabyte of records, and a mapping that does not fit rejects
//! all of them. A list that repeats them must not fill the disk, and must say that it is not whole.

use serde::Serialize;

/// However little was read.
const FLOOR: u64 = 64 << 20;
/// Bytes of one list for each byte that was read, as the files lie on the disk.
const FACTOR: u64 = 16;

/// What each list may take.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct ListAllowance {
    pub(in crate::report) floor: u64,
    read: u64,
}

impl Default for ListAllowance {
    fn default() -> Self {
        ListAllowance {
            floor: FLOOR,
            read: 0,
        }
    }
}

impl ListAllowance {
    /// Learns how much is read: in all, or so far where nobody knows the end of it.
    pub(in crate::report) fn learn(&mut self, so_far: u64, total: Option<u64>) {
        self.read = total.unwrap_or(so_far).max(so_far);
    }

    /// Bytes of one list.
    pub(in crate::report) fn bytes(self) -> u64 {
        self.read.saturating_mul(FACTOR).max(self.floor)
    }
}

/// The lines of a list.
#[derive(Debug, Default)]
pub(in crate::report) struct ListLines {
    left_out: u64,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum LineAllowance {
    /// It is written.
    There,
    /// It is the first that is not written, and the list says so.
    Exhausted,
    /// It is counted.
    Gone,
}

impl ListLines {
    /// Whether another line may be written to a list of so many bytes. Behind the first that may not,
    /// none is: what a list has is the beginning of what it would be.
    pub(in crate::report) fn room(
        &mut self,
        written: u64,
        allowance: ListAllowance,
    ) -> LineAllowance {
        if self.left_out == 0 && written < allowance.bytes() {
            return LineAllowance::There;
        }
        self.left_out += 1;
        if self.left_out == 1 {
            LineAllowance::Exhausted
        } else {
            LineAllowance::Gone
        }
    }

    /// How many lines the list lacks.
    pub(in crate::report) fn left_out(&self) -> u64 {
        self.left_out
    }
}

/// Lines that lists lack, because they would have become too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LeftOut {
    /// Of `problems.csv`.
    pub problems: u64,
    /// Of `rejected.csv`, or of the several files of rejected records.
    pub rejected: u64,
    /// Of `skipped.csv`.
    pub skipped: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_be_some_times_as_large_as_what_was_read() {
        let mut allowance = ListAllowance::default();
        assert_eq!(allowance.bytes(), 64 << 20);
        allowance.learn(1_000, Some(10 << 20));
        assert_eq!(allowance.bytes(), 160 << 20);
        allowance.learn(20 << 20, None);
        assert_eq!(allowance.bytes(), 320 << 20);
        allowance.learn(u64::MAX, None);
        assert_eq!(allowance.bytes(), u64::MAX);
    }

    #[test]
    fn behind_the_first_line_that_is_left_out_none_is_written() {
        let mut allowance = ListAllowance { floor: 10, read: 0 };
        let mut lines = ListLines::default();
        assert_eq!(lines.room(9, allowance), LineAllowance::There);
        assert_eq!(lines.room(10, allowance), LineAllowance::Exhausted);
        allowance.learn(1_000, None);
        assert_eq!(lines.room(10, allowance), LineAllowance::Gone);
        assert_eq!(lines.left_out(), 2);
    }
}
