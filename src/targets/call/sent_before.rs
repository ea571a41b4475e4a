//! Recordings that an earlier run has sent with another call.

use std::io;

use super::pending::PendingCall;
use super::plan;
use super::target::CallTarget;
use crate::domain::{Code, Problem, Severity};
use crate::ledger::{LedgerReader, SentFile, SentTo, SentUntil};
use crate::pipeline::{EarlierRuns, Error};
use crate::recordings::{Index, Recording, RecordingError};

/// Takes a recording away from a call that another call has got in an earlier run; the call waits
/// for its own.
pub(in crate::targets) fn refuse_sent(
    past: Option<&EarlierRuns>,
    target: &CallTarget,
    reader: &LedgerReader,
    open: &mut PendingCall<'_>,
) -> Result<(), Error> {
    let (Some(past), Some(index)) = (past, &target.recordings) else {
        return Ok(());
    };
    let found = &open.found;
    let recordings = found.recording.iter().chain(&found.others);
    for recording in recordings.filter(|_| found.recording.is_some()) {
        let Some(sent) = sent_to(reader, past.sent, index, recording, open.call.identity())? else {
            continue;
        };
        let message = format!(
            "an earlier run sent this recording with the call {}; this call waits for its own",
            sent.identity
        );
        let problem = Problem::new(Code::RecordingShared, open.location.clone(), message);
        let problem = problem
            .at("recording", &recording.name)
            .with_severity(Severity::Warning);
        let found = &mut open.found;
        found.problems.push(problem.holding());
        found.state = plan::RecordingPresence::Missing;
        found.others.extend(found.recording.take());
        break;
    }
    Ok(())
}

/// The other call that got a recording. The ledger knows a file by its name below `--audio`, and that
/// may have been a folder above or below in an earlier run.
fn sent_to(
    reader: &LedgerReader,
    until: SentUntil,
    index: &Index,
    recording: &Recording,
    identity: &str,
) -> Result<Option<SentTo>, Error> {
    if until == SentUntil::default() {
        return Ok(None);
    }
    let mut content = FileContent::Unread(recording);
    for name in index.names_from_above(recording) {
        let bytes = recording.bytes();
        let file = SentFile { name, bytes };
        let sent = reader.sent_to(&file, identity, until, |sent| content.is_what_was(sent))?;
        if sent.is_some() {
            return Ok(sent);
        }
    }
    Ok(None)
}

/// What is in a file, which is read once and only where a name and a size are those of a sent one.
enum FileContent<'r> {
    Unread(&'r Recording),
    Read(Option<[u8; 32]>),
}

impl FileContent<'_> {
    /// Whether this is what was sent, as far as that is known.
    fn is_what_was(&mut self, sent: &SentTo) -> bool {
        let Some(hash) = sent.hash else {
            return true;
        };
        if let FileContent::Unread(recording) = self {
            *self = FileContent::Read(hash_of(recording).ok());
        }
        matches!(self, FileContent::Read(now) if now.is_none_or(|now| now == hash))
    }
}

fn hash_of(recording: &Recording) -> Result<[u8; 32], RecordingError> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut recording.open()?, &mut hasher)?;
    Ok(*hasher.finalize().as_bytes())
}
