//! Writes a folder of evidence.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::certificate::{self, Certificate};
use super::error::EvidenceError;
use super::folder::{
    self, CERTIFICATE, LEAVES, MANIFEST, PUBLIC_KEY, ROOT, SIGNATURE, SUMMARY, new_file,
};
use super::manifest::{ManifestLine, hex};
use super::merkle::{TreeBuilder, leaf_hash};
use super::signature::{self, Signed};
use super::statement::Statement;
use super::summary::EvidenceSummary;
use super::totals::EvidenceTotals;

/// A file that is being written.
struct OpenFile {
    path: PathBuf,
    file: BufWriter<File>,
}

impl OpenFile {
    fn create(folder: &Path, name: &str) -> Result<OpenFile, EvidenceError> {
        let (path, file) = new_file(folder, name)?;
        let file = BufWriter::new(file);
        Ok(OpenFile { path, file })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), EvidenceError> {
        let written = self.file.write_all(bytes);
        written.map_err(EvidenceError::file(&self.path))
    }

    fn finish(mut self) -> Result<PathBuf, EvidenceError> {
        let flushed = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all());
        flushed.map_err(EvidenceError::file(&self.path))?;
        Ok(self.path)
    }
}

/// Writes a folder of evidence, line by line. Memory does not grow with the lines.
pub struct EvidenceWriter {
    folder: PathBuf,
    manifest: OpenFile,
    leaves: OpenFile,
    tree: TreeBuilder,
    totals: EvidenceTotals,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The lines and their root.
    pub statement: Statement,
    /// The sums.
    pub totals: EvidenceTotals,
    /// The files.
    pub files: Vec<PathBuf>,
}

impl EvidenceWriter {
    /// Starts a folder, which must not be there or be empty.
    pub fn create(path: &Path) -> Result<EvidenceWriter, EvidenceError> {
        folder::create(path)?;
        Ok(EvidenceWriter {
            folder: path.to_owned(),
            manifest: OpenFile::create(path, MANIFEST)?,
            leaves: OpenFile::create(path, LEAVES)?,
            tree: TreeBuilder::default(),
            totals: EvidenceTotals::default(),
        })
    }

    /// Adds the line of a call.
    pub fn add(&mut self, line: &ManifestLine) -> Result<(), EvidenceError> {
        let text = line.to_line()?;
        let leaf = leaf_hash(&text);
        self.tree.push(leaf);
        self.totals.count(line);
        self.leaves.write(&leaf)?;
        self.manifest.write(&text)?;
        self.manifest.write(b"\n")
    }

    /// Writes the root, the sums and the page. With a private key (PEM) the root is signed.
    pub fn finish(
        self,
        destination: &str,
        key: Option<(&Path, &[u8])>,
    ) -> Result<Written, EvidenceError> {
        let statement = Statement {
            lines: self.tree.size(),
            root: self.tree.root(),
        };
        let text = statement.to_text();
        let signed = match key {
            None => None,
            Some((path, pem)) => {
                let signed = signature::sign(pem, text.as_bytes());
                Some(signed.map_err(|source| EvidenceError::Key {
                    path: path.to_owned(),
                    source,
                })?)
            }
        };
        let summary = EvidenceSummary {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made: Timestamp::now(),
            destination: destination.to_owned(),
            lines: statement.lines,
            root: hex(&statement.root),
            totals: self.totals,
        };
        let mut files = vec![self.manifest.finish()?, self.leaves.finish()?];
        let mut write = |name: &str, bytes: &[u8]| {
            let mut file = OpenFile::create(&self.folder, name)?;
            file.write(bytes)?;
            files.push(file.finish()?);
            Ok::<(), EvidenceError>(())
        };
        let mut json = serde_json::to_vec_pretty(&summary)?;
        json.push(b'\n');
        write(SUMMARY, &json)?;
        let page = Certificate::new(&summary, signed.as_ref());
        write(CERTIFICATE, certificate::render(&page)?.as_bytes())?;
        if let Some(Signed {
            signature,
            public_key,
        }) = &signed
        {
            write(SIGNATURE, signature)?;
            write(PUBLIC_KEY, public_key)?;
        }
        // Last: a folder without it is unfinished.
        write(ROOT, text.as_bytes())?;
        Ok(Written {
            statement,
            totals: summary.totals,
            files,
        })
    }
}
