//! The question, the answers, and what makes a file that was found unfit to be sent.

use std::borrow::Cow;

use super::query::Query;
use super::steps::Alternative;
use crate::recordings::Recording;
use crate::recordings::asked_part::{AskedPart, shown};
use crate::recordings::claims::Claims;
use crate::recordings::index::captures::CaptureKey;
use crate::recordings::index::lookup::{FileState, Index, IndexedFile};
use crate::recordings::name::{OutsideFolder, ParsedName, WantedName, read};
use crate::recordings::{Depth, content_type, look};

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
    pub likeness: Likeness,
    /// Whether that proves that the recording is the call's.
    pub grade: Grade,
}

/// How certain it is that a recording belongs to a call, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grade {
    /// It has the whole name that is asked for first; its extension may differ.
    Exact,
    /// A pattern captured in its name what the record says.
    Pattern,
    /// Anything else: a wildcard, other letters or separators, fewer folders, a further template.
    Inexact,
}

impl Grade {
    /// In lists for people and programs.
    pub const fn name(self) -> &'static str {
        match self {
            Grade::Exact => "exact",
            Grade::Pattern => "pattern",
            Grade::Inexact => "inexact",
        }
    }
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

/// How well a file's name fits, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Likeness {
    /// As asked.
    Exact,
    /// In other letter case.
    OtherCase,
    /// With `_` or percent escapes in place of characters, or the other way round.
    Escaped,
    /// With another audio extension than asked for.
    OtherExtension,
}

impl Index {
    /// The recording of a call. Reads nothing but the index, so no name can reach out of the folder.
    pub fn find(&self, ask: &RecordingSearch<'_>) -> SearchResult {
        let mut is_first = ask.keys.is_empty();
        let mut asks_first = true;
        for (position, name) in ask.names.iter().enumerate() {
            let by = SearchStep::Name(position);
            let refused = |why| SearchResult::Refused {
                name: shown(name),
                why,
            };
            let wanted = match read(name, ask.record) {
                ParsedName::Nothing => continue,
                ParsedName::Refused(why) => return refused(why),
                ParsedName::Wanted(wanted) => wanted,
            };
            // A path through a link says where it means; nothing like it elsewhere is meant.
            let wanted = match self.aliased(&wanted) {
                Some(Alternative::Outside) => return refused(OutsideFolder::Link),
                Some(Alternative::Elsewhere(wanted)) => wanted,
                None => wanted,
            };
            let (text, query) = (shown(name), Query::new(&wanted, ask.owned));
            if let Some(found) = self.asked(&query, (by, asks_first), &text) {
                return found;
            }
            if let Some(ids) = self.escaped(&text, ask.owned) {
                let (likeness, grade) = (Likeness::Escaped, Grade::Inexact);
                let how = FoundBy {
                    by,
                    likeness,
                    grade,
                };
                return self.verdict(&ids, how, &text);
            }
            (asks_first, is_first) = (false, false);
        }
        let mut keys = ask.keys.iter().enumerate();
        let captured = keys.find_map(|(position, key)| {
            self.captured(key, SearchStep::Captured(position), ask.owned)
        });
        captured.unwrap_or_else(|| self.identified(ask, is_first))
    }

    /// What one name finds; the whole name is only exact where it is the first that is asked for.
    fn asked(
        &self,
        query: &Query<'_>,
        (by, is_first): (SearchStep, bool),
        text: &str,
    ) -> Option<SearchResult> {
        let whole = self.whole(query).map(|hits| (hits, is_first));
        let ((ids, likeness), is_exact) = whole.or_else(|| Some((self.similar(query)?, false)))?;
        let grade = if is_exact {
            Grade::Exact
        } else {
            Grade::Inexact
        };
        let how = FoundBy {
            by,
            likeness,
            grade,
        };
        Some(self.verdict(&ids, how, text))
    }

