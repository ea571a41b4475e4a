//! A program that works for us: how long it may take, and the last thing that it said.

use std::fs::File;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use super::{CancelFlag, TranscodeFailure};

/// A day of speech takes some minutes; what takes longer hangs.
pub(super) const LONGEST: Duration = Duration::from_secs(20 * 60);
/// Time between two looks at a program that works.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits for the end of a program, and ends it when it takes too long or nobody wants its work.
pub(super) fn wait(
    child: &mut Child,
    longest: Duration,
    recalls: &[&CancelFlag],
) -> Result<ExitStatus, TranscodeFailure> {
    let end = Instant::now() + longest;
    let is_recalled = || recalls.iter().any(|recall| recall.is_called());
    let why = loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if is_recalled() => break TranscodeFailure::Recalled,
            Ok(None) if Instant::now() >= end => {
                break TranscodeFailure::TooLong(longest.as_secs() / 60);
            }
            Ok(None) => thread::sleep(PAUSE),
            Err(error) => break TranscodeFailure::Io(error),
        }
    };
    // It may have ended by itself meanwhile; it is waited for either way, so that nothing is left.
    let _ = child.kill();
    let _ = child.wait();
    Err(why)
}

/// The last line that it said.
pub(super) fn last_line(mut said: File) -> Option<String> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    const MOST: u64 = 4096;
    let mut words = Vec::new();
    let end = said.seek(SeekFrom::End(0)).ok()?;
    said.seek(SeekFrom::Start(end.saturating_sub(MOST))).ok()?;
    said.take(MOST).read_to_end(&mut words).ok()?;
    let text = String::from_utf8_lossy(&words);
    let last = text.lines().rfind(|line| !line.trim().is_empty())?;
    Some(last.trim().to_owned())
}

/// Words of a program as they may be shown: one short line.
pub(super) fn shortened(words: &str) -> String {
    let shown = words.chars().filter(|char| !char.is_control());
    shown.take(200).collect()
}
