//! What is found in a recording, or why nothing is.

use std::borrow::Cow;
use std::io;

use crate::recordings::container::Container;

/// What a file says about where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileEnd {
    /// That it is there, or nothing.
    Fine,
    /// Its format marks the end, and here no mark is.
    Unmarked,
    /// That it is farther than the file reaches.
    Cut,
}

impl FileEnd {
    pub(super) fn cut_if(is_cut: bool) -> FileEnd {
        if is_cut { FileEnd::Cut } else { FileEnd::Fine }
    }
}

/// What the header of a recording says.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// The format of the file.
    pub container: Container,
    /// The name of the codec for people (`PCM 16 bit`, `A-law`, `MP3`, …).
    pub codec: Cow<'static, str>,
    /// How many channels; `None` when the header does not say.
    pub channels: Option<u16>,
    /// Samples a second; `None` when the header does not say.
    pub rate: Option<u32>,
    /// Length in seconds of what is really there; `None` when the header does not say.
    pub seconds: Option<f64>,
    /// What the file says about where it ends.
    pub end: FileEnd,
    /// Whether the file's name promises another format.
    pub mislabelled: bool,
    /// Whether its sound is nothing but zeros, as far as a few places tell.
    pub is_silent: bool,
}

impl Probe {
    pub(super) fn new(container: Container, codec: impl Into<Cow<'static, str>>) -> Self {
        Probe {
            container,
            codec: codec.into(),
            channels: None,
            rate: None,
            seconds: None,
            end: FileEnd::Fine,
            mislabelled: false,
            is_silent: false,
        }
    }

    /// Whether the file ends before its header says.
    pub fn is_cut(&self) -> bool {
        self.end == FileEnd::Cut
    }

    /// Whether the format is one of those that every program for speech reads. Others the server may
    /// not take: the codecs of telephone exchanges, and formats that went out of use.
    pub fn is_common(&self) -> bool {
        match self.container {
            Container::Wav => {
                self.codec.starts_with("PCM") || matches!(&*self.codec, "A-law" | "µ-law" | "MP3")
            }
            Container::Mpeg | Container::Adts | Container::Flac => true,
            Container::Ogg => matches!(&*self.codec, "Opus" | "Vorbis" | "FLAC"),
            Container::Mp4 => matches!(&*self.codec, "AAC" | "ALAC" | "MP3" | "unknown"),
            _ => false,
        }
    }

    /// Container and codec in a few words.
    pub fn shown(&self) -> String {
        if self.codec.contains(self.container.name())
            || self.container.name().contains(&*self.codec)
        {
            self.codec.clone().into_owned()
        } else {
            format!("{} in {}", self.codec, self.container)
        }
    }
}

/// Why a recording says nothing about itself.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It could not be opened or read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It has no byte.
    #[error("the file is empty")]
    Empty,
    /// Its content is known to be something else than sound.
    #[error("the content is {0}")]
    NotSound(&'static str),
    /// It holds nothing but zeros where its header should be.
    #[error("the content is nothing but zeros")]
    Blank,
    /// It starts as a recording does, and no sound can be in it.
    #[error("a {container} file without sound: {what}")]
    Soundless {
        /// The format that it starts as.
        container: Container,
        /// How that is known.
        what: &'static str,
    },
    /// It is encrypted, with this.
    #[error("it is encrypted with {0}")]
    Encrypted(&'static str),
    /// Its content is of no known kind.
    #[error("the content is of no known format")]
    Unknown,
    /// It ends before its header does, or before what its header promises can be read.
    #[error("a {0} file that ends before it is complete")]
    Cut(Container),
    /// Its header contradicts itself.
    #[error("a damaged {container} file: {what}")]
    Damaged {
        /// The format that it starts as.
        container: Container,
        /// What is wrong.
        what: Cow<'static, str>,
    },
    /// Its tables would fill the memory.
    #[error("the tables of the {0} file are too many or too large, and are not read")]
    TooLarge(Container),
    /// Audio whose header is not read here. The server may still take it.
    #[error("the header of a {0} file is not read")]
    Unread(Container),
}
