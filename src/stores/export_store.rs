//! Exports that lie in a store: each is copied to a private file, because an export is read several times.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::address::StoreAddress;
use super::connection::StoreConnection;
use super::error::SourceError;
use super::export_address::{ExportAddress, WantedExports};
use super::object::{ByteRange, ListedObject};
use super::object_source::ListDepth;
use super::remote_reader::RemoteReader;
use super::store_error::StoreError;
use crate::recordings::{FileChange, ReadExtent, RecordingError, StoreFailure};
use crate::source::{CopyForm, Input, InputCopy, ListedFile, Unread};

/// Copies that are made side by side: most exports are small, and each takes as long as the way there and
/// back.
const AT_ONCE: usize = 16;

/// Exports in a store.
#[derive(Debug)]
pub struct ExportStore {
    connection: Arc<StoreConnection>,
    address: ExportAddress,
    /// The folder that keys are below.
    folder: StoreAddress,
}

/// What a store has at the address of exports.
#[derive(Debug)]
pub enum ListedExports {
    /// The file that was named.
    Named(ListedFile),
    /// Files in the folder, or those that the pattern means, and what cannot be read there.
    Found {
        /// The files.
        files: Vec<ListedFile>,
        /// What cannot be read.
        unread: Vec<Unread>,
    },
}

impl ExportStore {
    pub(super) fn new(
        connection: Arc<StoreConnection>,
        address: ExportAddress,
        folder: StoreAddress,
    ) -> ExportStore {
        ExportStore {
            connection,
            address,
            folder,
        }
    }

    /// What the address names, without secrets.
    pub fn address(&self) -> &ExportAddress {
        &self.address
    }

    /// What lies there. A file that was named is not asked for yet.
    pub fn list(&self) -> Result<ListedExports, StoreError> {
        if let WantedExports::File(key) = &self.address.wanted {
            return Ok(ListedExports::Named(ListedFile {
                name: self.name_of(key),
                key: key.clone(),
                bytes: None,
            }));
        }
        let is_flat = self.address.depth() == ListDepth::Folder;
        let (mut files, mut unread) = (Vec::new(), Vec::new());
        let mut after = None;
        loop {
            let page = self.connection.list(after.as_deref());
            let page = page.map_err(|error| self.failure(&self.address.to_string(), &error))?;
            let wanted = page.objects.into_iter();
            files.extend(wanted.filter_map(|object| self.listed(object)));
            let unlisted = page.unlisted.into_iter();
            unread.extend(
                unlisted
                    .filter(|one| self.is_wanted(&one.name))
                    .map(|one| Unread {
                        name: self.name_of(&one.name).into(),
                        reason: "the store does not give it: it is a link, or nobody may read it",
                    }),
            );
            match page.next {
                // The first part of a list of folders is the folder itself.
                Some(_) if is_flat && !self.folder.is_bucket() => break,
                Some(next) if after.as_ref() != Some(&next) => after = Some(next),
                _ => break,
            }
        }
        Ok(ListedExports::Found { files, unread })
    }

    fn is_wanted(&self, key: &str) -> bool {
        match &self.address.wanted {
            WantedExports::All => !key.contains('/'),
            WantedExports::File(_) => false,
            WantedExports::Matches(pattern) => pattern.fits(key),
        }
    }

    fn listed(&self, object: ListedObject) -> Option<ListedFile> {
        let bytes = object.state.is_known().then_some(object.state.bytes);
        self.is_wanted(&object.key).then(|| ListedFile {
            name: self.name_of(&object.key),
            key: object.key,
            bytes,
        })
    }

    fn name_of(&self, key: &str) -> String {
        self.folder.named(key)
    }

    /// Copies of the files, in their order, some of them side by side. The first that cannot be read ends it.
    pub fn copy(
        &self,
        files: &[ListedFile],
        form: CopyForm,
        is_found: bool,
    ) -> Result<Vec<Input>, StoreError> {
        let next = AtomicUsize::new(0);
        let copies = Mutex::new(Vec::with_capacity(files.len()));
        let work = || -> Result<(), StoreError> {
            while let Some((at, file)) = take(files, &next) {
                let copy = self.copy_one(file, form).inspect_err(|_| {
                    next.store(files.len(), Ordering::Relaxed);
                })?;
                let input = Input::copied(&file.name, is_found, copy);
                let mut copies = copies.lock().unwrap_or_else(PoisonError::into_inner);
                copies.push((at, input));
            }
            Ok(())
        };
        thread::scope(|scope| {
            let count = AT_ONCE.min(files.len());
            let workers: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
            let ends = workers.into_iter().map(|worker| {
                let ended = worker.join();
                ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            ends.collect::<Result<(), StoreError>>()
        })?;
        let mut copies = copies.into_inner().unwrap_or_else(PoisonError::into_inner);
        copies.sort_by_key(|(at, _)| *at);
        tracing::info!(
            exports = copies.len(),
            "copied the exports of {}",
            self.address
        );
        Ok(copies.into_iter().map(|(_, input)| input).collect())
    }

    fn copy_one(&self, file: &ListedFile, form: CopyForm) -> Result<InputCopy, StoreError> {
        let failure = |error: &SourceError| self.failure(&file.name, error);
        let changed = |what: &FileChange| StoreError::Export {
            export: file.name.clone(),
            failure: StoreFailure::new(format!(
                "{what}; run the command again when nobody writes it"
            )),
        };
        let opened = RemoteReader::open(&self.connection, &file.key, 0, ReadExtent::Whole);
        let mut reader = opened.map_err(|error| failure(&error))?;
        let state = reader.opened().clone();
        if let Some(expected) = file.bytes.filter(|bytes| *bytes != state.bytes) {
            let found = state.bytes;
            return Err(changed(&FileChange::Size { expected, found }));
        }
        let copied = InputCopy::filled(form, |copy| {
            io::copy(&mut reader, copy)?;
            // `--expect-new` asks for the age of the export, and not of its copy.
            copy.set_modified(state.modified)
        });
        let copy = copied.map_err(|error| match RecordingError::from_read(error) {
            RecordingError::Changed(what) => changed(&what),
            RecordingError::Unavailable(why) => failure(&SourceError::Refused(why.to_string())),
            RecordingError::Io(source) => StoreError::Copy {
                export: file.name.clone(),
                source,
            },
        })?;
        // A bucket gives an object as it was when it was asked for; a file may grow under the reader.
        if !self.folder.is_bucket() && state.bytes > 0 {
            let first = ByteRange {
                from: 0,
                until: Some(1),
            };
            let now = self.connection.read(&file.key, first, None);
            let now = now.map_err(|error| failure(&error))?.state;
            if let Some(what) = state.version().change_to(now.version()) {
                return Err(changed(&what));
            }
        }
        Ok(copy)
    }

    fn failure(&self, export: &str, error: &SourceError) -> StoreError {
        let is_named = matches!(self.address.wanted, WantedExports::File(_));
        let hint = match error {
            SourceError::NotFound | SourceError::Refused(_) if is_named => {
                " (a folder is named with / at its end)"
            }
            _ => "",
        };
        StoreError::Export {
            export: export.to_owned(),
            failure: StoreFailure::new(format!("{error}{hint}")),
        }
    }
}

/// The next file that nobody copies yet.
fn take<'f>(files: &'f [ListedFile], next: &AtomicUsize) -> Option<(usize, &'f ListedFile)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, files.get(at)?))
}
