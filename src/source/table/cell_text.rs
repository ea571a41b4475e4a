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

/// Whether the second row says the types of the columns.
pub(super) fn has_types(rows: &[Vec<String>]) -> bool {
    matches!(rows, [first, second, ..] if are_types(first, second))
}

/// Whether the cells of the second row are types of columns.
pub(super) fn are_types(first: &[String], second: &[String]) -> bool {
    second.len() == first.len() && second.iter().all(|cell| is_type(cell))
}

fn is_type(cell: &str) -> bool {
    const TYPES: [&str; 12] = [
        "INTEGER",
        "INT",
        "BIGINT",
        "SMALLINT",
        "VARCHAR",
        "CHAR",
        "TEXT",
        "UNIQUEIDENTIFIER",
        "DATE",
        "DATETIME",
        "TIMESTAMP",
        "BOOLEAN",
    ];
    let name = cell.trim().split('(').next().unwrap_or_default();
    TYPES.iter().any(|known| name.eq_ignore_ascii_case(known))
}
