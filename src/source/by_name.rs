//! The order of files by their names.

use std::cmp::Ordering;

/// Compares names as people sort them: numbers by their value (`calls-9` before `calls-10`), the rest by
/// its characters. Only a name is equal to itself.
pub fn by_name(one: &str, other: &str) -> Ordering {
    pieces(one).cmp(pieces(other)).then_with(|| one.cmp(other))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Piece<'n> {
    /// Of a number its first sign is that of all numbers, so that it stands where digits do.
    sign: char,
    /// Digits without the zeros before them.
    length: usize,
    digits: &'n str,
}

/// The numbers and the single characters between them.
fn pieces(name: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        if !first.is_ascii_digit() {
            rest = &rest[first.len_utf8()..];
            return Some(Piece {
                sign: first,
                length: 0,
                digits: "",
            });
        }
        let end = rest.find(|sign: char| !sign.is_ascii_digit());
        let (number, behind) = rest.split_at(end.unwrap_or(rest.len()));
        rest = behind;
        let digits = number.trim_start_matches('0');
        Some(Piece {
            sign: '0',
            length: digits.len(),
            digits,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_by_their_value_and_stand_where_digits_do() {
        let sorted = [
            "",
            "calls",
            "calls-2026-9-30.csv",
            "calls-2026-11-29.csv",
            "calls-2026-12-01.csv",
            "calls-final.csv",
            "calls.csv",
            "calls1.csv",
            "calls08.csv",
            "calls9.csv",
            "calls10.csv",
            "calls99999999999999999999999999.csv",
            "calls100000000000000000000000000.csv",
            "callé.csv",
            "d0",
            "d00",
            "d00x",
            "d1",
        ];
        for (at, one) in sorted.iter().enumerate() {
            for (place, other) in sorted.iter().enumerate() {
                assert_eq!(by_name(one, other), at.cmp(&place), "{one} {other}");
            }
        }
    }
}
