//! Recordings that an earlier run has sent with another call.

use std::io;
use std::path::Path;

use super::Error;
use super::desk::{Desk, Open};
use super::sound::sent_file;
use crate::call::{Code, Problem, Severity};
use crate::ledger::{Reader, SentTo};
use crate::plan;

impl Desk<'_> {
    /// Takes a recording away from a call that another call has got in an earlier run; the call waits
    /// for its own.
    pub(super) fn refuse_sent(&self, reader: &Reader, open: &mut Open<'_>) -> Result<(), Error> {
        let Some(past) = &self.road.past else {
            return Ok(());
        };
        let sound = &open.sound;
        let recordings = sound.recording.iter().chain(&sound.others);
        for recording in recordings.filter(|_| sound.recording.is_some()) {
            let file = sent_file(recording);
            let sent = reader.sent_to(&file, open.call.identity(), past.sent)?;
            let Some(sent) = sent.filter(|sent| is_the_same(sent, &recording.path)) else {
                continue;
            };
            let message = format!(
                "an earlier run sent this recording with the call {}; this call waits for its own",
                sent.identity
            );
            let problem = Problem::new(Code::RecordingShared, open.place.clone(), message);
            let problem = problem
                .at("recording", &recording.name)
                .with_severity(Severity::Warning);
            let sound = &mut open.sound;
            sound.problems.push(problem.holding());
            sound.state = plan::Recording::Missing;
            sound.others.extend(sound.recording.take());
            break;
        }
        Ok(())
    }
}

/// Whether a file of the same name and size is what was sent, as far as that is known.
fn is_the_same(sent: &SentTo, path: &Path) -> bool {
    let hash_of = |path: &Path| -> io::Result<[u8; 32]> {
        let mut hasher = blake3::Hasher::new();
        io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
        Ok(*hasher.finalize().as_bytes())
    };
    match sent.hash {
        Some(hash) => hash_of(path).map_or(true, |now| now == hash),
        None => true,
    }
}
