//! The rooms that read what others wrote, and how the targets call them.
//!
//! Each target in `fuzz_targets/` states what must hold for any input: besides "no panic, no hang",
//! that nothing is dropped, that positions are those of the file, and that what a library wrote is
//! read back as it was. `scripts/fuzz` runs them on the corpora stored here.

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/mapping/mod.rs"]
pub mod mapping;
#[path = "../../src/recordings/mod.rs"]
pub mod recordings;
#[path = "../../src/source/mod.rs"]
pub mod source;

pub mod config;
pub mod delivery;
pub mod read;
pub mod row;
