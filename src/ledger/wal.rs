//! What SQLite's write-ahead log says of the database beside it, found without opening either.
//!
//! A database may have all of its tables in its log, and SQLite cannot look at them without making
//! files, or folding the log into the database. Whose database it is must be known before that.
//! The format: <https://sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::io::{self, Read};

/// The first bytes of a log; the lowest bit says how its sums are made.
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;
const HEADER: usize = 32;
const FRAME: usize = 24;

/// The beginning of the database's first page as the last commit in the log leaves it; `None` where no
/// commit has that page. What a crash has cut, or left of an earlier use of the file, is passed over,
/// as SQLite does.
pub(super) fn committed_head(mut log: impl Read, length: usize) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; HEADER];
    if !fill(&mut log, &mut header)? {
        return Ok(None);
    }
    let Some(mut sum) = Sum::of_header(&header) else {
        return Ok(None);
    };
    let page_size = number(&header, 8) as usize;
    if !(512..=65_536).contains(&page_size) || !page_size.is_power_of_two() {
        return Ok(None);
    }
    let mut frame = vec![0; FRAME + page_size];
    let (mut written, mut committed) = (None, None);
    while fill(&mut log, &mut frame)? {
        let (head, page) = frame.split_at(FRAME);
        sum.add(&head[..8]);
        sum.add(page);
        if head[8..16] != header[16..24] || !sum.is(&head[16..]) {
            break;
        }
        if number(head, 0) == 1 {
            written = page.get(..length).map(<[u8]>::to_vec);
        }
        // The size of the database; 0 where the transaction goes on.
        if number(head, 4) != 0 {
            committed = written.take().or(committed);
        }
    }
    Ok(committed)
}

/// Reads all of `buffer`; false where the log ends before.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The number of 32 bits at this place, which must be there.
fn number(bytes: &[u8], place: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[place..place + 4]);
    u32::from_be_bytes(number)
}

/// The running sum over header and frames.
struct Sum {
    is_big_endian: bool,
    checksums: (u32, u32),
}

impl Sum {
    /// That of the header, if it is one and its sum is right.
    fn of_header(header: &[u8; HEADER]) -> Option<Sum> {
        let magic = number(header, 0);
        let mut sum = Sum {
            is_big_endian: magic & 1 == 1,
            checksums: (0, 0),
        };
        sum.add(&header[..24]);
        let is_one = magic & !1 == MAGIC && number(header, 4) == VERSION;
        (is_one && sum.is(&header[24..])).then_some(sum)
    }

    fn add(&mut self, bytes: &[u8]) {
        let word = |bytes: &[u8]| {
            let number = number(bytes, 0);
            if self.is_big_endian {
                number
            } else {
                number.swap_bytes()
            }
        };
        let (mut one, mut other) = self.checksums;
        for pair in bytes.chunks_exact(8) {
            one = one.wrapping_add(word(pair)).wrapping_add(other);
            other = other.wrapping_add(word(&pair[4..])).wrapping_add(one);
        }
        self.checksums = (one, other);
    }

    fn is(&self, stated: &[u8]) -> bool {
        self.checksums == (number(stated, 0), number(stated, 4))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;

    /// The log of a database after these statements, each a commit, and one that is not committed.
    fn log(statements: &[&str]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let connection = Connection::open(&path).unwrap();
        let mode = "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA cache_size = 1;";
        connection.execute_batch(mode).unwrap();
        for statement in statements {
            connection.execute_batch(statement).unwrap();
        }
        fs::read(folder.path().join("x.db-wal")).unwrap_or_default()
    }

    fn application(log: &[u8]) -> Option<u32> {
        committed_head(log, 108)
            .unwrap()
            .map(|head| number(&head, 68))
    }

    #[test]
    fn the_last_commit_counts_and_nothing_behind_it() {
        assert_eq!(application(&log(&[])), None);
        let two = [
            "CREATE TABLE a (b); PRAGMA application_id = 7",
            "PRAGMA application_id = 8",
        ];
        assert_eq!(application(&log(&two[..1])), Some(7));
        assert_eq!(application(&log(&two)), Some(8));
        // Enough for pages to reach the log before the commit.
        let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) \
            INSERT INTO a SELECT randomblob(900) FROM n";
        let running = ["BEGIN; PRAGMA application_id = 9", many];
        let statements: Vec<&str> = two.into_iter().chain(running).collect();
        let (before, after) = (log(&two), log(&statements));
        assert!(after.len() > before.len(), "nothing was spilled");
        assert_eq!(application(&after), Some(8));
    }

    #[test]
    fn a_log_that_was_cut_says_what_is_whole_in_it() {
        let whole = log(&["CREATE TABLE a (b)", "PRAGMA application_id = 8"]);
        assert_eq!(application(&whole), Some(8));
        assert_eq!(application(&whole[..whole.len() - 1]), Some(0));
        let mut torn = whole.clone();
        let last = torn.len() - 1;
        torn[last] ^= 1;
        assert_eq!(application(&torn), Some(0));
        for length in 0..whole.len() {
            let _ = application(&whole[..length]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_log_or_none(
            bytes in prop::collection::vec(any::<u8>(), 0..2_000),
            place in any::<prop::sample::Index>(),
        ) {
            let _ = committed_head(&bytes[..], 108);
            let mut damaged = log(&["CREATE TABLE a (b)"]);
            let at = place.index(damaged.len());
            for (old, new) in damaged[at..].iter_mut().zip(&bytes) {
                *old = *new;
            }
            let _ = committed_head(&damaged[..], 108);
        }
    }
}
