//! A part that is open to be joined or converted.

use std::fs::File;
use std::io::{self, Seek as _};
use std::path::Path;

use super::job::TranscodePart;
use super::scratch::Scratch;
use crate::recordings::{OpenRecording, RecordingError};

/// An open part, as a file that a program of this machine can be handed.
pub(super) struct OpenPart<'j> {
    pub(super) part: &'j TranscodePart,
    opened: OpenRecording,
    /// The part itself where it is a file of this machine, what its store sent otherwise.
    pub(super) file: File,
    /// Removes the name of what its store sent.
    #[cfg(not(unix))]
    copy: Option<Scratch>,
}

impl<'j> OpenPart<'j> {
    /// Opens a part; fetches it into a temporary file of this folder where it is not on this machine.
    pub(super) fn open(part: &'j TranscodePart, folder: &Path) -> Result<Self, RecordingError> {
        let mut opened = part.recording.open()?;
        let (file, _copy) = match &mut opened {
            OpenRecording::File(file) => (file.try_clone()?, None),
            OpenRecording::Stream(stream) => {
                let copy = fetch(stream, folder)?;
                (copy.file().try_clone()?, Some(copy))
            }
        };
        Ok(OpenPart {
            part,
            opened,
            file,
            #[cfg(not(unix))]
            copy: _copy,
        })
    }

    /// Whether the part is still as it was found.
    pub(super) fn verify(&self) -> Result<(), RecordingError> {
        self.part.recording.verify(&self.opened)
    }

    /// Where a program finds it, where handles cannot be handed on.
    #[cfg(not(unix))]
    pub(super) fn path(&self) -> std::path::PathBuf {
        let own = || self.part.recording.local_path().unwrap_or_default();
        let copy = self.copy.as_ref();
        copy.map_or_else(own, |copy| copy.path().to_owned())
    }
}

fn fetch(stream: &mut impl io::Read, folder: &Path) -> io::Result<Scratch> {
    let copy = Scratch::new(folder)?;
    io::copy(stream, &mut copy.file())?;
    copy.file().rewind()?;
    Ok(copy)
}
