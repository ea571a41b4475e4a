//! The hours of a run.

#[path = "../../src/delivery/schedule.rs"]
mod hours;

pub use hours::{Bandwidth, Hours, time_of_day};
