//! Which recording belongs to a call.
//!
//! A look-up goes from certain to less certain and stops at the first step that finds anything, so
//! that a better match always wins and two equal ones are reported instead of chosen from.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;
use xxhash_rust::xxh3::xxh3_64;

use super::index::{Entry, Index, Recording, State, outwards};
use super::name::{Reach, Reading, Refusal, Wanted, read};
use super::spelling::{folded, loosened};
use super::wildcard;

/// What a call says about its recording.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Rendered match templates, tried in order: a file name or a path below the audio folder, with
    /// or without extension, `*` and `?` as wildcards; or a URL, of which the last segment counts.
    pub names: &'a [Cow<'a, str>],
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
    /// The external id.
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

/// The files that fit a name, and how well.
type Hits = Option<(Vec<u32>, Likeness)>;

/// Which folders a file may be in; all folded, innermost last.
#[derive(Clone, Copy)]
enum Relation<'a> {
    Any,
    Same(&'a [String]),
    Below(&'a [String]),
}

/// A name in the forms in which it is looked up.
struct Query<'a> {
    wanted: &'a Wanted,
    folders: Vec<String>,
    /// Folded file name, which is the stem when the name has no extension.
    file: Cow<'a, str>,
    /// Folded stem and extension as asked, when it is an audio extension.
    parts: Option<(Cow<'a, str>, &'a str)>,
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
            if let Some((ids, likeness)) = self.named(&wanted) {
                return self.verdict(&ids, How { by, likeness }, name);
            }
            match self.aliased(&wanted) {
                Some(Alternative::Outside) => {
                    return Found::Refused {
                        name: name.to_string(),
                        why: Refusal::Link,
                    };
                }
                Some(Alternative::Elsewhere(wanted)) => {
                    if let Some((ids, likeness)) = self.named(&wanted) {
                        return self.verdict(&ids, How { by, likeness }, name);
                    }
                }
                None => {}
            }
            if let Some(ids) = self.escaped(name) {
                let likeness = Likeness::Escaped;
                return self.verdict(&ids, How { by, likeness }, name);
            }
        }
        self.identified(ask.identity)
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
                first: ids
                    .iter()
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

    /// A WAV header alone is 44 bytes; FreePBX leaves such files for calls that were not recorded.
    fn is_without_sound(&self, entry: &Entry) -> bool {
        let is_wave = || super::content_type(self.file_name(entry)) == "audio/wav";
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

    fn named(&self, wanted: &Wanted) -> Hits {
        let query = Query::new(wanted);
        if let Some(hits) = self.literal(&query) {
            return Some(hits);
        }
        if query.is_pattern() {
            return self.pattern(&query);
        }
        let (stem, _) = query.parts.as_ref()?;
        query.relations().find_map(|relation| {
            let ids = self.within(self.group(stem), relation);
            (!ids.is_empty()).then_some((ids, Likeness::OtherExtension))
        })
    }

    fn literal(&self, query: &Query<'_>) -> Hits {
        // With the extension first: `x.wav` is that file before it is `x.wav.mp3`.
        let with_extension = query
            .parts
            .as_ref()
            .map(|(stem, extension)| (stem, Some(*extension)));
        let readings = || with_extension.into_iter().chain([(&query.file, None)]);
        let groups = readings().map(|(stem, extension)| (self.group(stem), extension));
        let groups: Vec<_> = groups.filter(|(group, _)| !group.is_empty()).collect();
        let likely = |relation, likeness| {
            groups.iter().find_map(|(group, extension)| {
                let mut ids = self.within(group.clone(), relation);
                ids.retain(|id| self.fits(*id, query, *extension, likeness));
                (!ids.is_empty()).then_some((ids, likeness))
            })
        };
        let found = query.relations().find_map(|relation| {
            likely(relation, Likeness::Exact).or_else(|| likely(relation, Likeness::OtherCase))
        });
        found.or_else(|| {
            query.relations().find_map(|relation| {
                readings().find_map(|(stem, extension)| {
                    let mut ids = self.loosely(stem, relation);
                    ids.retain(|id| self.fits(*id, query, extension, Likeness::Escaped));
                    (!ids.is_empty()).then_some((ids, Likeness::Escaped))
                })
            })
        })
    }

    /// Whether the file has the extension asked for, and for an exact match the very letters.
    fn fits(
        &self,
        id: u32,
        query: &Query<'_>,
        extension: Option<&str>,
        likeness: Likeness,
    ) -> bool {
        let entry = &self.entries[id as usize];
        let extension_fits =
            extension.is_none_or(|asked| asked.eq_ignore_ascii_case(self.extension(entry)));
        if likeness != Likeness::Exact {
            return extension_fits;
        }
        let asked = &query.wanted.file;
        let file_fits = match extension {
            Some(_) => self.file_name(entry) == asked,
            None => self.stem(entry) == asked,
        };
        let folders = outwards(&self.folder(entry).name);
        file_fits
            && folders
                .zip(query.wanted.folders.iter().rev())
                .all(|(a, b)| a == b)
    }

    /// The part of a group of equal stems that lies in the right folders.
    fn within(&self, group: Range<usize>, relation: Relation<'_>) -> Vec<u32> {
        let entries = &self.entries[group.clone()];
        let inner = |entry: &Entry| outwards(&self.folder(entry).folded);
        let range = match relation {
            Relation::Any => 0..entries.len(),
            Relation::Same(folders) => {
                let first =
                    entries.partition_point(|entry| inner(entry).lt(innermost_first(folders)));
                let end =
                    entries.partition_point(|entry| inner(entry).le(innermost_first(folders)));
                first..end
            }
            Relation::Below(folders) => {
                let count = folders.len();
                let first =
                    entries.partition_point(|entry| inner(entry).lt(innermost_first(folders)));
                let end = entries
                    .partition_point(|entry| inner(entry).take(count).le(innermost_first(folders)));
                first..end
            }
        };
        range
            .filter_map(|offset| u32::try_from(group.start + offset).ok())
            .collect()
    }

    /// Files whose loosened stem is the loosened form of `stem`.
    fn loosely(&self, stem: &str, relation: Relation<'_>) -> Vec<u32> {
        let loose = loosened(stem);
        let mut ids = match *loose == *stem {
            true => Vec::new(),
            false => self.within(self.group(&loose), relation),
        };
        let hash = xxh3_64(loose.as_bytes());
        let first = self.loose.partition_point(|(other, _)| *other < hash);
        ids.extend(
            self.loose[first..]
                .iter()
                .take_while(|(other, _)| *other == hash)
                .map(|(_, id)| *id)
                .filter(|id| loosened(self.folded_stem(*id as usize)) == loose)
                .filter(|id| relation.holds(&self.folder(&self.entries[*id as usize]).folded)),
        );
        ids
    }

    /// A name that is a whole id with separators in it: `a/b` as the file `a_b.wav`.
    fn escaped(&self, name: &str) -> Option<Vec<u32>> {
        if !name.contains(['/', '\\']) || name.contains("://") || wildcard::is_pattern(name) {
            return None;
        }
        let ids = self.loosely(&folded(name), Relation::Any);
        (!ids.is_empty()).then_some(ids)
    }

    fn pattern(&self, query: &Query<'_>) -> Hits {
        let file = &*query.file;
        let mut hits = Vec::new();
        for id in self.candidates(file) {
            let entry = &self.entries[id];
            let fits = wildcard::matches(file, self.folded_stem(id))
                || wildcard::matches(file, &folded(self.file_name(entry)));
            if fits && let Ok(id) = u32::try_from(id) {
                hits.push(id);
            }
        }
        let folder = |id: &u32| &*self.folder(&self.entries[*id as usize]).folded;
        let ids = query.relations().find_map(|relation| {
            let near = hits.iter().copied().filter(|id| relation.holds(folder(id)));
            let near: Vec<u32> = near.collect();
            (!near.is_empty()).then_some(near)
        })?;
        let asked = &query.wanted.file;
        let exact: Vec<u32> = ids
            .iter()
            .copied()
            .filter(|id| {
                let entry = &self.entries[*id as usize];
                wildcard::matches(asked, self.stem(entry))
                    || wildcard::matches(asked, self.file_name(entry))
            })
            .collect();
        match exact.is_empty() {
            true => Some((ids, Likeness::OtherCase)),
            false => Some((exact, Likeness::Exact)),
        }
    }

    /// The entries that a folded pattern may match.
    fn candidates(&self, pattern: &str) -> Vec<usize> {
        let (prefix, longest) = wildcard::literals(pattern);
        if !prefix.is_empty() {
            return self.starting_with(prefix).collect();
        }
        if longest.is_empty() {
            return (0..self.entries.len()).collect();
        }
        let mut ids: Vec<usize> = memmem::find_iter(self.stems.as_bytes(), longest)
            .map(|at| self.starts.partition_point(|start| *start as usize <= at) - 1)
            .collect();
        ids.dedup();
        ids
    }

    /// The same name with a linked folder replaced by what it leads to.
    fn aliased(&self, wanted: &Wanted) -> Option<Alternative> {
        if self.aliases.is_empty() || wanted.folders.is_empty() || wanted.reach == Reach::Anywhere {
            return None;
        }
        let path = wanted.folders.join("/");
        let path = folded(&path);
        let (alias, rest) = self.aliases.iter().find_map(|alias| {
            let rest = path.strip_prefix(&*alias.folded)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((alias, rest))
        })?;
        let Some(target) = &alias.target else {
            return Some(Alternative::Outside);
        };
        Some(Alternative::Elsewhere(Wanted {
            folders: target
                .split('/')
                .chain(rest.split('/'))
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
            file: wanted.file.clone(),
            reach: Reach::Anchored,
        }))
    }
}

