//! What the ledgers of all shards say together, as values: the `summary.json` of a merged report.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::report::StatusView;

/// What the ledgers of all shards say together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MergeView {
    /// The program.
    pub program: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Always `merge`.
    pub mode: &'static str,
    /// Where the calls went.
    pub destination: String,
    /// How many shards there are.
    pub of: u32,
    /// The version of the hash that divides records.
    pub hash_version: u32,
    /// The hash of the contents of the export.
    pub export: Option<String>,
    /// The hash of the mapping, its tables and flags.
    pub mapping: Option<String>,
    /// Whether every record of the export is accounted for by exactly one shard.
    pub is_complete: bool,
    /// What is missing for that, in sentences.
    pub missing: Vec<String>,
    /// Records of the export.
    pub read: Option<u64>,
    /// Those that the shards own.
    pub owned: u64,
    /// The same by outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Problems by code and severity. What each shard tells of the export counts once.
    pub problems: Vec<CodeCount>,
    /// The shards, in their order.
    pub shards: Vec<MergedShard>,
    /// What the ledgers know, added up.
    pub status: StatusView,
    /// The files that were written.
    pub files: Vec<PathBuf>,
}

/// Problems of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeCount {
    /// The code.
    pub code: String,
    /// The severity.
    pub severity: String,
    /// How many.
    pub problems: u64,
}

/// One shard, by its ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MergedShard {
    /// Its number, from 0.
    pub number: u32,
    /// Its ledger.
    pub ledger: String,
    /// The number of its last run; `None` where none was begun.
    pub run: Option<u64>,
    /// How that ended, in a word or two.
    pub ending: String,
    /// Whether it came to the end of the export.
    pub is_whole: bool,
    /// Records that it read.
    pub read: u64,
    /// Records of those that it owns.
    pub owned: u64,
    /// The same by outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Calls and cases that its ledger knows.
    pub known: u64,
}

impl MergedShard {
    /// How many of its records ended so.
    pub fn outcome(&self, name: &str) -> u64 {
        self.outcomes.get(name).copied().unwrap_or(0)
    }
}
