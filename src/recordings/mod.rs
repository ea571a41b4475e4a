//! The recordings: which there are, which belongs to a call, and what is in it.
//!
//! An [`Index`] is built of what a [`RecordingStore`] lists and then only asked, from any thread. A
//! name from an export is a key into that index and is never joined to a path, so nothing that an
//! export says can open a file outside of the folder, a device or a pipe; names that try are
//! refused aloud. A [`Recording`] opens only as the very file that the walk saw, and through no link,
//! whatever has happened to its folder since. Where two files fit equally well both are reported: nothing is guessed.
//! [`probe`] reads the header of a recording, [`Claims`] knows which call took which recording, and a
//! [`Transcoder`] makes one of several or of a kind that the server may not take.
//! Left to others: what a missing or doubtful recording means for its call, and the sending.

mod asked_part;
mod choose;
mod claims;
mod container;
mod extension;
mod index;
mod loudness;
mod name;
mod probe;
mod search;
mod sidecar;
mod silence;
mod skew;
mod sound;
mod spelling;
mod store;
mod timestamp;
mod transcode;
mod value_held;
mod wildcard;

pub use asked_part::AskedPart;
pub use choose::{ChosenRecordings, SeveralRecordings};
pub use claims::{ClaimStatus, Claimant, Claims};
pub use container::Container;
pub use extension::{content_type, is_audio_extension};
pub use index::build::{build_index, index_store};
pub use index::captures::{CaptureKey, Naming};
pub use index::lookup::{Index, IndexOptions};
pub use index::places::{PlaceKind, StoreExtent, StoreRequests};
pub use loudness::{ChannelLoudness, Loudness, STEP, VoiceShape, loudness};
pub use name::OutsideFolder;
pub use probe::{Depth, FileEnd, Probe, ProbeError, probe, probe_found};
pub use search::grade::Grade;
pub use search::{FoundBy, Owned, RecordingSearch, SearchResult, SearchStep, Unusable, find};
pub use sidecar::Sidecar;
pub use silence::silent_channels;
pub use skew::Skew;
pub use spelling::{NameLikeness, plain_name};
pub use store::error::{FileChange, IndexError, RecordingError, StoreFailure};
pub use store::key::RecordingKey;
pub use store::listing::{ColdRecordings, Listing, Unlisted};
pub use store::local::LocalFolder;
pub use store::open_recording::{OpenRecording, ReadSeek};
pub use store::recording::Recording;
pub use store::recording_fetch::{FetchAnswer, RecordingFetch};
pub use store::recording_store::{ReadExtent, RecordingStore, StoreOutage};
pub use store::recycle_bins::is_bin;
pub use store::sendable::Sendable;
pub use store::traffic::StoreTraffic;
pub use store::version::ObjectVersion;
pub use timestamp::{NameTimestamp, stamp};
pub use transcode::{
    CancelFlag, Decryptor, Ffmpeg, NoFfmpeg, NotTranscodable, ProgramEnvironment, TranscodeFailure,
    TranscodeJob, Transcoded, Transcoder, probe_encrypted,
};

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Opens a regular file that somebody named, and tells its length. Whatever else stands there is not opened: opening a
/// pipe would wait for its writer, and opening a device may do anything.
fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    let refuse = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    if !path.symlink_metadata()?.is_file() {
        return Err(refuse());
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(refuse());
    }
    Ok((file, metadata))
}
