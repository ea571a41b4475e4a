//! The proof that one line is in a manifest: the line, and its path to the root.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::EvidenceError;
use super::folder::{LEAVES, MANIFEST, ROOT, read_small};
use super::lines::{Lines, leaves_of};
use super::manifest::{ManifestLine, bytes_of, hex};
use super::merkle::{leaf_hash, path, root_by_path};
use super::statement::Statement;

/// The proof that one line is in a manifest. It shows nothing of the other lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineProof {
    /// The line, as it stands in the manifest.
    pub line: String,
    /// Its place, from 0.
    pub index: u64,
    /// How many lines the manifest has.
    pub lines: u64,
    /// The hashes that lead from the line to the root, the lowest first.
    pub path: Vec<String>,
    /// The root.
    pub root: String,
}

impl LineProof {
    /// What is proved: the lines and the root to which the path leads; nothing if it does not lead to the root
    /// that the proof names.
    pub fn statement(&self) -> Option<Statement> {
        let hashes = self.path.iter().map(|hash| bytes_of(hash));
        let hashes: Vec<[u8; 32]> = hashes.collect::<Option<_>>()?;
        let leaf = leaf_hash(self.line.as_bytes());
        let root = root_by_path(leaf, self.index, self.lines, &hashes)?;
        let lines = self.lines;
        (bytes_of(&self.root)? == root).then_some(Statement { lines, root })
    }
}

/// The proof for the call of this id in a folder of evidence. Reads 32 bytes a call into memory.
pub fn prove_line(folder: &Path, id: &str) -> Result<LineProof, EvidenceError> {
    let root = folder.join(ROOT);
    let text = String::from_utf8(read_small(&root)?).unwrap_or_default();
    let statement = Statement::of_text(&text)
        .ok_or_else(|| EvidenceError::wrong(&root, "it names no lines and no root"))?;
    let manifest = folder.join(MANIFEST);
    let mut lines = Lines::open(&manifest)?;
    let mut index = 0_u64;
    let line = loop {
        let Some(line) = lines.next()? else {
            return Err(EvidenceError::NoLine { id: id.to_owned() });
        };
        let is_it = serde_json::from_slice::<ManifestLine>(line).is_ok_and(|line| line.id == id);
        if is_it {
            break String::from_utf8_lossy(line).into_owned();
        }
        index += 1;
    };
    let leaves = leaves_of(&folder.join(LEAVES))?;
    let place = usize::try_from(index).unwrap_or(usize::MAX);
    let path = path(&leaves, place)
        .ok_or_else(|| EvidenceError::wrong(folder.join(LEAVES), "it has too few hashes"))?;
    let proof = LineProof {
        line,
        index,
        lines: leaves.len() as u64,
        path: path.iter().map(|hash| hex(hash)).collect(),
        root: hex(&statement.root),
    };
    match proof.statement() {
        Some(proved) if proved == statement => Ok(proof),
        _ => Err(EvidenceError::wrong(
            manifest,
            "the manifest is not the one of the root; `evidence check` names the line",
        )),
    }
}
