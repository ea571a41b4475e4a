//! Checks a folder of evidence by itself: every line, the root, the sums, the page and the signature.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::error::EvidenceError;
use super::fault::EvidenceFaults;
use super::folder::{
    CERTIFICATE, LEAVES, MANIFEST, PUBLIC_KEY, ROOT, SIGNATURE, SUMMARY, read_if_there, read_small,
};
use super::lines::Lines;
use super::manifest::{ManifestLine, hex};
use super::merkle::{TreeBuilder, TreeHash, leaf_hash};
use super::signature::is_signed_by;
use super::statement::Statement;
use super::summary::EvidenceSummary;
use super::totals::EvidenceTotals;

/// Who signed the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureState {
    /// Nobody.
    None,
    /// The key that was named for the check.
    ByNamedKey,
    /// The key that lies in the folder, with this SHA-256 of its DER. Whoever changed the folder may have put
    /// it there.
    ByKeyOfFolder(String),
    /// Nobody whose key is known: it does not fit.
    Wrong,
}

/// What a check found.
#[derive(Debug, Clone)]
pub struct EvidenceCheck {
    /// What `root.txt` says.
    pub statement: Statement,
    /// The sums over the lines that were read.
    pub totals: EvidenceTotals,
    /// Who signed.
    pub signature: SignatureState,
    /// What does not fit.
    pub faults: EvidenceFaults,
}

/// Checks a folder, and hands over each line that is as the tree has it, with its number from 1. `key` is the
/// public key, in DER, that must have signed.
pub fn check(
    folder: &Path,
    key: Option<&[u8]>,
    each: impl FnMut(u64, &ManifestLine, &mut EvidenceFaults),
) -> Result<EvidenceCheck, EvidenceError> {
    let root = folder.join(ROOT);
    let text = read_small(&root)?;
    let statement = std::str::from_utf8(&text).ok().and_then(Statement::of_text);
    let statement = statement.ok_or_else(|| {
        EvidenceError::wrong(
            &root,
            "it names no lines and no root in the form of evidence",
        )
    })?;
    let mut faults = EvidenceFaults::default();
    let signature = signature(folder, &text, key, &mut faults)?;
    let totals = lines(folder, statement, &mut faults, each)?;
    summary(folder, statement, &totals, &mut faults)?;
    Ok(EvidenceCheck {
        statement,
        totals,
        signature,
        faults,
    })
}

fn signature(
    folder: &Path,
    message: &[u8],
    key: Option<&[u8]>,
    faults: &mut EvidenceFaults,
) -> Result<SignatureState, EvidenceError> {
    let signature = read_if_there(&folder.join(SIGNATURE))?;
    let own = read_if_there(&folder.join(PUBLIC_KEY))?;
    let state = match (signature, key, own) {
        (None, None, None) => SignatureState::None,
        (Some(signature), Some(key), _) if is_signed_by(key, message, &signature) => {
            SignatureState::ByNamedKey
        }
        (Some(signature), None, Some(own)) if is_signed_by(&own, message, &signature) => {
            SignatureState::ByKeyOfFolder(hex(&Sha256::digest(&own)))
        }
        (None, ..) => {
            faults.of_file(SIGNATURE, "the signature is missing");
            SignatureState::Wrong
        }
        (Some(_), Some(_), _) => {
            faults.of_file(SIGNATURE, "the named key did not sign this root");
            SignatureState::Wrong
        }
        (Some(_), None, _) => {
            faults.of_file(SIGNATURE, "the key in the folder did not sign this root");
            SignatureState::Wrong
        }
    };
    Ok(state)
}

/// The hashes of the lines, one after the other.
struct Leaves(BufReader<File>);

impl Leaves {
    fn open(path: &Path) -> Result<Leaves, EvidenceError> {
        let file = File::open(path).map_err(EvidenceError::file(path))?;
        Ok(Leaves(BufReader::new(file)))
    }

    /// The next hash; nothing behind the last whole one.
    fn next(&mut self) -> Option<TreeHash> {
        let mut hash = [0; 32];
        self.0.read_exact(&mut hash).ok()?;
        Some(hash)
    }

    fn is_at_end(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0))
    }
}

fn lines(
    folder: &Path,
    statement: Statement,
    faults: &mut EvidenceFaults,
    mut each: impl FnMut(u64, &ManifestLine, &mut EvidenceFaults),
) -> Result<EvidenceTotals, EvidenceError> {
    let mut leaves = Leaves::open(&folder.join(LEAVES))?;
    let (mut of_lines, mut of_leaves) = (TreeBuilder::default(), TreeBuilder::default());
    let mut lines = Lines::open(&folder.join(MANIFEST))?;
    let mut totals = EvidenceTotals::default();
    while let Some(line) = lines.next()? {
        let number = of_lines.size() + 1;
        let leaf = leaf_hash(line);
        of_lines.push(leaf);
        let known = leaves.next();
        if let Some(known) = known {
            of_leaves.push(known);
        }
        if known != Some(leaf) {
            faults.of_line(MANIFEST, number, "the line was changed, added or moved");
        }
        match serde_json::from_slice::<ManifestLine>(line) {
            Ok(line) => {
                totals.count(&line);
                each(number, &line, faults);
            }
            Err(error) => faults.of_line(MANIFEST, number, format!("no line of evidence: {error}")),
        }
    }
    if !lines.is_ended() {
        faults.of_line(MANIFEST, of_lines.size(), "the line has no end");
    }
    if of_lines.size() != statement.lines {
        let why = format!("{} lines instead of {}", of_lines.size(), statement.lines);
        faults.of_file(MANIFEST, why);
    }
    while let Some(leaf) = leaves.next() {
        of_leaves.push(leaf);
    }
    if of_leaves.size() != statement.lines || !leaves.is_at_end() {
        faults.of_file(LEAVES, "it has not one hash for each line");
    }
    if of_leaves.root() != statement.root {
        faults.of_file(LEAVES, "the hashes do not lead to the root of root.txt");
    }
    if of_lines.root() != statement.root {
        faults.of_file(MANIFEST, "the lines do not lead to the root of root.txt");
    }
    Ok(totals)
}

fn summary(
    folder: &Path,
    statement: Statement,
    totals: &EvidenceTotals,
    faults: &mut EvidenceFaults,
) -> Result<(), EvidenceError> {
    let root = hex(&statement.root);
    match serde_json::from_slice::<EvidenceSummary>(&read_small(&folder.join(SUMMARY))?) {
        Err(error) => faults.of_file(SUMMARY, error.to_string()),
        Ok(summary) => {
            if summary.root != root || summary.lines != statement.lines {
                faults.of_file(SUMMARY, "it names another root than root.txt");
            }
            if summary.totals != *totals {
                faults.of_file(SUMMARY, "its sums are not those of the manifest");
            }
        }
    }
    let page = read_if_there(&folder.join(CERTIFICATE))?;
    let names_root = page.is_some_and(|page| {
        let page = String::from_utf8_lossy(&page);
        page.contains(&root)
    });
    if !names_root {
        faults.of_file(CERTIFICATE, "the page is missing, or names another root");
    }
    Ok(())
}
