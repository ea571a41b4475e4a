//! What the rest of the program tells the ledger about a call.

use super::sent_content::SentContent;
use super::state::CallState;
use crate::domain::{Code, Party};
use crate::ledger::stage::Stage;

/// A file that is sent as the recording of a call, or as a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentFile {
    /// Its name below the audio folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// The hash of a recording that was looked up and is there: which bytes an earlier run sent, and
/// what somebody else sent, is not known.
pub const UNKNOWN_HASH: [u8; 32] = [0; 32];

/// What happened to a call, or is about to happen.
///
/// `fingerprint` is [`crate::domain::call::Call::fingerprint`] of the content that the fact is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallFact {
    /// The create request is about to leave.
    CreateIntended {
        /// What is about to be sent.
        fingerprint: u128,
        /// With whom the call was, and when.
        party: Party,
        /// What it carries, as the ledger keeps it beside the calls.
        content: SentContent,
    },
    /// We made the conversation (200, or a 409 that answers an earlier try of ours).
    Created {
        /// What the server has. After a lost answer this is what was sent then, not what the
        /// export says now.
        fingerprint: u128,
        /// Its uid, unless a 409 said it.
        uid: Option<String>,
    },
    /// Somebody else made the conversation, and we go on with the recording.
    Adopted {
        /// What the export says; it was not sent.
        fingerprint: u128,
        /// Its uid, if it could be looked up.
        uid: Option<String>,
    },
    /// Somebody else made the conversation, and the operator said to leave it.
    LeftAlone {
        /// What the export says; it was not sent.
        fingerprint: u128,
    },
    /// The conversation goes without a recording.
    WithoutRecording {
        /// The recording was looked for and is not there, and the operator said to do without it; else
        /// nobody has looked for one.
        was_sought: bool,
    },
    /// The upload request is about to leave.
    UploadIntended {
        /// The size of the recording.
        bytes: u64,
    },
    /// The recording that is about to be sent is made of these files, which no other call may have.
    Takes {
        /// All of them.
        files: Vec<SentFile>,
    },
    /// The recording arrived, and more is known of its bytes.
    Hashed {
        /// SHA-256 of the bytes that are in place.
        sha256: [u8; 32],
    },
    /// The recording that is about to be sent lasts so long.
    Lasts {
        /// Milliseconds, as the headers of its files say.
        milliseconds: u64,
    },
    /// The recording is about to be sent again, although an earlier try may have arrived.
    UploadResent {
        /// How often that was done by now.
        times: u32,
    },
    /// The recording arrived.
    Uploaded {
        /// BLAKE3 of the bytes that were sent; [`UNKNOWN_HASH`] where that is not known.
        hash: [u8; 32],
        /// How many they were.
        bytes: u64,
        /// How often they were sent again although an earlier try may have arrived.
        in_doubt_resends: u32,
        /// How many bytes the file had of which they were sent; `None` where that is not known.
        source: Option<u64>,
    },
    /// A request that changes the call is about to leave. Until it is known what became of it, the server may have
    /// either content.
    ChangeIntended {
        /// What the server has, with what is in doubt from now on.
        content: SentContent,
    },
    /// The call was changed.
    Changed {
        /// What the server has now.
        fingerprint: u128,
        /// Its fields and its record.
        content: SentContent,
    },
    /// The server refused to change the call: it has what it had.
    NotChanged {
        /// What that is.
        fingerprint: u128,
    },
    /// Not sent: it waits for a later run, which decides anew.
    Held {
        /// What the export says.
        fingerprint: u128,
        /// The problem for which it waits.
        why: Code,
    },
    /// The server said no to this call.
    Refused {
        /// What was sent.
        fingerprint: u128,
        /// Which request.
        stage: Stage,
        /// The HTTP status.
        status: u16,
        /// What it said. Kept masked: see `mask.rs`.
        message: String,
    },
    /// Tried as often as allowed; the next run tries again.
    Failed {
        /// What was sent, or would have been.
        fingerprint: u128,
        /// Which request.
        stage: Stage,
        /// The HTTP status of the last try, if it was answered.
        status: Option<u16>,
        /// What went wrong. Kept masked.
        why: String,
    },
    /// Nothing can have come of the request: it never left, or the answer says that nothing was done.
    /// The intent is taken back.
    NotSent {
        /// Which request.
        stage: Stage,
        /// What the ledger knew before this run began with the call; `None` for nothing.
        before: Option<Box<CallState>>,
    },
}
