//! The question, the answers, and what makes a file that was found unfit to be sent.

use super::grade::Grade;
use crate::recordings::asked_part::AskedPart;
use crate::recordings::claims::Claims;
use crate::recordings::index::captures::CaptureKey;
use crate::recordings::name::OutsideFolder;
use crate::recordings::spelling::NameLikeness;
use crate::recordings::store::recording::Recording;

/// What a call says about its recording.
#[derive(Debug, Clone, Copy)]
pub struct RecordingSearch<'a> {
    /// Rendered match templates, tried in order: a file name or a path below the audio folder, with
    /// or without extension, `*` and `?` as wildcards; or a URL, of which the last segment counts.
    pub names: &'a [Vec<AskedPart<'a>>],
    /// What naming patterns must have captured; asked when no name finds anything.
    pub keys: &'a [CaptureKey],
    /// The external id: the stem of a file with any audio extension, at any depth. Empty for none.
    pub identity: &'a str,
    /// The id of the record, which a name without its folders may not lose.
    pub record: &'a str,
    /// What belongs to other calls is not there.
    pub owned: Owned<'a>,
}

/// Who owns which recording, and the hash of the call that asks; nothing is owned without it.
pub type Owned<'a> = Option<(&'a Claims, u64)>;

/// What the index has for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchResult {
    /// Nothing.
    Missing,
    /// Exactly one recording.
    One(Recording, FoundBy),
    /// Several that fit equally well.
    Several {
        /// The first of them, at most [`SearchResult::SHOWN`].
        first: Vec<Recording>,
        /// How many there are.
        total: usize,
        /// What they were found by.
        how: FoundBy,
    },
    /// The name, or the link that it names, leaves the audio folder. Nothing else was tried.
    Refused {
        /// As the export says it.
        name: String,
        /// In which way it leaves.
        why: OutsideFolder,
    },
    /// One file, and it cannot be sent.
    Unusable {
        /// The file.
        recording: Recording,
        /// What is wrong with it.
        why: Unusable,
        /// What it was found by.
        how: FoundBy,
    },
}

impl SearchResult {
    /// The most recordings that [`SearchResult::Several`] carries.
    pub const SHOWN: usize = 64;

    /// How certain it is that what was found is the call's; nothing where nothing was found.
    pub fn grade(&self) -> Option<Grade> {
        match self {
            SearchResult::One(_, how)
            | SearchResult::Several { how, .. }
            | SearchResult::Unusable { how, .. } => Some(how.grade),
            SearchResult::Missing | SearchResult::Refused { .. } => None,
        }
    }

    /// What was found, whether it can be sent or not.
    pub fn into_recordings(self) -> Vec<Recording> {
        match self {
            SearchResult::One(recording, _) | SearchResult::Unusable { recording, .. } => {
                vec![recording]
            }
            SearchResult::Several { first, .. } => first,
            SearchResult::Missing | SearchResult::Refused { .. } => Vec::new(),
        }
    }

    /// The same, and no more certain than this.
    #[must_use]
    pub fn at_most(mut self, grade: Grade) -> SearchResult {
        if let SearchResult::One(_, how)
        | SearchResult::Several { how, .. }
        | SearchResult::Unusable { how, .. } = &mut self
        {
            how.grade = how.grade.max(grade);
        }
        self
    }
}

/// What is wrong with a file that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unusable {
    /// No byte, or nothing but the header of a WAV file.
    Empty,
    /// More bytes than the API takes.
    TooLarge,
    /// Its size could not be read, or it is a link to nowhere.
    Unreadable,
    /// A device, a pipe, a socket: nothing that is ever opened.
    NotAFile,
}

/// What a recording was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FoundBy {
    /// Which part of the [`RecordingSearch`].
    pub by: SearchStep,
    /// How well it fits.
    pub likeness: NameLikeness,
    /// Whether that proves that the recording is the call's.
    pub grade: Grade,
}

/// The part of an [`RecordingSearch`] that found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SearchStep {
    /// The match template of this position, from 0.
    Name(usize),
    /// The key of this position, as a naming pattern captured it.
    Captured(usize),
    /// The external id, as a file's stem.
    Identity,
}
