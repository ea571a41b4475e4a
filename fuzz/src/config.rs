//! The words of the command line, without the parser around them.

#[path = "../../src/config/units.rs"]
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
