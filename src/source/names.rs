//! Names of columns and of members: when two of them are one, and what a JSON object has by a name.

use serde_json::{Map, Value as Json};

/// The member of this very name, else the first whose name is the same but for its form. Objects have a
/// few members, and to go through them is quicker than to hash the name.
pub(super) fn member<'j>(members: &'j Map<String, Json>, wanted: &str) -> Option<&'j Json> {
    let mut alike = None;
    for (name, value) in members {
        if name == wanted {
            return Some(value);
        }
        if alike.is_none() && is_same_name(name, wanted) {
            alike = Some(value);
        }
    }
    alike
}

/// Two members with different values whose names are the same but for their form, if there are any.
pub(super) fn twins(members: &Map<String, Json>) -> Option<(&str, &str)> {
    members.iter().enumerate().find_map(|(at, (one, value))| {
        let mut behind = members.iter().skip(at + 1);
        let found = behind.find(|(other, said)| is_same_name(one, other) && *said != value);
        found.map(|(other, _)| (one.as_str(), other.as_str()))
    })
}

/// Whether the name is all of these steps with dots between them.
pub(super) fn is_joined(name: &str, path: &[String]) -> bool {
    let length = path.iter().map(String::len).sum::<usize>() + path.len() - 1;
    name.len() == length
        && name
            .split('.')
            .eq(path.iter().flat_map(|step| step.split('.')))
}

/// Whether two names are one by [`Header::key`](super::Header::key). A JSON record is asked for thirty
/// names that it does not have, and each is compared with all that it has: no key is made, and most
/// differ in their first letters.
fn is_same_name(one: &str, other: &str) -> bool {
    if let ([a, ..], [b, ..]) = (one.as_bytes(), other.as_bytes())
        && a.is_ascii_alphanumeric()
        && b.is_ascii_alphanumeric()
        && !a.eq_ignore_ascii_case(b)
    {
        return false;
    }
    let is_counted = |byte: &u8| !matches!(byte, b'-' | b'_' | b' ' | b'\t'..=b'\r');
    let (mut left, mut right) = (one, other);
    loop {
        let next = |name: &str| name.bytes().position(|byte| is_counted(&byte));
        let (Some(at), Some(place)) = (next(left), next(right)) else {
            // What is left of one of them does not count.
            return letters(left).eq(letters(right));
        };
        let (a, b) = (left.as_bytes()[at], right.as_bytes()[place]);
        if !a.is_ascii() || !b.is_ascii() {
            return letters(left).eq(letters(right));
        }
        if !a.eq_ignore_ascii_case(&b) {
            return false;
        }
        (left, right) = (&left[at + 1..], &right[place + 1..]);
    }
}

/// The letters by which names are compared.
pub(super) fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|char| !char.is_whitespace() && !matches!(char, '-' | '_' | '\u{feff}'))
        .flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Header;

    proptest::proptest! {
        #[test]
        fn names_are_one_when_their_keys_are(
            one in "[aBkK\u{212a}İß_\u{a0}\u{feff} -]{0,6}",
            other in "[AbkKi\u{212a}İß_\u{a0}\u{feff} -]{0,6}",
        ) {
            let is_one = Header::key(&one) == Header::key(&other);
            proptest::prop_assert_eq!(is_same_name(&one, &other), is_one);
            proptest::prop_assert!(is_same_name(&one, &one.to_lowercase()) || !one.is_ascii());
        }
    }
}