    fn captured(&self, key: &CaptureKey, by: SearchStep, owned: Owned<'_>) -> Option<SearchResult> {
        let free = |ids| self.free(ids, owned);
        let (ids, likeness) = self.captured.as_ref()?.find(key, free)?;
        let grade = match likeness {
            Likeness::Exact => Grade::Pattern,
            _ => Grade::Inexact,
        };
        let how = FoundBy {
            by,
            likeness,
            grade,
        };
        Some(self.verdict(&ids, how, &key.shown()))
    }

    fn identified(&self, ask: &RecordingSearch<'_>, is_first: bool) -> SearchResult {
        let found = WantedName::anywhere(ask.identity).and_then(|wanted| {
            let query = Query::new(&wanted, ask.owned);
            let whole = self.whole(&query).map(|hits| (hits, is_first));
            let ((ids, likeness), is_exact) =
                whole.or_else(|| Some((self.literal(&query)?, false)))?;
            let grade = if is_exact {
                Grade::Exact
            } else {
                Grade::Inexact
            };
            let by = SearchStep::Identity;
            let how = FoundBy {
                by,
                likeness,
                grade,
            };
            Some(self.verdict(&ids, how, ask.identity))
        });
        found.unwrap_or(SearchResult::Missing)
    }

    fn verdict(&self, ids: &[u32], how: FoundBy, asked: &str) -> SearchResult {
        let ids = self.distinct(ids);
        let [id] = *ids else {
            return SearchResult::Several {
                // A link out of the folder is counted, so that nobody chooses between the others,
                // and never handed out.
                first: ids
                    .iter()
                    .filter(|id| self.entries[**id as usize].state == FileState::Ready)
                    .take(SearchResult::SHOWN)
                    .map(|id| self.recording(*id))
                    .collect(),
                total: ids.len(),
                how,
            };
        };
        let entry = &self.entries[id as usize];
        let unusable = |why| SearchResult::Unusable {
            recording: self.recording(id),
            why,
            how,
        };
        match entry.state {
            FileState::Outside => SearchResult::Refused {
                name: asked.to_owned(),
                why: OutsideFolder::Link,
            },
            FileState::Special => unusable(Unusable::NotAFile),
            FileState::Unreadable => unusable(Unusable::Unreadable),
            FileState::Ready if self.is_without_sound(id, entry) => unusable(Unusable::Empty),
            FileState::Ready if entry.bytes > self.largest => unusable(Unusable::TooLarge),
            FileState::Ready => SearchResult::One(self.recording(id), how),
        }
    }

    /// Whether there is more than a header in a recording of this index.
    pub fn has_sound(&self, recording: &Recording) -> bool {
        let entry = self.entries.get(recording.id as usize);
        entry.is_some_and(|entry| !self.is_without_sound(recording.id, entry))
    }

    /// Whether a recording has more bytes than the API takes.
    pub fn is_too_large(&self, recording: &Recording) -> bool {
        recording.bytes > self.largest
    }

    /// A WAV header alone is 44 bytes; FreePBX leaves such files for calls that were not recorded. Other
    /// files of this size, such as error pages, hold no empty sound, but something else.
    fn is_without_sound(&self, id: u32, entry: &IndexedFile) -> bool {
        let is_wave = || content_type(self.file_name(entry)) == "audio/wav";
        let is_header = || {
            let look = look(&self.recording(id), Depth::Header);
            look.is_ok_and(|probe| probe.is_ok_and(|probe| probe.seconds == Some(0.0)))
        };
        entry.bytes == 0 || (entry.bytes <= 44 && is_wave() && is_header())
    }

    /// A link and its target are one recording.
    fn distinct<'a>(&self, ids: &'a [u32]) -> Cow<'a, [u32]> {
        if !ids.iter().any(|id| self.twins.contains_key(id)) {
            return Cow::Borrowed(ids);
        }
        let mut ids: Vec<u32> = ids
            .iter()
            .map(|id| *self.twins.get(id).unwrap_or(id))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        Cow::Owned(ids)
    }
}
