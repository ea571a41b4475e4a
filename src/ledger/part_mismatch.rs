//! Why a ledger is not the one for the part of an export that a run imports.

use std::fmt;

use crate::domain::Shard;

/// Why a ledger is not the one for what a run imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartMismatch {
    /// It is that of another shard.
    OtherShard {
        /// The shard of the ledger.
        theirs: Shard,
        /// The shard of the run.
        ours: Shard,
    },
    /// It is that of a shard, and the run imports the whole export.
    OfShard {
        /// The shard of the ledger.
        theirs: Shard,
    },
    /// It knows calls of runs that imported the whole export.
    OfWholeExport {
        /// The shard of the run.
        ours: Shard,
    },
    /// Another version of the hash told which records are its own.
    OtherHash {
        /// The version of the ledger.
        theirs: u32,
    },
    /// It was begun with other files.
    OtherExport,
    /// It was begun with another mapping.
    OtherMapping,
}

impl fmt::Display for PartMismatch {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartMismatch::OtherShard { theirs, ours } => {
                write!(
                    to,
                    "holds shard {theirs}, and this run imports shard {ours}"
                )
            }
            PartMismatch::OfShard { theirs } => {
                write!(
                    to,
                    "holds shard {theirs}, and this run imports the whole export"
                )
            }
            PartMismatch::OfWholeExport { ours } => write!(
                to,
                "holds calls of a whole export, and this run imports shard {ours}"
            ),
            PartMismatch::OtherHash { theirs } => write!(
                to,
                "divides records by hash version {theirs}, and this program by version {}",
                Shard::HASH_VERSION
            ),
            PartMismatch::OtherExport => {
                to.write_str("was begun with another export: the files have other contents")
            }
            PartMismatch::OtherMapping => to.write_str(
                "was begun with another mapping: its text, its tables or its flags are others",
            ),
        }
    }
}
