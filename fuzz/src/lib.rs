//! The rooms that read what others wrote, and how the targets call them.
//!
//! Each target in `fuzz_targets/` states what must hold for any input: besides "no panic, no hang",
//! that nothing is dropped, that positions are those of the file, and that what a library wrote is
//! read back as it was. `scripts/fuzz` runs them on the corpora stored here.

#[path = "../../src/audio/mod.rs"]
pub mod audio;
#[path = "../../src/call/mod.rs"]
pub mod call;
#[path = "../../src/case/mod.rs"]
pub mod case;
#[path = "../../src/mapping/mod.rs"]
pub mod mapping;
#[path = "../../src/source/mod.rs"]
pub mod source;

/// The hours of a run.
pub mod delivery {
    #[path = "../../../src/delivery/hours.rs"]
    mod hours;

    pub use hours::{Bandwidth, Hours, time_of_day};
}

/// The words of the command line, without the parser around them.
pub mod config {
    #[path = "../../../src/config/units.rs"]
    mod units;

    /// Reads a text as every kind of value that an option may have.
    pub fn read_all(text: &str) {
        let _ = units::bytes(text);
        let _ = units::bandwidth(text);
        let _ = units::zone(text);
        let _ = units::duration(text);
        let _ = units::rate(text);
        let _ = units::share(text);
        let _ = units::named_file(text);
    }
}

pub mod read;
pub mod row;
