//! The commands: one file each, and each only wires.
//!
//! Flags become settings, settings become the parts of the folders above, the parts make one call,
//! and its outcome becomes an exit code. Nothing is decided here but which code that is.

mod canary;
mod canary_approval;
mod check;
mod completions;
mod connect;
mod control;
mod doctor;
mod dry_run;
mod error;
mod evidence;
mod exit_code;
mod explain;
mod export_age;
mod exports;
mod files_beside;
mod guided;
mod inputs;
mod ledger;
mod ledger_part;
mod ledger_view;
mod mapping;
mod merge;
mod named_mapping;
mod no_mapping;
mod program;
mod recording_places;
mod report;
mod report_listener;
mod run;
mod run_ledger;
mod run_options;
mod sandbox;
mod screens;
mod signals;
mod status;
mod verify;
mod verify_job;
mod watch;

pub use program::main;
