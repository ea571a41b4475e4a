//! A name in the forms in which it is looked up, and the folders in which it may be.

use std::borrow::Cow;

use super::result::Owned;
use crate::recordings::name::{FolderScope, WantedName};
use crate::recordings::spelling::{folded, outwards};
use crate::recordings::wildcard;

/// Which folders a file may be in; all folded, innermost last.
#[derive(Clone, Copy)]
pub(super) enum FolderRelation<'a> {
    Any,
    Same(&'a [String]),
    Below(&'a [String]),
}

/// A name in the forms in which it is looked up.
pub(super) struct Query<'a> {
    pub(super) wanted: &'a WantedName,
    pub(super) owned: Owned<'a>,
    pub(super) folders: Vec<String>,
    /// Folded file name, which is the stem when the name has no extension.
    pub(super) file: Cow<'a, str>,
    /// Folded stem and extension as asked, when it is an audio extension.
    pub(super) parts: Option<(Cow<'a, str>, &'a str)>,
}

impl<'a> Query<'a> {
    pub(super) fn new(wanted: &'a WantedName, owned: Owned<'a>) -> Self {
        Query {
            wanted,
            owned,
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

    /// Stem and extension in which the name may be meant. With the extension first: `x.wav` is that
    /// file before it is `x.wav.mp3`.
    pub(super) fn readings(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let parts = self.parts.as_ref();
        let parts = parts.map(|(stem, extension)| (&**stem, Some(*extension)));
        parts.into_iter().chain([(&*self.file, None)])
    }

    pub(super) fn is_pattern(&self) -> bool {
        wildcard::is_pattern(&self.file)
            || self
                .folders
                .iter()
                .any(|folder| wildcard::is_pattern(folder))
    }

    /// Where all folders of the name are: in the very folder, then in one of that name below others.
    /// A name without folders may be anywhere.
    pub(super) fn whole_relations(&self) -> impl Iterator<Item = FolderRelation<'_>> {
        let folders = &self.folders[..];
        let scope = self.wanted.scope;
        let named = !folders.is_empty();
        let same =
            (named || scope != FolderScope::Anywhere).then_some(FolderRelation::Same(folders));
        let below =
            (named && scope != FolderScope::Anchored).then_some(FolderRelation::Below(folders));
        let any = (!named && scope == FolderScope::Anywhere).then_some(FolderRelation::Any);
        same.into_iter().chain(below).chain(any)
    }

    /// Where to look, best first: where all folders are, then in the end of the path asked for (an
    /// export names `bucket/2024/x.wav`, the audio folder is a copy of `bucket`), the longest end
    /// first, as long as what is left tells the record.
    pub(super) fn relations(&self) -> impl Iterator<Item = FolderRelation<'_>> {
        let folders = &self.folders[..];
        let scope = self.wanted.scope;
        let droppable = match scope {
            FolderScope::Anchored => 0,
            FolderScope::Related | FolderScope::Anywhere => {
                self.wanted.droppable.min(folders.len())
            }
        };
        let ends = (1..=droppable).map(|skip| FolderRelation::Same(&folders[skip..]));
        let is_anywhere = scope == FolderScope::Anywhere && !folders.is_empty();
        let any = (is_anywhere && droppable == folders.len()).then_some(FolderRelation::Any);
        self.whole_relations().chain(ends).chain(any)
    }
}

impl FolderRelation<'_> {
    /// Whether a folded folder path stands in this relation; wildcards in the folders asked for
    /// match within one folder's name.
    pub(super) fn holds(self, folder: &str) -> bool {
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
            FolderRelation::Any => true,
            FolderRelation::Below(folders) => fits(folders).is_some(),
            FolderRelation::Same(folders) => {
                fits(folders).is_some_and(|mut rest| rest.next().is_none())
            }
        }
    }
}
