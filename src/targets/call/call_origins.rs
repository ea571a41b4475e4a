//! Which exports and which mapping the calls of a run are made of, by their hashes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};

use crate::domain::call::Field;
use crate::ledger::{ExportOrigin, MappingOrigin, RecordOrigin};
use crate::mapping::CallMapping;
use crate::source::{Record, hash_file, record_hash};

/// A file of the export. Its bytes are hashed when the first call of it is about to be sent, so that a night
/// without anything new reads no file twice.
#[derive(Debug)]
struct OriginFile {
    path: PathBuf,
    origin: OnceLock<Option<Arc<ExportOrigin>>>,
}

/// Which exports and which mapping the calls of a run are made of.
#[derive(Debug)]
pub struct CallOrigins {
    mapping: [u8; 32],
    files: HashMap<String, OriginFile>,
}

impl CallOrigins {
    /// Of these files, by the names that records call them, and this mapping text.
    pub fn new(mapping: &str, files: impl IntoIterator<Item = (String, PathBuf)>) -> CallOrigins {
        let file = |(name, path)| {
            let origin = OnceLock::new();
            (name, OriginFile { path, origin })
        };
        CallOrigins {
            mapping: Sha256::digest(mapping).into(),
            files: files.into_iter().map(file).collect(),
        }
    }

    /// What a call of these records is made of.
    pub(in crate::targets) fn of(
        &self,
        records: &[Record<'_>],
        mapping: &CallMapping,
    ) -> RecordOrigin {
        let first = records.first().map(Record::sheet);
        let file = first.and_then(|sheet| self.files.get(&*sheet.file));
        let export = file.and_then(|file| {
            let name = || {
                first
                    .map(|sheet| sheet.file.to_string())
                    .unwrap_or_default()
            };
            file.origin.get_or_init(|| read(&file.path, name())).clone()
        });
        let columns = mapping.columns_of(Field::HasConsent);
        RecordOrigin {
            records: records.iter().map(record_hash).collect(),
            export,
            mapping: Arc::new(MappingOrigin {
                hash: self.mapping,
                consent_column: (!columns.is_empty()).then(|| columns.join(", ")),
            }),
        }
    }
}

fn read(path: &Path, name: String) -> Option<Arc<ExportOrigin>> {
    let hash = hash_file(path);
    let hash = hash.inspect_err(|error| {
        tracing::warn!(file = %path.display(), %error, "evidence will lack the hash of this export");
    });
    Some(Arc::new(ExportOrigin {
        name,
        hash: hash.ok()?,
    }))
}
