//! Whether a text can be an agent's e-mail address.

use email_address::{EmailAddress, Options};

/// Whether `text` is an address by RFC 5321 whose domain has a dot. Agents are told apart by this
/// address, so `support@localhost` and a bare login name are no addresses here.
pub fn is_email(text: &str) -> bool {
    is_plain_email(text)
        || EmailAddress::parse_with_options(text, bare())
            .is_ok_and(|address| address.domain().trim_end_matches('.').contains('.'))
}

/// The address alone: no name before it and no `[127.0.0.1]` behind the `@`.
fn bare() -> Options {
    Options::default()
        .without_display_text()
        .without_domain_literal()
}

/// The everyday shape (`given.family@mail.example.com`), for which the library would say yes.
/// A million rows take it, and it costs a tenth of the full grammar.
pub(crate) fn is_plain_email(text: &str) -> bool {
    let Some(at) = memchr::memchr(b'@', text.as_bytes()) else {
        return false;
    };
    let (local, domain) = (&text.as_bytes()[..at], &text.as_bytes()[at + 1..]);
    let in_local = |before, byte| match byte {
        b'.' => before != b'.',
        b'-' | b'_' => true,
        _ => false,
    };
    // A label neither begins nor ends with a hyphen.
    let in_domain = |before, byte| match byte {
        b'.' => before != b'.' && before != b'-',
        b'-' => before != b'.',
        _ => false,
    };
    local.len() <= 60
        && domain.len() <= 60
        && is_made_of(local, in_local)
        && is_made_of(domain, in_domain)
        && domain.contains(&b'.')
}

/// Whether there are letters, digits and bytes that `fit` behind the byte before them, as if a dot
/// stood at both ends.
fn is_made_of(text: &[u8], fit: impl Fn(u8, u8) -> bool) -> bool {
    let before = |at: usize| match at.checked_sub(1) {
        Some(before) => text[before],
        None => b'.',
    };
    let mut bytes = text.iter().enumerate();
    bytes.all(|(at, byte)| IS_ALPHANUMERIC[usize::from(*byte)] || fit(before(at), *byte))
        && fit(before(text.len()), b'.')
}

/// `u8::is_ascii_alphanumeric` by one look, since each record has an address.
const IS_ALPHANUMERIC: [bool; 256] = {
    let mut is_alphanumeric = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        is_alphanumeric[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    is_alphanumeric
};

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_told_from_other_text() {
        for good in [
            "a@example.com",
            "søren@eksempel.dk",
            "a.b-c_d@mail.example.com",
            "x+y@example.com",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a b@example.com",
            "a@example..com",
            "a@@example.com",
            ".a@example.com",
            "a.@example.com",
            "agent 7",
            "N/A",
            "a@example.com, b@example.com",
            "Ida Opdigtet <ida@example.com>",
            "<ida@example.com>",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_shortcut_never_accepts_what_the_grammar_refuses(text in "[a-c@._-]{0,24}") {
            if is_plain_email(&text) {
                prop_assert!(EmailAddress::from_str(&text).is_ok());
            }
        }

        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            let _ = is_email(&text);
        }
    }
}
