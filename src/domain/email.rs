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
    const MOST: usize = 60;
    // As if a dot stood at both ends of both parts.
    let mut before = b'.';
    let mut domain = None;
    let mut has_point = false;
    for (at, byte) in text.bytes().enumerate() {
        if !IS_ALPHANUMERIC[usize::from(byte)] {
            let is_in_domain = domain.is_some();
            let fits = match byte {
                // A label of the domain neither begins nor ends with a hyphen.
                b'.' => before != b'.' && !(is_in_domain && before == b'-'),
                b'-' => !(is_in_domain && before == b'.'),
                b'_' => !is_in_domain,
                b'@' => !is_in_domain && before != b'.' && at <= MOST,
                _ => false,
            };
            if !fits {
                return false;
            }
            has_point |= is_in_domain && byte == b'.';
            if byte == b'@' {
                domain = Some(at + 1);
                before = b'.';
                continue;
            }
        }
        before = byte;
    }
    domain.is_some_and(|start| text.len() - start <= MOST)
        && has_point
        && before != b'.'
        && before != b'-'
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
