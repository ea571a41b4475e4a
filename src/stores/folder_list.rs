//! The list of a store that has folders: some of them side by side, each once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, join_all};

use super::error::SourceError;
use super::object::{ListedObject, ObjectPage, UnlistedObject};

/// Folders that are listed side by side: each takes as long as the way there and back.
const AT_ONCE: usize = 8;
/// The most folders of one list: what goes on behind that leads in a circle.
const MOST_FOLDERS: u64 = 10_000_000;
/// The most folders above each other, for the same reason.
const DEEPEST: usize = 64;

/// What is in one folder.
#[derive(Debug, Default)]
pub(super) struct ListedFolder {
    /// Its files, with their keys below the place that was named.
    pub(super) objects: Vec<ListedObject>,
    /// Recordings of which the server does not say what they are.
    pub(super) unmeasured: Vec<String>,
    /// What cannot be read.
    pub(super) unlisted: Vec<UnlistedObject>,
    /// Requests that it took.
    pub(super) requests: u64,
    /// The folders in it, below the place that was named.
    pub(super) folders: Vec<String>,
}

impl ListedFolder {
    /// What tells this folder from others; nothing where it holds no recording. A folder with the mark of
    /// one above it is that one, by a link on the server.
    fn mark(&self, folder: &str) -> Option<u64> {
        let has_sound = self.objects.iter().any(|object| object.state.bytes > 0);
        if !has_sound && self.unmeasured.is_empty() {
            return None;
        }
        let below = |key: &str| {
            key.get(folder.len()..)
                .map(|name| name.trim_matches('/').to_owned())
        };
        let measured = self.objects.iter();
        let measured = measured.map(|one| (below(&one.key), one.state.bytes, one.state.modified));
        let mut measured: Vec<_> = measured.collect();
        let mut others: Vec<_> = self.unmeasured.iter().chain(&self.folders).collect();
        measured.sort_unstable();
        others.sort_unstable();
        let others: Vec<_> = others.into_iter().map(|key| below(key)).collect();
        let mut hasher = DefaultHasher::new();
        (measured, others).hash(&mut hasher);
        Some(hasher.finish())
    }
}

/// The folders that are not listed yet; the next part of the list takes the last ones.
#[derive(Debug, Default)]
pub(super) struct FolderList(Mutex<FoldersToList>);

#[derive(Debug, Default)]
struct FoldersToList {
    waiting: Vec<String>,
    /// The marks of folders with recordings that were listed.
    marks: HashMap<String, u64>,
}

impl FoldersToList {
    /// Whether a folder above has this mark.
    fn is_above(&self, folder: &str, mark: Option<u64>) -> bool {
        let ends = folder.match_indices('/').map(|(at, _)| at);
        let mut above = ends.chain([0]).filter(|_| !folder.is_empty());
        mark.is_some() && above.any(|end| self.marks.get(&folder[..end]).copied() == mark)
    }
}

impl FolderList {
    fn state(&self) -> MutexGuard<'_, FoldersToList> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One part of the list. When it fails, the same part can be asked for again.
    pub(super) async fn page<'f>(
        &self,
        after: Option<&str>,
        list: impl Fn(String) -> BoxFuture<'f, Result<ListedFolder, SourceError>>,
    ) -> Result<ObjectPage, SourceError> {
        if after.is_none() {
            *self.state() = FoldersToList {
                waiting: vec![String::new()],
                marks: HashMap::new(),
            };
        }
        let turn: u64 = after.unwrap_or("0").parse().unwrap_or_default();
        if turn * AT_ONCE as u64 > MOST_FOLDERS {
            return Err(SourceError::Refused(
                "its folders lead in a circle".to_owned(),
            ));
        }
        let next: Vec<String> = {
            let state = self.state();
            state.waiting.iter().rev().take(AT_ONCE).cloned().collect()
        };
        let listed = join_all(next.iter().cloned().map(&list)).await;
        let mut part = ListPart::default();
        for (folder, listed) in next.iter().zip(listed) {
            match listed {
                Ok(listed) => part.add(folder, listed, &self.state()),
                // A folder that nobody may read is named; without the first one there is no list.
                Err(error @ (SourceError::Refused(_) | SourceError::NotFound))
                    if !folder.is_empty() =>
                {
                    part.page.unlisted.push(UnlistedObject {
                        name: folder.clone(),
                        why: error.to_string(),
                    });
                }
                Err(SourceError::NotFound) => {
                    return Err(SourceError::Refused("there is no such folder".to_owned()));
                }
                Err(error) => return Err(error),
            }
        }
        let mut state = self.state();
        let rest = state.waiting.len().saturating_sub(next.len());
        state.waiting.truncate(rest);
        state.waiting.extend(part.below);
        state.marks.extend(part.marks);
        part.page.next = (!state.waiting.is_empty()).then(|| (turn + 1).to_string());
        Ok(part.page)
    }
}

