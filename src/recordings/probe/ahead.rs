//! A file whose first bytes were read at once: nearly all that a header says is among them, and each
//! further read would be a journey to the disk or over the network.

use std::io::{self, Read, Seek, SeekFrom};

use super::bytes::read_at;

/// A reader, and what is at its start.
pub(super) struct Ahead<R> {
    reader: R,
    head: Vec<u8>,
    at: u64,
    /// Where the reader below stands.
    below: u64,
}

impl<R: Read + Seek> Ahead<R> {
    /// Reads up to so many bytes from the start.
    pub(super) fn new(mut reader: R, bytes: usize) -> io::Result<Self> {
        let head = read_at(&mut reader, 0, bytes)?;
        Ok(Ahead {
            below: head.len() as u64,
            reader,
            head,
            at: 0,
        })
    }

    /// The first bytes.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }
}

impl<R: Read + Seek> Read for Ahead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let known = usize::try_from(self.at).ok();
        let known = known.and_then(|at| self.head.get(at..)).unwrap_or(&[]);
        let count = if known.is_empty() {
            if self.below != self.at {
                self.below = self.reader.seek(SeekFrom::Start(self.at))?;
            }
            let count = self.reader.read(buffer)?;
            self.below += count as u64;
            count
        } else {
            let count = known.len().min(buffer.len());
            buffer[..count].copy_from_slice(&known[..count]);
            count
        };
        self.at += count as u64;
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for Ahead<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(_) => {
                self.below = self.reader.seek(to)?;
                Some(self.below)
            }
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_reads_what_the_reader_below_reads(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            ahead in 0..40_usize,
            reads in prop::collection::vec((0..70_u64, 0..70_usize), 0..8),
        ) {
            let mut plain = Cursor::new(bytes.clone());
            let mut ahead = Ahead::new(Cursor::new(bytes), ahead).unwrap();
            for (at, count) in reads {
                let expected = read_at(&mut plain, at, count).unwrap();
                prop_assert_eq!(read_at(&mut ahead, at, count).unwrap(), expected);
            }
        }
    }
}
