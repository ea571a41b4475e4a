//! The bytes of an input after decompression, counted and kept from exploding.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::gzip_members::Members;
use crate::source::{Error, Input, Limits};

/// How far an input has been read; cheap to copy to whoever shows it.
#[derive(Debug, Clone, Default)]
pub struct BytesRead {
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

impl BytesRead {
    /// A counter that stands at `total` of `total`, for inputs that are read in one piece.
    pub(in crate::source) fn done(total: u64) -> Self {
        BytesRead {
            read: Arc::new(AtomicU64::new(total)),
            total: Some(total),
        }
    }

    /// Bytes taken from the file or from standard input so far, compressed as they are.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Length of the file; `None` for what has none (standard input, a pipe).
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}

/// The decompressed bytes of one input.
pub(in crate::source) struct InputStream {
    file: Arc<str>,
    inner: Box<dyn Read + Send>,
    progress: BytesRead,
    archive: Option<&'static str>,
    expanded: u64,
    max_expansion: u64,
    expansion_free: u64,
    /// Whether it was the file that failed, and not its decompression.
    failed: Arc<AtomicBool>,
    cut: Option<String>,
}

/// The largest window of a Zstandard archive, as a power of two bytes: 64 MiB, so that the memory for it
/// and for the records stays within what is promised. `zstd -19` asks for 8 MiB.
const LARGEST_WINDOW: u32 = 26;

impl InputStream {
    /// Opens the input and looks at its first bytes for a known compression; the name is not asked,
    /// because people rename archives.
    pub(in crate::source) fn open(input: &Input, limits: &Limits) -> Result<Self, Error> {
        let (source, total): (Box<dyn Read + Send>, _) = match input.path() {
            None => (Box::new(io::stdin()), None),
            Some(path) => {
                let (file, length) = open_file(path).map_err(|e| Error::io(input.name(), e))?;
                (Box::new(file), length)
            }
        };
        let progress = BytesRead {
            read: Arc::default(),
            total,
        };
        let failed = Arc::new(AtomicBool::new(false));
        let mut counted = Counted {
            source,
            read: Arc::clone(&progress.read),
            failed: Arc::clone(&failed),
        };
        let mut head = Vec::new();
        Read::by_ref(&mut counted)
            .take(4)
            .read_to_end(&mut head)
            .map_err(|e| Error::io(input.name(), e))?;
        let archive = match head.as_slice() {
            [0x1f, 0x8b, ..] => Some("gzip"),
            [0x28, 0xb5, 0x2f, 0xfd] => Some("zstd"),
            _ => None,
        };
        let whole = Cursor::new(head).chain(counted);
        let inner: Box<dyn Read + Send> = match archive {
            Some("gzip") => Box::new(Members::new(BufReader::with_capacity(128 << 10, whole))),
            Some(_) => {
                let failed = |error| Error::io(input.name(), error);
                let mut decoder = zstd::Decoder::new(whole).map_err(failed)?;
                decoder.window_log_max(LARGEST_WINDOW).map_err(failed)?;
                Box::new(decoder)
            }
            None => Box::new(whole),
        };
        Ok(InputStream {
            file: Arc::clone(input.name()),
            inner,
            progress,
            archive,
            expanded: 0,
            max_expansion: limits.max_expansion,
            expansion_free: limits.expansion_free,
            failed,
            cut: None,
        })
    }

    pub(in crate::source) fn file(&self) -> &Arc<str> {
        &self.file
    }

    pub(in crate::source) fn progress(&self) -> &BytesRead {
        &self.progress
    }

    /// Name of the compression, if any.
    pub(in crate::source) fn archive(&self) -> Option<&'static str> {
        self.archive
    }

    /// Why the bytes ended before their time; known once they have ended.
    pub(in crate::source) fn cut(&self) -> Option<&str> {
        self.cut.as_deref()
    }

    /// The next bytes; 0 at the end, which is also where a damaged archive stops.
    pub(in crate::source) fn read(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        if self.cut.is_some() || out.is_empty() {
            return Ok(0);
        }
        loop {
            match self.inner.read(out) {
                Ok(count) => {
                    self.expanded += count as u64;
                    return self.check_expansion().map(|()| count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.archive.is_none() || self.failed.load(Ordering::Relaxed) => {
                    return Err(Error::io(&self.file, error));
                }
                Err(error) => {
                    let archive = self.archive.unwrap_or_default();
                    if self.expanded == 0 && error.kind() != io::ErrorKind::UnexpectedEof {
                        return Err(Error::Unreadable {
                            file: self.file.to_string(),
                            reason: format!("the {archive} archive cannot be unpacked ({error})"),
                        });
                    }
                    self.cut = Some(if error.kind() == io::ErrorKind::UnexpectedEof {
                        format!("the {archive} archive is cut off")
                    } else {
                        format!("the {archive} archive is damaged ({error})")
                    });
                    return Ok(0);
                }
            }
        }
    }

    /// Fills `out` up to `size` bytes, less at the end of the input.
    pub(in crate::source) fn read_up_to(
        &mut self,
        size: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut length = out.len();
        while length < size {
            let target = size.min(length + (256 << 10));
            out.resize(target, 0);
            let count = self.read(&mut out[length..])?;
            length += count;
            out.truncate(length);
            if count == 0 {
                break;
            }
        }
        Ok(())
    }

    fn check_expansion(&self) -> Result<(), Error> {
        if self.archive.is_none() || self.expanded <= self.expansion_free {
            return Ok(());
        }
        let read = self.progress.bytes_read().max(1);
        if self.expanded / read < self.max_expansion {
            return Ok(());
        }
        Err(Error::Expansion {
            file: self.file.to_string(),
            ratio: self.max_expansion,
            bytes: self.expanded,
        })
    }
}

fn open_file(path: &std::path::Path) -> io::Result<(File, Option<u64>)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((file, metadata.is_file().then_some(metadata.len())))
}

/// Counts what leaves the file, and remembers whether the file failed.
struct Counted<R> {
    source: R,
    read: Arc<AtomicU64>,
    failed: Arc<AtomicBool>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.source.read(out) {
            Ok(count) => {
                self.read.fetch_add(count as u64, Ordering::Relaxed);
                Ok(count)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.failed.store(true, Ordering::Relaxed);
                }
                Err(error)
            }
        }
    }
}
