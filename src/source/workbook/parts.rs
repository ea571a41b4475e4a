//! A workbook of which only the parts are read that were weighed.
//!
//! Pictures and other parts that are no XML are not weighed (`bytes::zip`), since no reader of a workbook looks into
//! them. That the library does not either is not believed but held here.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::source::bytes::zip_limits;

/// A workbook as it was found, and where its parts are that nobody may read.
pub(super) struct WorkbookContent {
    file: File,
    /// Where the content of each begins, by where its header does.
    closed: Arc<HashMap<u64, u64>>,
}

impl WorkbookContent {
    pub(super) fn new(file: File) -> Self {
        let closed = Arc::new(zip_limits::without_size(&file));
        WorkbookContent { file, closed }
    }

    /// Reads it from its beginning.
    pub(super) fn read(&self) -> io::Result<PartsReader<BufReader<File>>> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(PartsReader {
            reader: BufReader::new(file),
            at: 0,
            closed: Arc::clone(&self.closed),
            begun: HashSet::new(),
        })
    }
}

/// A reader of an archive that ends with an error where a closed part begins.
pub(super) struct PartsReader<R> {
    reader: R,
    at: u64,
    closed: Arc<HashMap<u64, u64>>,
    /// Where the contents begin of which the header was read. Who looks for the end of an archive may begin to read anywhere.
    begun: HashSet<u64>,
}

impl<R: Read> Read for PartsReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.begun.contains(&self.at) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "a part must be XML and holds something else",
            ));
        }
        if let Some(content) = self.closed.get(&self.at) {
            self.begun.insert(*content);
        }
        let count = self.reader.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl<R: Seek> Seek for PartsReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.reader.seek(to)?;
        Ok(self.at)
    }
}
