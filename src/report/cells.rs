//! Cells that are safe to open in a spreadsheet.

use std::borrow::Cow;

/// The cell as a spreadsheet will not calculate it: what begins like a formula gets a leading
/// apostrophe. Plain numbers with a sign (`-5`, `+4512345678`) are harmless and stay.
pub(super) fn guarded(cell: &str) -> Cow<'_, str> {
    let is_formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula && !is_signed_number(cell) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell as it was before [`guarded`]. An apostrophe of its own before such a sign is lost, which
/// no known dialer writes.
pub(super) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if guarded(rest) != rest => rest,
        _ => cell,
    }
}

/// A sign and digits, with at most one decimal point or comma between them.
fn is_signed_number(cell: &str) -> bool {
    let Some(number) = cell.strip_prefix(['+', '-']) else {
        return false;
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match number.split_once(['.', ',']) {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_apostrophe_stays() {
        for cell in ["'", "'t Hart", "'+4512345678", "", "a'=1"] {
            assert_eq!(unguarded(cell), cell);
        }
    }

    #[test]
    fn formulas_get_an_apostrophe() {
        for cell in [
            "=1+1", "+1+1", "-1-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "+45 12+3", "-", "+",
            "+1.2.3", "-5\n=1",
        ] {
            assert_eq!(guarded(cell), format!("'{cell}"));
            assert_eq!(unguarded(&guarded(cell)), cell);
        }
    }

    #[test]
    fn numbers_and_ordinary_text_stay_as_they_are() {
        for cell in ["+4512345678", "-5", "-0.5", "+1,5", "", "a=b", "'=1", "1-2"] {
            assert_eq!(guarded(cell), cell);
        }
    }
}