/// The folders asked for, from the innermost outwards.
fn innermost_first(folders: &[String]) -> impl Iterator<Item = &str> {
    folders.iter().rev().map(String::as_str)
}

/// Where a path through a linked folder leads.
enum Alternative {
    Outside,
    Elsewhere(Wanted),
}

impl<'a> Query<'a> {
    fn new(wanted: &'a Wanted) -> Self {
        Query {
            wanted,
            folders: wanted
                .folders
                .iter()
                .map(|folder| folded(folder).into_owned())
                .collect(),
            file: folded(&wanted.file),
            parts: wanted
                .extension()
                .map(|(stem, extension)| (folded(stem), extension)),
        }
    }

    fn is_pattern(&self) -> bool {
        wildcard::is_pattern(&self.file)
            || self
                .folders
                .iter()
                .any(|folder| wildcard::is_pattern(folder))
    }

    /// Where to look, best first: in the very folder, then in one of that name below others, then
    /// in the end of the path asked for (an export names `bucket/2024/x.wav`, the audio folder is a
    /// copy of `bucket`), the longest end first.
    fn relations(&self) -> impl Iterator<Item = Relation<'_>> {
        let folders = &self.folders[..];
        let reach = self.wanted.reach;
        let named = !folders.is_empty();
        let same = (named || reach != Reach::Anywhere).then_some(Relation::Same(folders));
        let below = (named && reach != Reach::Anchored).then_some(folders);
        let ends = below
            .into_iter()
            .flat_map(|folders| (1..=folders.len()).map(|skip| Relation::Same(&folders[skip..])));
        let any = (reach == Reach::Anywhere).then_some(Relation::Any);
        same.into_iter()
            .chain(below.map(Relation::Below))
            .chain(ends)
            .chain(any)
    }
}

impl Relation<'_> {
    /// Whether a folded folder path stands in this relation; wildcards in the folders asked for
    /// match within one folder's name.
    fn holds(self, folder: &str) -> bool {
        let fits = |asked: &[String]| {
            let mut inner = outwards(folder);
            asked
                .iter()
                .rev()
                .all(|asked| {
                    inner
                        .next()
                        .is_some_and(|name| wildcard::matches(asked, name))
                })
                .then_some(inner)
        };
        match self {
            Relation::Any => true,
            Relation::Below(folders) => fits(folders).is_some(),
            Relation::Same(folders) => fits(folders).is_some_and(|mut rest| rest.next().is_none()),
        }
    }
}

#[cfg(test)]
mod tests;
