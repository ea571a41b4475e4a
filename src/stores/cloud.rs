//! Google Cloud Storage and Azure, by `object_store`.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use futures::future::BoxFuture;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore};

use super::error::SourceError;
use super::http_answer::standing_still;
use super::object::{ByteRange, ListedObject, ObjectBody, ObjectPage, ObjectState, ObjectTag};
use super::object_source::{ListDepth, ObjectSource};

/// A bucket or container that `object_store` knows how to ask.
#[derive(Debug)]
pub(super) struct CloudSource<S> {
    pub(super) store: S,
    pub(super) prefix: String,
    pub(super) depth: ListDepth,
}

impl<S> CloudSource<S> {
    fn path(&self, key: &str) -> Result<Path, SourceError> {
        let path = Path::parse(format!("{}{key}", self.prefix));
        path.map_err(|_| SourceError::Refused("its key has an empty part".to_owned()))
    }
}

/// What an error of the library means: what our client found out, or what is left.
fn judge(error: &object_store::Error) -> SourceError {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(link) = cause {
        if let Some(known) = link.downcast_ref::<SourceError>() {
            return known.clone();
        }
        if let Some(broken) = link.downcast_ref::<reqwest::Error>() {
            return super::http_answer::broken(broken);
        }
        cause = link.source();
    }
    match error {
        object_store::Error::InvalidPath { .. } => SourceError::Refused(
            "its list has a key with an empty part, `.` or `..`, and cannot be read behind it; \
             name a prefix without such keys"
                .to_owned(),
        ),
        object_store::Error::NotFound { .. } => SourceError::NotFound,
        object_store::Error::Precondition { .. } => SourceError::Changed,
        // The whole text holds URLs, and they may hold a signature.
        _ => SourceError::broken("the store cannot be reached, or its credentials cannot be read"),
    }
}

fn state(meta: &ObjectMeta) -> ObjectState {
    let seconds = u64::try_from(meta.last_modified.timestamp()).unwrap_or_default();
    ObjectState {
        bytes: meta.size,
        tag: meta.e_tag.as_deref().and_then(ObjectTag::parse),
        modified: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
        cold: None,
    }
}

impl<S> ObjectSource for CloudSource<S>
where
    S: ObjectStore + PaginatedListStore,
{
    fn list(&self, after: Option<String>) -> BoxFuture<'_, Result<ObjectPage, SourceError>> {
        Box::pin(async move {
            let options = PaginatedListOptions {
                page_token: after,
                delimiter: (self.depth == ListDepth::Folder).then(|| "/".into()),
                ..PaginatedListOptions::default()
            };
            let prefix = Some(&*self.prefix).filter(|prefix| !prefix.is_empty());
            let listed = standing_still(self.store.list_paginated(prefix, options)).await?;
            let listed = listed.map_err(|error| match judge(&error) {
                SourceError::NotFound => {
                    SourceError::Credentials("there is no bucket of this name".to_owned())
                }
                SourceError::Refused(why) => SourceError::Credentials(why),
                other => other,
            })?;
            let below = |meta: &ObjectMeta| {
                let key = meta.location.as_ref().strip_prefix(&self.prefix)?;
                Some(ListedObject {
                    key: key.to_owned(),
                    state: state(meta),
                })
            };
            Ok(ObjectPage {
                objects: listed.result.objects.iter().filter_map(below).collect(),
                requests: 1,
                next: listed.page_token,
                ..ObjectPage::default()
            })
        })
    }

    fn read<'a>(
        &'a self,
        key: &'a str,
        range: ByteRange,
        tag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<ObjectBody, SourceError>> {
        Box::pin(async move {
            let options = GetOptions {
                if_match: tag.map(|tag| format!("\"{tag}\"")),
                range: match (range.from, range.until) {
                    (0, None) => None,
                    (from, None) => Some(GetRange::Offset(from)),
                    (from, Some(until)) => Some(GetRange::Bounded(from..until)),
                },
                ..GetOptions::default()
            };
            let path = self.path(key)?;
            let answer = standing_still(self.store.get_opts(&path, options)).await?;
            let answer = answer.map_err(|error| judge(&error))?;
            let state = state(&answer.meta);
            let chunks = futures::stream::unfold(answer.into_stream(), async |mut chunks| {
                let chunk = match standing_still(chunks.next()).await {
                    Ok(chunk) => chunk?.map_err(|error| judge(&error)),
                    Err(error) => Err(error),
                };
                Some((chunk, chunks))
            });
            Ok(ObjectBody {
                state,
                kind: None,
                stream: Box::pin(chunks),
            })
        })
    }

    fn state<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<ObjectState, SourceError>> {
        Box::pin(async move {
            let options = GetOptions {
                head: true,
                ..GetOptions::default()
            };
            let path = self.path(key)?;
            let answer = standing_still(self.store.get_opts(&path, options)).await?;
            Ok(state(&answer.map_err(|error| judge(&error))?.meta))
        })
    }
}