/// A part of the list while it is put together.
#[derive(Debug, Default)]
struct ListPart {
    page: ObjectPage,
    /// The folders to list next.
    below: Vec<String>,
    /// The marks of the folders of this part.
    marks: Vec<(String, u64)>,
}

impl ListPart {
    /// Adds what is in a folder, unless it is one of those above it.
    fn add(&mut self, folder: &str, listed: ListedFolder, known: &FoldersToList) {
        self.page.requests += listed.requests;
        let mark = listed.mark(folder);
        if known.is_above(folder, mark) {
            self.page.unlisted.push(circle(folder));
            return;
        }
        self.marks
            .extend(mark.map(|mark| (folder.to_owned(), mark)));
        self.page.objects.extend(listed.objects);
        self.page.unmeasured.extend(listed.unmeasured);
        self.page.unlisted.extend(listed.unlisted);
        for folder in listed.folders {
            if folder.matches('/').count() < DEEPEST {
                self.below.push(folder);
            } else {
                self.page.unlisted.push(circle(&folder));
            }
        }
    }
}

fn circle(folder: &str) -> UnlistedObject {
    UnlistedObject {
        name: folder.to_owned(),
        why: "a link on the server leads back to a folder above it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn folder(folders: &[&str]) -> ListedFolder {
        ListedFolder {
            folders: folders.iter().map(|&name| name.to_owned()).collect(),
            ..ListedFolder::default()
        }
    }

    #[tokio::test]
    async fn each_folder_is_listed_once_and_a_failed_part_again() {
        let list = FolderList::default();
        let seen = Mutex::new(Vec::new());
        let fails = AtomicBool::new(true);
        let ask = |name: String| {
            if name == "b" && fails.swap(false, Ordering::Relaxed) {
                return Box::pin(ready(Err(SourceError::broken("reset")))) as BoxFuture<'_, _>;
            }
            let found = match &*name {
                "" => folder(&["a", "b"]),
                "a" => folder(&["a/c"]),
                _ => folder(&[]),
            };
            seen.lock().unwrap().push(name);
            Box::pin(ready(Ok(found)))
        };
        let first = list.page(None, ask).await.unwrap();
        let next = first.next.unwrap();
        assert!(list.page(Some(&next), ask).await.is_err());
        seen.lock().unwrap().clear();
        let second = list.page(Some(&next), ask).await.unwrap();
        let third = list.page(second.next.as_deref(), ask).await.unwrap();
        assert_eq!(third.next, None);
        let mut seen = seen.into_inner().unwrap();
        seen.sort();
        assert_eq!(seen, ["a", "a/c", "b"]);
    }

    #[tokio::test]
    async fn links_back_to_a_folder_above_are_named_and_not_followed() {
        // `a/up` leads to the root, and `a/b` only holds a file of the same name as `a`.
        let ask = |name: String| -> BoxFuture<'_, _> {
            let (folders, files): (&[&str], &[&str]) = match &*name {
                "" => (&["a"], &["x.wav"]),
                "a" => (&["a/b", "a/up"], &["a/x.wav"]),
                "a/b" => (&[], &["a/b/x.wav"]),
                "a/up" => (&["a/up/a"], &["a/up/x.wav"]),
                other => panic!("{other} is listed"),
            };
            Box::pin(ready(Ok(ListedFolder {
                unmeasured: files.iter().map(|&name| name.to_owned()).collect(),
                ..folder(folders)
            })))
        };
        let (list, mut next, mut found, mut named) =
            (FolderList::default(), None, Vec::new(), Vec::new());
        loop {
            let page = list.page(next.as_deref(), ask).await.unwrap();
            found.extend(page.unmeasured);
            named.extend(page.unlisted.into_iter().map(|one| one.name));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        found.sort();
        assert_eq!(found, ["a/b/x.wav", "a/x.wav", "x.wav"]);
        assert_eq!(named, ["a/up"]);
    }

    #[tokio::test]
    async fn folders_end_somewhere() {
        let ask = |name: String| -> BoxFuture<'_, _> {
            let below = if name.is_empty() {
                "x".to_owned()
            } else {
                format!("{name}/x")
            };
            Box::pin(ready(Ok(folder(&[&below]))))
        };
        let (list, mut next, mut named) = (FolderList::default(), None, 0);
        loop {
            let page = list.page(next.as_deref(), ask).await.unwrap();
            named += page.unlisted.len();
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(named, 1);
    }

    #[tokio::test]
    async fn a_folder_that_nobody_may_read_is_named_and_the_first_ends_the_list() {
        let list = FolderList::default();
        let denied = |_: String| -> BoxFuture<'_, _> {
            Box::pin(ready(Err(SourceError::Refused("denied".to_owned()))))
        };
        let open = |_: String| -> BoxFuture<'_, _> { Box::pin(ready(Ok(folder(&["x"])))) };
        let first = list.page(None, open).await.unwrap();
        let next = list.page(first.next.as_deref(), denied).await.unwrap();
        assert_eq!(next.unlisted[0].name, "x");
        assert!(list.page(None, denied).await.is_err());
    }
}
