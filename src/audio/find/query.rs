//! A name in the forms in which it is looked up, and the folders in which it may be.

use std::borrow::Cow;

use crate::audio::index::outwards;
use crate::audio::name::{Reach, Wanted};
use crate::audio::spelling::folded;
use crate::audio::wildcard;

/// Which folders a file may be in; all folded, innermost last.
#[derive(Clone, Copy)]
pub(super) enum Relation<'a> {
    Any,
    Same(&'a [String]),
    Below(&'a [String]),
}

/// A name in the forms in which it is looked up.
pub(super) struct Query<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) folders: Vec<String>,
    /// Folded file name, which is the stem when the name has no extension.
    pub(super) file: Cow<'a, str>,
    /// Folded stem and extension as asked, when it is an audio extension.
    pub(super) parts: Option<(Cow<'a, str>, &'a str)>,
}

impl<'a> Query<'a> {
    pub(super) fn new(wanted: &'a Wanted) -> Self {
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

    pub(super) fn is_pattern(&self) -> bool {
        wildcard::is_pattern(&self.file)
            || self
                .folders
                .iter()
                .any(|folder| wildcard::is_pattern(folder))
    }

    /// Where to look, best first: in the very folder, then in one of that name below others, then
    /// in the end of the path asked for (an export names `bucket/2024/x.wav`, the audio folder is a
    /// copy of `bucket`), the longest end first.
    pub(super) fn relations(&self) -> impl Iterator<Item = Relation<'_>> {
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
            Relation::Any => true,
            Relation::Below(folders) => fits(folders).is_some(),
            Relation::Same(folders) => fits(folders).is_some_and(|mut rest| rest.next().is_none()),
        }
    }
}
