//! What the library sees of a recording: a file without its tags, of which it may read so much.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use symphonia::core::io::MediaSource;

/// A header of more bytes waits until no other such header is in memory.
const SMALL_HEADER: u64 = 256 << 10;
/// What the library sees in place of the name of a box that it shall not read.
const PASSED_OVER: [u8; 4] = *b"free";

/// How much may still be read of a recording. The library has the recording meanwhile.
pub(super) struct HeaderAllowance {
    left: AtomicU64,
    /// What is read is kept, as tags and tables are.
    is_kept: AtomicBool,
}

impl HeaderAllowance {
    pub(super) fn new(bytes: u64, is_kept: bool) -> Arc<HeaderAllowance> {
        Arc::new(HeaderAllowance {
            left: AtomicU64::new(bytes),
            is_kept: AtomicBool::new(is_kept),
        })
    }

    /// From now on so many bytes may be read.
    pub(super) fn set(&self, bytes: u64) {
        self.left.store(bytes, Ordering::Relaxed);
    }

    /// What is read from now on is not kept.
    pub(super) fn end_header(&self) {
        self.is_kept.store(false, Ordering::Relaxed);
    }
}

/// A recording without what the library shall not see. It ends with an error when more is read than
/// is allowed.
pub(super) struct RecordingView<R> {
    reader: R,
    /// What stands before the first byte that is shown.
    before: Vec<u8>,
    /// The first byte of the file that is shown.
    start: u64,
    length: u64,
    /// So many bytes at the beginning are shown as zeros.
    blank: u64,
    /// Where the names of boxes stand that the library shall pass over, in order.
    passed_over: Vec<u64>,
    at: u64,
    /// Where the reader stands in the file, if that is known.
    below: Option<u64>,
    allowance: Arc<HeaderAllowance>,
    read: u64,
    turn: Option<HeaderTurn>,
}

impl<R: Read + Seek> RecordingView<R> {
    /// The whole of a file of `length` bytes.
    pub(super) fn new(reader: R, length: u64, allowance: Arc<HeaderAllowance>) -> Self {
        RecordingView {
            reader,
            before: Vec::new(),
            start: 0,
            length,
            blank: 0,
            passed_over: Vec::new(),
            at: 0,
            below: None,
            allowance,
            read: 0,
            turn: None,
        }
    }

    /// Shows `before` in place of the bytes before `start`.
    pub(super) fn behind(mut self, before: Vec<u8>, start: u64) -> Self {
        self.length = before.len() as u64 + self.length.saturating_sub(start);
        self.before = before;
        self.start = start;
        self
    }

    /// Shows zeros before `blank`, and no boxes whose names stand at `passed_over`.
    pub(super) fn without_boxes(mut self, blank: u64, passed_over: Vec<u64>) -> Self {
        self.blank = blank;
        self.passed_over = passed_over;
        self
    }

    /// Holds a turn as long as the library has the file.
    pub(super) fn in_turn(mut self) -> Self {
        self.turn = Some(HeaderTurn::wait());
        self
    }

    fn read_below(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.at.saturating_sub(self.before.len() as u64);
        let at = self.start.saturating_add(at);
        if self.below != Some(at) {
            self.reader.seek(SeekFrom::Start(at))?;
        }
        self.below = None;
        let count = self.reader.read(buffer)?;
        self.below = Some(at + count as u64);
        Ok(count)
    }

    /// Hides what is among the bytes that were read from `self.at` on.
    fn hide(&self, bytes: &mut [u8]) {
        let end = self.at + bytes.len() as u64;
        let blank = self.blank.clamp(self.at, end) - self.at;
        if let Some(blank) = usize::try_from(blank)
            .ok()
            .and_then(|to| bytes.get_mut(..to))
        {
            blank.fill(0);
        }
        let first = self.passed_over.partition_point(|at| at + 4 <= self.at);
        let here = self.passed_over[first..].iter();
        for name in here.take_while(|name| **name < end) {
            for (place, letter) in (*name..).zip(PASSED_OVER) {
                let index = place.checked_sub(self.at);
                let index = index.and_then(|index| usize::try_from(index).ok());
                if let Some(byte) = index.and_then(|index| bytes.get_mut(index)) {
                    *byte = letter;
                }
            }
        }
    }
}

