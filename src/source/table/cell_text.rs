//! What a cell looks like before its column is known.

/// A name without what stands around it: blanks, and what files leave that were put together.
pub(super) fn bare(name: &str) -> &str {
    name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{1a}')
}

/// Whether a cell is a number, a time or an address.
pub(super) fn is_value(cell: &str) -> bool {
    let cell = cell.trim();
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let written = cell
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b" +-.,:/()TZ".contains(&byte));
    (digits > 0 && written) || (cell.contains('@') && cell.contains('.'))
}

/// Whether a cell says something that is no value: words, but none that mean "nothing".
pub(super) fn is_words(cell: &str) -> bool {
    const NOTHING: [&str; 10] = [
        "null",
        "none",
        "nil",
        "nan",
        "n/a",
        "na",
        "unknown",
        "anonymous",
        "empty",
        "undefined",
    ];
    let cell = bare(cell);
    let letters = cell.chars().filter(|letter| letter.is_alphabetic()).count();
    letters > 1 && !is_value(cell) && !NOTHING.contains(&cell.to_lowercase().as_str())
}
