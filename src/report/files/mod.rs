//! What a run writes below `--out`, and what is read back of it.

mod accepted_list;
pub(super) mod allowance;
pub(super) mod bounded;
pub(super) mod csv_file;
pub(super) mod csv_guard;
pub(super) mod from_ledger;
pub(super) mod id_list;
pub(super) mod output_folder;
pub(super) mod own_reports;
mod problems_list;
pub(super) mod prune;
pub(super) mod read_accepted;
pub(super) mod recordings;
pub(super) mod rejected;
pub(super) mod repeated_lines;
pub(super) mod run_files;
pub(super) mod skipped;
pub(super) mod verify_list;