impl<R: Read + Seek> Read for RecordingView<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                "enough has been read",
            ));
        }
        let is_kept = self.allowance.is_kept.load(Ordering::Relaxed);
        if is_kept && self.read > SMALL_HEADER && self.turn.is_none() {
            self.turn = Some(HeaderTurn::wait());
        }
        let most = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let buffer = &mut buffer[..most];
        let known = usize::try_from(self.at).ok();
        let known = known.and_then(|at| self.before.get(at..)).unwrap_or(&[]);
        let count = if known.is_empty() {
            let count = self.read_below(buffer)?;
            self.hide(&mut buffer[..count]);
            count
        } else {
            let count = known.len().min(buffer.len());
            buffer[..count].copy_from_slice(&known[..count]);
            count
        };
        self.at += count as u64;
        self.read = self.read.saturating_add(count as u64);
        self.allowance.set(left - count as u64);
        Ok(count)
    }
}

impl<R: Seek> Seek for RecordingView<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl<R: Read + Seek + Send + Sync> MediaSource for RecordingView<R> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}

/// Whether somebody has the turn.
static IS_TAKEN: Mutex<bool> = Mutex::new(false);
static GIVEN_BACK: Condvar = Condvar::new();

/// Leave to have a large header in memory. One recording has it at a time, however many are looked at.
struct HeaderTurn(());

impl HeaderTurn {
    fn wait() -> HeaderTurn {
        let mut is_taken = IS_TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        while *is_taken {
            is_taken = GIVEN_BACK
                .wait(is_taken)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *is_taken = true;
        HeaderTurn(())
    }
}

impl Drop for HeaderTurn {
    fn drop(&mut self) {
        *IS_TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = false;
        GIVEN_BACK.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::recordings::probe::bytes::read_at;

    proptest! {
        #[test]
        fn what_is_hidden_is_hidden_however_it_is_read(
            bytes in prop::collection::vec(1..255_u8, 20..60),
            start in 0..15_u64,
            blank in 0..9_u64,
            names in prop::collection::btree_set(0..60_u64, 0..4),
            reads in prop::collection::vec((0..70_u64, 0..70_usize), 0..8),
        ) {
            let before = b"head".to_vec();
            let mut shown = bytes.clone();
            // Of two names that lie across each other nobody says what is seen.
            let mut passed_over: Vec<u64> = names.into_iter().collect();
            passed_over.dedup_by(|name, last| *name < *last + 4);
            shown[..usize::try_from(blank).unwrap()].fill(0);
            for name in &passed_over {
                for (place, letter) in (*name..).zip(PASSED_OVER) {
                    if let Some(byte) = shown.get_mut(usize::try_from(place).unwrap()) {
                        *byte = letter;
                    }
                }
            }
            let allowance = HeaderAllowance::new(u64::MAX, false);
            let length = bytes.len() as u64;
            let view = RecordingView::new(Cursor::new(bytes.clone()), length, Arc::clone(&allowance));
            let mut hiding = view.without_boxes(blank, passed_over);
            let view = RecordingView::new(Cursor::new(bytes.clone()), length, allowance);
            let mut behind = view.behind(before.clone(), start);
            let rest = &bytes[usize::try_from(start).unwrap()..];
            let mut shown = Cursor::new(shown);
            let mut joined = Cursor::new([&before, rest].concat());
            for (at, count) in reads {
                let expected = read_at(&mut shown, at, count).unwrap();
                prop_assert_eq!(read_at(&mut hiding, at, count).unwrap(), expected);
                let expected = read_at(&mut joined, at, count).unwrap();
                prop_assert_eq!(read_at(&mut behind, at, count).unwrap(), expected);
            }
            prop_assert_eq!(behind.seek(SeekFrom::End(0)).unwrap(), joined.get_ref().len() as u64);
        }
    }

    #[test]
    fn no_more_is_read_than_is_allowed() {
        let allowance = HeaderAllowance::new(5, true);
        let mut view = RecordingView::new(Cursor::new([7; 100]), 100, Arc::clone(&allowance));
        let mut bytes = Vec::new();
        let error = view.read_to_end(&mut bytes).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
        assert_eq!(bytes.len(), 5);
        allowance.set(u64::MAX);
        view.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 100);
    }

    #[test]
    fn large_headers_take_turns_and_sound_does_not() {
        let large = || Cursor::new(vec![0; 1 << 20]);
        let view = move |allowance| RecordingView::new(large(), 1 << 20, allowance);
        let mut first = view(HeaderAllowance::new(u64::MAX, true));
        io::copy(&mut first, &mut io::sink()).unwrap();
        let sound = HeaderAllowance::new(u64::MAX, true);
        sound.end_header();
        io::copy(&mut view(sound), &mut io::sink()).unwrap();
        let second = std::thread::spawn(move || {
            io::copy(
                &mut view(HeaderAllowance::new(u64::MAX, true)),
                &mut io::sink(),
            )
            .unwrap()
        });
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!second.is_finished());
        drop(first);
        assert_eq!(second.join().unwrap(), 1 << 20);
    }
}
