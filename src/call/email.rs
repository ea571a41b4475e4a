//! Whether a text can be an agent's e-mail address.

use std::str::FromStr;

use email_address::EmailAddress;

/// Whether `text` is an address by RFC 5321 whose domain has a dot. Agents are told apart by this
/// address, so `support@localhost` and a bare login name are no addresses here.
pub fn is_email(text: &str) -> bool {
    is_plain(text)
        || EmailAddress::from_str(text)
            .is_ok_and(|address| address.domain().trim_end_matches('.').contains('.'))
}

/// The everyday shape (`given.family@mail.example.com`), for which the library would say yes.
/// A million rows take it, and it costs a tenth of the full grammar.
fn is_plain(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_atom = |part: &str| {
        !part.is_empty()
            && part.len() <= 60
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let is_label = |part: &str| {
        is_atom(part) && !part.contains('_') && !part.starts_with('-') && !part.ends_with('-')
    };
    text.len() <= 120
        && local.len() <= 60
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
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
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_shortcut_never_accepts_what_the_grammar_refuses(text in "[a-c@._-]{0,24}") {
            if is_plain(&text) {
                prop_assert!(EmailAddress::from_str(&text).is_ok());
            }
        }

        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            let _ = is_email(&text);
        }
    }
}
