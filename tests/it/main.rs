//! The program as a whole: the binary is run against the sandbox, a topic a module.

mod harness;

mod accounting;
mod arrival;
mod bombs;
mod canary;
mod case_presets;
mod cases;
mod changes;
mod chaos;
mod cli;
#[cfg(unix)]
mod control;
mod counts;
#[cfg(feature = "failpoints")]
mod crash_points;
mod doctor;
#[cfg(unix)]
mod encrypted_recordings;
mod error_output;
mod evidence;
mod exchanged;
mod exports_in_stores;
mod fetch_recipes;
mod first_import;
mod full_disk;
mod held;
mod hostile_input;

mod ledger_commands;
mod limits;
mod mapping_init;
mod merge;
mod monitoring;
mod nightly;
mod notify;
mod open_proposals;
mod outages;
mod overlaps;
mod pages;
mod policies;
mod preflight;
mod presets;
mod privacy;
mod problem_places;
mod read_back;
mod recording_bombs;
mod recordings;
mod resume;
mod sandbox;
mod schedule;
mod selection;
mod server_faults;
mod shards;
mod sidecars;
mod state_machine;
mod stores;
mod structure;
mod texts;
mod tls;
mod unknown_exports;
mod verify;
mod verify_scale;
mod wire;
