//! The steps of a look-up, each over ranges of the index.

use std::ops::Range;

use memchr::memmem;
use xxhash_rust::xxh3::xxh3_64;

use super::query::{FolderRelation, Query};
use super::result::Owned;
use crate::recordings::index::lookup::Index;
use crate::recordings::index::substrings::{self, SubstringIndex};
use crate::recordings::name::{FolderScope, WantedName};
use crate::recordings::spelling::{NameLikeness, folded, loosened, outwards};
use crate::recordings::store::listing::IndexedFile;
use crate::recordings::wildcard;

/// The files that fit a name, and how well.
pub(super) type NameHits = Option<(Vec<u32>, NameLikeness)>;

/// Where a path through a linked folder leads.
pub(super) enum Alternative {
    Outside,
    Elsewhere(WantedName),
}

/// Looks files up in one index.
pub(super) struct SearchSteps<'i> {
    pub(super) index: &'i Index,
}

impl SearchSteps<'_> {
    /// The files whose whole name is asked for, in these letters; another audio extension comes after
    /// the one that is asked for.
    pub(super) fn whole(&self, query: &Query<'_>) -> NameHits {
        if query.is_pattern() {
            return None;
        }
        let found = query.whole_relations().find_map(|relation| {
            query.readings().find_map(|(stem, extension)| {
                let mut ids = self.within(self.index.group(stem), relation);
                ids.retain(|id| self.fits(*id, query, extension, NameLikeness::Exact));
                self.free(ids, query.owned)
            })
        });
        if let Some(ids) = found {
            return Some((ids, NameLikeness::Exact));
        }
        let (stem, _) = query.parts.as_ref()?;
        let asked = query.wanted.extension().map_or("", |(stem, _)| stem);
        let ids = query.whole_relations().find_map(|relation| {
            let mut ids = self.within(self.index.group(stem), relation);
            ids.retain(|id| {
                let entry = &self.index.entries[*id as usize];
                self.index.stem(entry) == asked && self.has_folders(entry, query)
            });
            self.free(ids, query.owned)
        })?;
        Some((ids, NameLikeness::OtherExtension))
    }

    /// The files that are probably called so.
    pub(super) fn similar(&self, query: &Query<'_>) -> NameHits {
        if let Some(hits) = self.literal(query) {
            return Some(hits);
        }
        if query.is_pattern() {
            return self.pattern(query);
        }
        let (stem, _) = query.parts.as_ref()?;
        query.relations().find_map(|relation| {
            let ids = self.within(self.index.group(stem), relation);
            Some((self.free(ids, query.owned)?, NameLikeness::OtherExtension))
        })
    }

    /// What is left of some files without those that belong to other records; `None` for nothing.
    pub(super) fn free(&self, mut ids: Vec<u32>, owned: Owned<'_>) -> Option<Vec<u32>> {
        if let Some((claims, call)) = owned {
            ids.retain(|id| {
                let id = self.index.twins.get(id).unwrap_or(id);
                claims.owner_besides(*id, call).is_none()
            });
        }
        (!ids.is_empty()).then_some(ids)
    }

    pub(super) fn literal(&self, query: &Query<'_>) -> NameHits {
        let groups = query.readings();
        let groups = groups.map(|(stem, extension)| (self.index.group(stem), extension));
        let groups: Vec<_> = groups.filter(|(group, _)| !group.is_empty()).collect();
        let likely = |relation, likeness| {
            groups.iter().find_map(|(group, extension)| {
                let mut ids = self.within(group.clone(), relation);
                ids.retain(|id| self.fits(*id, query, *extension, likeness));
                Some((self.free(ids, query.owned)?, likeness))
            })
        };
        let found = query.relations().find_map(|relation| {
            likely(relation, NameLikeness::Exact)
                .or_else(|| likely(relation, NameLikeness::OtherCase))
        });
        found.or_else(|| {
            query.relations().find_map(|relation| {
                query.readings().find_map(|(stem, extension)| {
                    let mut ids = self.loosely(stem, relation);
                    ids.retain(|id| self.fits(*id, query, extension, NameLikeness::Escaped));
                    Some((self.free(ids, query.owned)?, NameLikeness::Escaped))
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
        likeness: NameLikeness,
    ) -> bool {
        let entry = &self.index.entries[id as usize];
        let extension_fits =
            extension.is_none_or(|asked| asked.eq_ignore_ascii_case(self.index.extension(entry)));
        if likeness != NameLikeness::Exact {
            return extension_fits;
        }
        let asked = &query.wanted.file;
        let file_fits = match extension {
            Some(_) => self.index.file_name(entry) == asked,
            None => self.index.stem(entry) == asked,
        };
        file_fits && self.has_folders(entry, query)
    }

    /// Whether the innermost folders of a file are those asked for, in these letters.
    fn has_folders(&self, entry: &IndexedFile, query: &Query<'_>) -> bool {
        outwards(&self.index.folder(entry).name)
            .zip(query.wanted.folders.iter().rev())
            .all(|(a, b)| a == b)
    }

    /// The part of a group of equal stems that lies in the right folders.
    fn within(&self, group: Range<usize>, relation: FolderRelation<'_>) -> Vec<u32> {
        let entries = &self.index.entries[group.clone()];
        let inner = |entry: &IndexedFile| outwards(&self.index.folder(entry).folded);
        let range = match relation {
            FolderRelation::Any => 0..entries.len(),
            FolderRelation::Same(folders) => {
                let first =
                    entries.partition_point(|entry| inner(entry).lt(innermost_first(folders)));
                let end =
                    entries.partition_point(|entry| inner(entry).le(innermost_first(folders)));
                first..end
            }
            FolderRelation::Below(folders) => {
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
    fn loosely(&self, stem: &str, relation: FolderRelation<'_>) -> Vec<u32> {
        let loose = loosened(stem);
        let mut ids = if *loose == *stem {
            Vec::new()
        } else {
            self.within(self.index.group(&loose), relation)
        };
        let hash = xxh3_64(loose.as_bytes());
        let first = self.index.loose.partition_point(|(other, _)| *other < hash);
        ids.extend(
            self.index.loose[first..]
                .iter()
                .take_while(|(other, _)| *other == hash)
                .map(|(_, id)| *id)
                .filter(|id| loosened(self.index.folded_stem(*id as usize)) == loose)
                .filter(|id| {
                    relation.holds(&self.index.folder(&self.index.entries[*id as usize]).folded)
                }),
        );
        ids
    }

    /// A name that is a whole id with separators in it: `a/b` as the file `a_b.wav`.
    pub(super) fn escaped(&self, name: &str, owned: Owned<'_>) -> Option<Vec<u32>> {
        if !name.contains(['/', '\\']) || name.contains("://") || wildcard::is_pattern(name) {
            return None;
        }
        self.free(self.loosely(&folded(name), FolderRelation::Any), owned)
    }

    fn pattern(&self, query: &Query<'_>) -> NameHits {
        let file = &*query.file;
        let mut hits = Vec::new();
        for id in self.candidates(&wildcard::bare(file)) {
            let entry = &self.index.entries[id];
            let fits = wildcard::matches(file, self.index.folded_stem(id))
                || wildcard::matches(file, &folded(self.index.file_name(entry)));
            if fits && let Ok(id) = u32::try_from(id) {
                hits.push(id);
            }
        }
        let folder = |id: &u32| &*self.index.folder(&self.index.entries[*id as usize]).folded;
        let ids = query.relations().find_map(|relation| {
            let near = hits.iter().copied().filter(|id| relation.holds(folder(id)));
            let (spared, near): (Vec<u32>, Vec<u32>) =
                near.partition(|id| self.is_spared(*id, query));
            let mut ids = self.free(near, query.owned).unwrap_or_default();
            ids.extend(spared);
            ids.sort_unstable();
            (!ids.is_empty()).then_some(ids)
        })?;
        let asked = &query.wanted.file;
        let exact: Vec<u32> = ids
            .iter()
            .copied()
            .filter(|id| {
                let entry = &self.index.entries[*id as usize];
                wildcard::matches(asked, self.index.stem(entry))
                    || wildcard::matches(asked, self.index.file_name(entry))
            })
            .collect();
        if exact.is_empty() {
            Some((ids, NameLikeness::OtherCase))
        } else {
            Some((exact, NameLikeness::Exact))
        }
    }

    /// Whether a file of a record that was left out has the whole name that this pattern asks for, but
    /// for the extension: of two that ask alike, the record that is sent gets it.
    fn is_spared(&self, id: u32, query: &Query<'_>) -> bool {
        let Some((claims, _)) = query.owned else {
            return false;
        };
        let bare = wildcard::bare(&query.file);
        let whole = bare.strip_suffix('*');
        let whole = whole.map(|whole| whole.strip_suffix('.').unwrap_or(whole));
        whole.is_some_and(|whole| whole == self.index.folded_stem(id as usize))
            && claims.is_left_out(*self.index.twins.get(&id).unwrap_or(&id))
    }

    /// The entries that a folded pattern may match, by the longest text that it must hold.
    fn candidates(&self, pattern: &str) -> Vec<usize> {
        let (prefix, longest) = wildcard::literals(pattern);
        let needle = substrings::needle(pattern).filter(|needle| needle.len() > prefix.len());
        let places: Vec<usize> = match needle {
            Some(needle) => {
                let words = self
                    .index
                    .words
                    .get_or_init(|| SubstringIndex::new(&self.index.stems));
                let places = words.find(&self.index.stems, needle);
                places.iter().map(|at| *at as usize).collect()
            }
            None if !prefix.is_empty() => return self.index.starting_with(prefix).collect(),
            None if !longest.is_empty() => {
                memmem::find_iter(self.index.stems.as_bytes(), longest).collect()
            }
            None => return (0..self.index.entries.len()).collect(),
        };
        let entry = |at: usize| {
            self.index
                .starts
                .partition_point(|start| *start as usize <= at)
                - 1
        };
        let mut ids: Vec<usize> = places.into_iter().map(entry).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The same name with a linked folder replaced by what it leads to.
    pub(super) fn aliased(&self, wanted: &WantedName) -> Option<Alternative> {
        if self.index.aliases.is_empty()
            || wanted.folders.is_empty()
            || wanted.scope == FolderScope::Anywhere
        {
            return None;
        }
        let path = wanted.folders.join("/");
        let path = folded(&path);
        let (alias, rest) = self.index.aliases.iter().find_map(|alias| {
            let rest = path.strip_prefix(&*alias.folded)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((alias, rest))
        })?;
        let Some(target) = &alias.target else {
            return Some(Alternative::Outside);
        };
        Some(Alternative::Elsewhere(WantedName {
            folders: target
                .split('/')
                .chain(rest.split('/'))
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
            file: wanted.file.clone(),
            scope: FolderScope::Anchored,
            droppable: 0,
        }))
    }
}

/// The folders asked for, from the innermost outwards.
fn innermost_first(folders: &[String]) -> impl Iterator<Item = &str> {
    folders.iter().rev().map(String::as_str)
}
