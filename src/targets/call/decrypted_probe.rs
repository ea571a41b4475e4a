//! What is in a recording that is encrypted.

use crate::domain::Code;
use crate::recordings::{Depth, Probe, Recording, TranscodeFailure, Transcoder, probe_encrypted};

/// Why nobody could look into it.
pub(in crate::targets) struct Undecrypted {
    pub(in crate::targets) code: Code,
    pub(in crate::targets) message: String,
}

/// What is in a recording, and how many bytes of it, by having it decrypted.
pub(in crate::targets) fn decrypted_probe(
    recording: &Recording,
    transcoder: &Transcoder,
    depth: Depth,
) -> Result<(Probe, u64), Undecrypted> {
    let undecrypted = |code, message| Undecrypted { code, message };
    match probe_encrypted(recording, transcoder, depth) {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(inner)) => {
            let message =
                format!("what the command for [audio] decrypt gives is no recording ({inner})");
            Err(undecrypted(Code::RecordingEncrypted, message))
        }
        Err(TranscodeFailure::Changed(change)) => {
            Err(undecrypted(Code::RecordingChanged, change.to_string()))
        }
        Err(failure) => Err(undecrypted(Code::RecordingEncrypted, failure.to_string())),
    }
}
