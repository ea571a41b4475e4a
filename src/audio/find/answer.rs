//! The question, the answers, and what makes a file that was found unfit to be sent.

use std::borrow::Cow;

use super::query::Query;
use super::search::Alternative;
use crate::audio::content_type;
use crate::audio::index::{Entry, Index, Recording, State};
use crate::audio::name::{Reading, Refusal, Wanted, read};
use crate::audio::naming::Key;

/// What a call says about its recording.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Rendered match templates, tried in order: a file name or a path below the audio folder, with
    /// or without extension, `*` and `?` as wildcards; or a URL, of which the last segment counts.
    pub names: &'a [Cow<'a, str>],
    /// What naming patterns must have captured; asked when no name finds anything.
    pub keys: &'a [Key],
    /// The external id: the stem of a file with any audio extension, at any depth. Empty for none.
    pub identity: &'a str,
}

/// What the index has for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Missing,
    /// Exactly one recording.
    One(Recording, How),
    /// Several that fit equally well.
    Several {
        /// The first of them, at most [`Found::SHOWN`].
        first: Vec<Recording>,
        /// How many there are.
        total: usize,
        /// What they were found by.
        how: How,
    },
    /// The name, or the link that it names, leaves the audio folder. Nothing else was tried.
    Refused {
        /// As the export says it.
        name: String,
        /// In which way it leaves.
        why: Refusal,
    },
    /// One file, and it cannot be sent.
    Unusable {
        /// The file.
        recording: Recording,
        /// What is wrong with it.
        why: Unusable,
    },
}

impl Found {
    /// The most recordings that [`Found::Several`] carries.
    pub const SHOWN: usize = 64;
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
pub struct How {
    /// Which part of the [`Ask`].
    pub by: By,
    /// How well it fits.
    pub likeness: Likeness,
}

/// The part of an [`Ask`] that found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
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
    pub fn find(&self, ask: &Ask<'_>) -> Found {
        for (position, name) in ask.names.iter().enumerate() {
            let by = By::Name(position);
            let wanted = match read(name) {
                Reading::Nothing => continue,
                Reading::Refused(why) => {
                    return Found::Refused {
                        name: name.to_string(),
                        why,
                    };
                }
                Reading::Wanted(wanted) => wanted,
            };
            // A path through a link says where it means; nothing like it elsewhere is meant.
            let wanted = match self.aliased(&wanted) {
                Some(Alternative::Outside) => {
                    return Found::Refused {
                        name: name.to_string(),
                        why: Refusal::Link,
                    };
                }
                Some(Alternative::Elsewhere(wanted)) => wanted,
                None => wanted,
            };
            if let Some((ids, likeness)) = self.named(&wanted) {
                return self.verdict(&ids, How { by, likeness }, name);
            }
            if let Some(ids) = self.escaped(name) {
                let likeness = Likeness::Escaped;
                return self.verdict(&ids, How { by, likeness }, name);
            }
        }
        let mut keys = ask.keys.iter().enumerate();
        keys.find_map(|(position, key)| self.captured(key, By::Captured(position)))
            .unwrap_or_else(|| self.identified(ask.identity))
    }

    fn captured(&self, key: &Key, by: By) -> Option<Found> {
        let (ids, likeness) = self.captured.as_ref()?.find(key)?;
        Some(self.verdict(&ids, How { by, likeness }, &key.shown()))
    }

    fn identified(&self, identity: &str) -> Found {
        let hits = Wanted::anywhere(identity).and_then(|wanted| self.literal(&Query::new(&wanted)));
        match hits {
            Some((ids, likeness)) => {
                let by = By::Identity;
                self.verdict(&ids, How { by, likeness }, identity)
            }
            None => Found::Missing,
        }
    }

    fn verdict(&self, ids: &[u32], how: How, asked: &str) -> Found {
        let ids = self.distinct(ids);
        let [id] = *ids else {
            return Found::Several {
                // A link out of the folder is counted, so that nobody chooses between the others,
                // and never handed out.
                first: ids
                    .iter()
                    .filter(|id| self.entries[**id as usize].state == State::Ready)
                    .take(Found::SHOWN)
                    .map(|id| self.recording(*id))
                    .collect(),
                total: ids.len(),
                how,
            };
        };
        let entry = &self.entries[id as usize];
        let unusable = |why| Found::Unusable {
            recording: self.recording(id),
            why,
        };
        match entry.state {
            State::Outside => Found::Refused {
                name: asked.to_owned(),
                why: Refusal::Link,
            },
            State::Special => unusable(Unusable::NotAFile),
            State::Unreadable => unusable(Unusable::Unreadable),
            State::Ready if self.is_without_sound(entry) => unusable(Unusable::Empty),
            State::Ready if entry.bytes > self.largest => unusable(Unusable::TooLarge),
            State::Ready => Found::One(self.recording(id), how),
        }
    }

    /// Whether there is more than a header in a recording of this index.
    pub fn has_sound(&self, recording: &Recording) -> bool {
        let entry = self.entries.get(recording.id as usize);
        entry.is_some_and(|entry| !self.is_without_sound(entry))
    }

    /// Whether a recording has more bytes than the API takes.
    pub fn is_too_large(&self, recording: &Recording) -> bool {
        recording.bytes > self.largest
    }

    /// A WAV header alone is 44 bytes; FreePBX leaves such files for calls that were not recorded.
    fn is_without_sound(&self, entry: &Entry) -> bool {
        let is_wave = || content_type(self.file_name(entry)) == "audio/wav";
        entry.bytes == 0 || (entry.bytes <= 44 && is_wave())
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
