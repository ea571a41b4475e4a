//! What the ledger of a shard is bound to: which part, of which export, by which mapping.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::canary_approval;
use super::error::Usage;
use super::inputs::ImportParts;
use crate::config::RunArgs;
use crate::ledger::{ShardBinding, SharedContent};
use crate::source::{Input, hash_file};

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
        export: hash_of_exports(parts.inputs())?,
        mapping: mapping.finalize().into(),
    };
    Ok(Some(ShardBinding::new(shard, content)))
}

/// The hash of names and contents, in the order in which the files are read: a record without an id belongs to a
/// shard by the name of its file, and of two calls with one recording the first in order gets it.
fn hash_of_exports(inputs: &[Input]) -> Result<[u8; 32], Usage> {
    let mut all = Sha256::new();
    for input in inputs {
        let Some(path) = input.path() else { continue };
        let name = input.name();
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        all.update((name.len() as u64).to_le_bytes());
        all.update(name.as_bytes());
        all.update(hash_of_file(path)?);
    }
    Ok(all.finalize().into())
}

fn hash_of_file(path: &Path) -> Result<[u8; 32], Usage> {
    hash_file(path).map_err(|source| Usage::File {
        path: path.to_owned(),
        source,
    })
}

/// The hash of the contents of files, whatever their names and their order are.
fn hash_of_files<'p>(paths: impl Iterator<Item = &'p Path>) -> Result<[u8; 32], Usage> {
    let mut hashes = paths.map(hash_of_file).collect::<Result<Vec<_>, Usage>>()?;
    hashes.sort_unstable();
    Ok(Sha256::digest(hashes.concat()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_order_of_exports_count_and_their_folder_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            Input::file(path)
        };
        let (one, two) = (file("1.csv", "a"), file("2.csv", "b"));
        let (moved, renamed) = (file("more/1.csv", "a"), file("3.csv", "a"));
        let hash = |inputs: [&Input; 2]| hash_of_exports(&inputs.map(Clone::clone)).unwrap();
        assert_eq!(hash([&one, &two]), hash([&moved, &two]));
        assert_ne!(hash([&one, &two]), hash([&two, &one]));
        assert_ne!(hash([&one, &two]), hash([&renamed, &two]));
    }

    #[test]
    fn names_and_order_of_tables_do_not_count() {
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
