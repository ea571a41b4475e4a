//! A folder of an SFTP server.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::future::BoxFuture;
use russh_sftp::client::error::Error;
use russh_sftp::client::fs::{DirEntry, File, Metadata};
use russh_sftp::protocol::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::Mutex;

use super::address::SftpAddress;
use super::error::SourceError;
use super::folder_list::{FolderList, ListedFolder};
use super::object::{ByteRange, ListedObject, ObjectBody, ObjectPage, ObjectState, UnlistedObject};
use super::object_source::ObjectSource;
use super::ssh::{SshSession, SshSettings};
use crate::recordings::is_bin;

/// The bytes of a recording that are asked for at once.
const CHUNK: usize = 256 * 1024;

/// A folder of an SFTP server, over one login that is made anew when it breaks.
pub(super) struct SftpSource {
    address: SftpAddress,
    settings: SshSettings,
    session: Mutex<Option<Arc<SshSession>>>,
    folders: FolderList,
}

impl SftpSource {
    pub(super) fn new(address: SftpAddress, settings: SshSettings) -> SftpSource {
        SftpSource {
            address,
            settings,
            session: Mutex::default(),
            folders: FolderList::default(),
        }
    }

    async fn session(&self) -> Result<Arc<SshSession>, SourceError> {
        let mut session = self.session.lock().await;
        if let Some(session) = &*session {
            return Ok(Arc::clone(session));
        }
        let new = Arc::new(self.settings.connect(&self.address).await?);
        *session = Some(Arc::clone(&new));
        Ok(new)
    }

    /// What an error means; after a broken connection the next request logs in anew.
    async fn judge(&self, error: Error, session: &Arc<SshSession>) -> SourceError {
        let error = judge(error);
        if matches!(error, SourceError::Passing { .. }) {
            let mut current = self.session.lock().await;
            if current
                .as_ref()
                .is_some_and(|current| Arc::ptr_eq(current, session))
            {
                *current = None;
            }
        }
        error
    }

    fn path(&self, key: &str) -> String {
        let root = self.address.path.trim_end_matches('/');
        match (root, key) {
            ("", "") => "/".to_owned(),
            (_, "") => root.to_owned(),
            _ => format!("{root}/{key}"),
        }
    }

    /// Lists one folder.
    async fn folder(&self, folder: String) -> Result<ListedFolder, SourceError> {
        let session = self.session().await?;
        let entries = match session.sftp.read_dir(self.path(&folder)).await {
            Ok(entries) => entries,
            Err(error) => return Err(self.judge(error, &session).await),
        };
        let mut listed = ListedFolder {
            requests: 1,
            ..ListedFolder::default()
        };
        for entry in entries {
            add(&mut listed, &folder, &entry);
        }
        Ok(listed)
    }

    async fn open(&self, key: &str, from: u64) -> Result<SftpFile, SourceError> {
        let session = self.session().await?;
        let opened = async {
            let file = session.sftp.open(self.path(key)).await?;
            let state = file.metadata().await?;
            Ok(SftpFile {
                file,
                state: state_of(&state),
            })
        };
        let mut opened = match opened.await {
            Ok(opened) => opened,
            Err(error) => return Err(self.judge(error, &session).await),
        };
        if from > 0 {
            let sought = opened.file.seek(std::io::SeekFrom::Start(from)).await;
            sought.map_err(|error| SourceError::broken(error.to_string()))?;
        }
        Ok(opened)
    }
}

struct SftpFile {
    file: File,
    state: ObjectState,
}

fn add(listed: &mut ListedFolder, folder: &str, entry: &DirEntry) {
    let name = entry.file_name();
    let key = if folder.is_empty() {
        name.clone()
    } else {
        format!("{folder}/{name}")
    };
    let kind = entry.file_type();
    let why = if name.contains('\u{fffd}') {
        "its name is no UTF-8, and cannot be opened"
    } else if kind.is_dir() {
        if !is_bin(name.as_ref()) {
            listed.folders.push(key);
        }
        return;
    } else if kind.is_file() {
        listed.objects.push(ListedObject {
            key,
            state: state_of(&entry.metadata()),
        });
        return;
    } else if kind.is_symlink() {
        "it is a link; links on a server are not followed"
    } else {
        "it is no file"
    };
    listed.unlisted.push(UnlistedObject {
        name: key,
        why: why.to_owned(),
    });
}

fn state_of(metadata: &Metadata) -> ObjectState {
    let seconds = metadata.mtime.unwrap_or_default();
    ObjectState {
        bytes: metadata.size.unwrap_or_default(),
        tag: None,
        modified: SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(seconds)),
        cold: None,
    }
}

fn judge(error: Error) -> SourceError {
    match error {
        Error::Status(status) => match status.status_code {
            StatusCode::NoSuchFile => SourceError::NotFound,
            StatusCode::PermissionDenied => {
                SourceError::Refused("the server refuses to read it: permission denied".to_owned())
            }
            StatusCode::ConnectionLost | StatusCode::NoConnection => {
                SourceError::broken("the SFTP connection broke")
            }
            // The words of the server may hold a path.
            code => SourceError::Refused(format!("the SFTP server says: {code}")),
        },
        Error::Timeout => SourceError::broken("the SFTP server does not answer"),
        _ => SourceError::broken("the SFTP connection broke"),
    }
}

impl ObjectSource for SftpSource {
    fn list(&self, after: Option<String>) -> BoxFuture<'_, Result<ObjectPage, SourceError>> {
        Box::pin(async move {
            let list = |folder| Box::pin(self.folder(folder)) as BoxFuture<'_, _>;
            self.folders.page(after.as_deref(), list).await
        })
    }

    fn read<'a>(
        &'a self,
        key: &'a str,
        range: ByteRange,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<ObjectBody, SourceError>> {
        Box::pin(async move {
            let opened = self.open(key, range.from).await?;
            let until = range.until.unwrap_or(u64::MAX).min(opened.state.bytes);
            let reading = FileReading {
                file: opened.file,
                left: until.saturating_sub(range.from),
            };
            let chunks = futures::stream::try_unfold(reading, FileReading::next);
            Ok(ObjectBody {
                state: opened.state,
                kind: None,
                stream: Box::pin(chunks),
            })
        })
    }

    fn state<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<ObjectState, SourceError>> {
        Box::pin(async move {
            let session = self.session().await?;
            match session.sftp.metadata(self.path(key)).await {
                Ok(metadata) => Ok(state_of(&metadata)),
                Err(error) => Err(self.judge(error, &session).await),
            }
        })
    }
}

/// A file and how much of it is still to be read.
struct FileReading {
    file: File,
    left: u64,
}

impl FileReading {
    async fn next(mut self) -> Result<Option<(Bytes, FileReading)>, SourceError> {
        let room = CHUNK.min(usize::try_from(self.left).unwrap_or(CHUNK));
        let mut chunk = vec![0; room];
        let mut filled = 0;
        while filled < room {
            let read = self.file.read(&mut chunk[filled..]).await;
            match read.map_err(|_| SourceError::broken("the SFTP connection broke"))? {
                0 => break,
                count => filled += count,
            }
        }
        chunk.truncate(filled);
        self.left -= filled as u64;
        Ok((filled > 0).then(|| (Bytes::from(chunk), self)))
    }
}

impl fmt::Debug for SftpSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("SftpSource");
        shown
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
