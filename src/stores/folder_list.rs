//! The list of a store that has folders: some of them side by side, each once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, join_all};

use super::error::SourceError;
use super::object::{ListedObject, ObjectPage, UnlistedObject};

/// Folders that are listed side by side: each takes as long as the way there and back.
const AT_ONCE: usize = 8;
/// The most folders of one list: what goes on behind that leads in a circle.
const MOST_FOLDERS: u64 = 10_000_000;

/// What is in one folder.
#[derive(Debug, Default)]
pub(super) struct ListedFolder {
    /// Its files, with their keys below the place that was named.
    pub(super) objects: Vec<ListedObject>,
    /// What cannot be read.
    pub(super) unlisted: Vec<UnlistedObject>,
    /// The folders in it, below the place that was named.
    pub(super) folders: Vec<String>,
}

/// The folders that are not listed yet; the next part of the list takes the last ones.
#[derive(Debug, Default)]
pub(super) struct FolderList(Mutex<Vec<String>>);

impl FolderList {
    fn waiting(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One part of the list. When it fails, the same part can be asked for again.
    pub(super) async fn page<'f>(
        &self,
        after: Option<&str>,
        list: impl Fn(String) -> BoxFuture<'f, Result<ListedFolder, SourceError>>,
    ) -> Result<ObjectPage, SourceError> {
        if after.is_none() {
            *self.waiting() = vec![String::new()];
        }
        let turn: u64 = after.unwrap_or("0").parse().unwrap_or_default();
        if turn * AT_ONCE as u64 > MOST_FOLDERS {
            return Err(SourceError::Refused(
                "its folders lead in a circle".to_owned(),
            ));
        }
        let next: Vec<String> = self.waiting().iter().rev().take(AT_ONCE).cloned().collect();
        let listed = join_all(next.iter().cloned().map(&list)).await;
        let mut page = ObjectPage::default();
        let mut below = Vec::new();
        for (folder, listed) in next.iter().zip(listed) {
            match listed {
                Ok(listed) => {
                    page.objects.extend(listed.objects);
                    page.unlisted.extend(listed.unlisted);
                    below.extend(listed.folders);
                }
                // A folder that nobody may read is named; without the first one there is no list.
                Err(error @ (SourceError::Refused(_) | SourceError::NotFound))
                    if !folder.is_empty() =>
                {
                    page.unlisted.push(UnlistedObject {
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
        let mut waiting = self.waiting();
        let rest = waiting.len().saturating_sub(next.len());
        waiting.truncate(rest);
        waiting.extend(below);
        page.next = (!waiting.is_empty()).then(|| (turn + 1).to_string());
        Ok(page)
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
