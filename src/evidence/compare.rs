//! Holds a manifest against the exports that its calls were made of, and against recordings.

use std::collections::HashSet;

use super::audio_files::AudioFiles;
use super::fault::EvidenceFaults;
use super::manifest::{ManifestLine, bytes_of};
use crate::source::RecordHash;

/// The file in which lines are named.
const MANIFEST: &str = super::folder::MANIFEST;

/// What exports hold.
#[derive(Debug, Default)]
pub struct ExportRecords {
    /// SHA-256 of each file, with its name.
    files: Vec<ExportFile>,
    records: HashSet<RecordHash>,
}

#[derive(Debug)]
struct ExportFile {
    name: String,
    hash: [u8; 32],
    is_known: bool,
}

impl ExportRecords {
    /// Adds a file by the hash of its bytes.
    pub fn add_file(&mut self, name: String, hash: [u8; 32]) {
        self.files.push(ExportFile {
            name,
            hash,
            is_known: false,
        });
    }

    /// Adds a record.
    pub fn add(&mut self, record: RecordHash) {
        self.records.insert(record);
    }
}

/// How many calls were found again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EvidenceComparison {
    /// Calls whose records are in the exports.
    pub records_found: u64,
    /// Calls that were made of other exports, or of one that nobody knows.
    pub of_other_exports: u64,
    /// Calls without a hash of their records.
    pub without_record: u64,
    /// Recordings that are in the folder, with the bytes that were sent.
    pub recordings_found: u64,
    /// Recordings that are not there.
    pub recordings_missing: u64,
    /// Of these, recordings that were joined or converted: the folder has what they were made of.
    pub recordings_made: u64,
}

impl EvidenceComparison {
    /// Holds a line against the records of exports.
    pub fn compare_records(
        &mut self,
        number: u64,
        line: &ManifestLine,
        exports: &mut ExportRecords,
        faults: &mut EvidenceFaults,
    ) {
        let export = line.export.as_deref().and_then(bytes_of);
        let mut files = exports.files.iter_mut();
        let file = files.find(|file| Some(file.hash) == export);
        let is_here = file.map(|file| file.is_known = true).is_some();
        if line.records.is_empty() {
            self.without_record += 1;
            return;
        }
        let mut records = line.records.iter().map(|hash| bytes_of(hash));
        let is_found = records.all(|hash| hash.is_some_and(|hash| exports.records.contains(&hash)));
        match (is_found, is_here) {
            (true, _) => self.records_found += 1,
            (false, false) => self.of_other_exports += 1,
            (false, true) => {
                let why = "the export has no record that says what this call was made of";
                faults.of_line(MANIFEST, number, why);
            }
        }
    }

    /// Holds a line against the recordings of a folder.
    pub fn compare_recording(
        &mut self,
        number: u64,
        line: &ManifestLine,
        audio: &AudioFiles,
        faults: &mut EvidenceFaults,
    ) {
        let Some(recording) = &line.recording else {
            return;
        };
        let sent = recording.blake3.as_deref().and_then(bytes_of);
        let sha256 = recording.sha256.as_deref().and_then(bytes_of);
        match sent.and_then(|hash| audio.find(&hash)) {
            None => {
                self.recordings_missing += 1;
                self.recordings_made += u64::from(recording.made);
            }
            Some(found) if sha256.is_some_and(|sha256| sha256 != found.sha256) => {
                let why = "its SHA-256 is not that of the file with its BLAKE3";
                faults.of_line(MANIFEST, number, why);
            }
            Some(found) if found.bytes != recording.bytes => {
                faults.of_line(
                    MANIFEST,
                    number,
                    "its bytes are not those of the file with its hash",
                );
            }
            Some(_) => self.recordings_found += 1,
        }
    }

    /// Tells of exports of which no call was made.
    pub fn tell_unused(exports: &ExportRecords, faults: &mut EvidenceFaults) {
        for file in exports.files.iter().filter(|file| !file.is_known) {
            let why = "no call of the manifest was made of these bytes";
            faults.of_file(&file.name, why);
        }
    }
}
