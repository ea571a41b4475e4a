//! The one place that is armed, and what happens there.

use std::fs::OpenOptions;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::point::Point;

static PLAN: OnceLock<FailurePlan> = OnceLock::new();
static PASSED: AtomicU64 = AtomicU64::new(0);

/// What happens, and the how manieth time that the place is passed; from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailurePlan {
    deed: Deed,
    at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// The process is killed there.
    Kill(Point),
    /// The program has a fault there.
    Panic,
    /// A commit finds the disk full.
    Fill,
    /// The power fails during a commit: of what it wrote, only a part is on the disk, and noise
    /// behind it. The number chooses how much.
    CutPower(u64),
}

impl FromStr for FailurePlan {
    type Err = String;

    /// `request-leaves:7`, `disk-fills:3`, `power-fails:3:SEED`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok());
        let at = number().ok_or_else(|| format!("{text}: no number"))?;
        let deed = match name {
            "ledger-opens" => Deed::Kill(Point::LedgerOpens),
            "commit-begins" => Deed::Kill(Point::CommitBegins),
            "commit-ends" => Deed::Kill(Point::CommitEnds),
            "ledger-closes" => Deed::Kill(Point::LedgerCloses),
            "request-leaves" => Deed::Kill(Point::RequestLeaves),
            "body-leaves" => Deed::Kill(Point::BodyLeaves),
            "answer-arrives" => Deed::Kill(Point::AnswerArrives),
            "answer-is-read" => Deed::Kill(Point::AnswerIsRead),
            "fact-is-due" => Deed::Kill(Point::FactIsDue),
            "panics" => Deed::Panic,
            "disk-fills" => Deed::Fill,
            "power-fails" => Deed::CutPower(number().unwrap_or(0)),
            _ => return Err(format!("{text}: no such place")),
        };
        Ok(FailurePlan { deed, at })
    }
}

/// Arms the place for the rest of the process; the first one counts.
pub fn arm(plan: FailurePlan) {
    let _ = PLAN.set(plan);
}

fn is_now(matches: impl Fn(Deed) -> bool) -> bool {
    PLAN.get().is_some_and(|plan| {
        matches(plan.deed) && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == plan.at
    })
}

pub(super) fn reached(point: Point) {
    if point == Point::AnswerIsRead {
        assert!(!is_now(|deed| deed == Deed::Panic), "a fault of a test");
    }
    if is_now(|deed| deed == Deed::Kill(point)) {
        die();
    }
}

/// The log before a commit whose power is going to fail.
#[derive(Debug)]
pub(super) struct CommitLog {
    path: PathBuf,
    length: u64,
    seed: u64,
}

pub(super) fn commit_begins(ledger: &Path) -> std::io::Result<Option<CommitLog>> {
    if is_now(|deed| deed == Deed::Fill) {
        return Err(std::io::ErrorKind::StorageFull.into());
    }
    if !is_now(|deed| matches!(deed, Deed::CutPower(_))) {
        return Ok(None);
    }
    let Some(Deed::CutPower(seed)) = PLAN.get().map(|plan| plan.deed) else {
        return Ok(None);
    };
    let mut path = ledger.as_os_str().to_owned();
    path.push("-wal");
    let path = PathBuf::from(path);
    let length = std::fs::metadata(&path).map_or(0, |found| found.len());
    Ok(Some(CommitLog { path, length, seed }))
}

/// Tears the end of the log that nobody was promised, and dies.
pub(super) fn commit_ends(log: Option<CommitLog>) {
    let Some(CommitLog { path, length, seed }) = log else {
        return;
    };
    let torn = || -> std::io::Result<()> {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
        let written = file.metadata()?.len();
        let kept = dice.u64(length.min(written)..=written);
        file.set_len(kept)?;
        file.seek(SeekFrom::End(0))?;
        let noise: Vec<u8> = (0..dice.usize(0..9000)).map(|_| dice.u8(..)).collect();
        file.write_all(&noise)
    };
    torn().expect("the log of the ledger can be torn");
    die();
}

fn die() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    loop {
        thread::park();
    }
}
