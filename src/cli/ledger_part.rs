//! What the ledger of a shard is bound to: which part, of which export, by which mapping.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::canary_approval;
use super::error::Usage;
use super::inputs::ImportParts;
use crate::config::RunArgs;
use crate::ledger::{ShardBinding, SharedContent};
use crate::source::hash_file;

/// What the ledger of this run is bound to; nothing where the run imports a whole export. Reads all files
/// of the export once.
pub(super) fn binding(run: &RunArgs, parts: &ImportParts) -> Result<Option<ShardBinding>, Usage> {
    let Some(shard) = parts.shard else {
        return Ok(None);
    };
    let tables = parts.mapping.second_files();
    let tables = hash_of_files(tables.iter().map(PathBuf::as_path))?;
    let mut mapping = Sha256::new();
    mapping.update(canary_approval::hash(run, &parts.mapping));
    mapping.update(tables);
    mapping.update([u8::from(run.export.private_notes)]);
    let content = SharedContent {
        export: hash_of_files(parts.paths())?,
        mapping: mapping.finalize().into(),
    };
    Ok(Some(ShardBinding::new(shard, content)))
}

/// The hash of the contents of files, whatever their names and their order are.
fn hash_of_files<'p>(paths: impl Iterator<Item = &'p Path>) -> Result<[u8; 32], Usage> {
    let hash = |path: &Path| {
        hash_file(path).map_err(|source| Usage::File {
            path: path.to_owned(),
            source,
        })
    };
    let mut hashes = paths.map(hash).collect::<Result<Vec<_>, Usage>>()?;
    hashes.sort_unstable();
    Ok(Sha256::digest(hashes.concat()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_order_of_files_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let (one, two, copy) = (file("1", "a"), file("2", "b"), file("3", "a"));
        let hash = |paths: [&Path; 2]| hash_of_files(paths.into_iter()).unwrap();
        assert_eq!(hash([&one, &two]), hash([&two, &copy]));
        assert_ne!(hash([&one, &two]), hash([&one, &copy]));
        file("2", "c");
        assert_ne!(hash([&one, &two]), hash([&two, &two]));
        let missing = folder.path().join("none");
        assert!(hash_of_files([missing.as_path()].into_iter()).is_err());
    }
}
