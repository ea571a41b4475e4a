//! Makes a message from outside fit to keep: one line, short, nobody in it.
//!
//! Servers like to repeat the value they refuse, and to add an id of the request. The first must
//! not be kept, and the second would make every message different from the next, so that a
//! thousand refusals for one reason would look like a thousand reasons. Addresses, numbers and
//! ids can be recognised and are masked; a name that a server repeats cannot, and stays.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// The most characters of a message that are kept.
const LIMIT: usize = 300;

/// A message is cut to this many characters before anybody looks at it: some servers answer with a page.
const GLANCE: usize = 4_096;

/// An identity shorter than this may be a part of a word.
const SHORTEST_IDENTITY: usize = 4;

static MASKS: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
    [
        (r#"[^\s"'<>(),;:=]+@[^\s"'<>(),;:=]+"#, "<e-mail>"),
        (
            r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{16,}\b",
            "<id>",
        ),
        // Seven digits, however grouped: a phone, a time, a civil registration number.
        (r"\+?\(?[0-9](?:[ ()./:T-]{0,2}[0-9]){6,}Z?", "<number>"),
    ]
    .map(|(pattern, mask)| {
        (
            Regex::new(pattern).expect("the patterns are constants"),
            mask,
        )
    })
});

/// Where a text has seven digits or more, however grouped.
pub(super) fn numbers_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    let [.., (number, _)] = &*MASKS;
    number.find_iter(text).map(|found| found.range())
}

/// The message as the ledger keeps it; `identity` is the call's own id, which stands beside it.
pub fn mask(message: &str, identity: &str) -> String {
    let glance = match message.char_indices().nth(GLANCE) {
        Some((end, _)) => &message[..end],
        None => message,
    };
    let mut text = if identity.len() >= SHORTEST_IDENTITY {
        glance.replace(identity, "<id>")
    } else {
        glance.to_owned()
    };
    for (pattern, mask) in MASKS.iter() {
        text = pattern.replace_all(&text, *mask).into_owned();
    }
    let mut line = String::with_capacity(text.len().min(LIMIT));
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((end, _)) = line.char_indices().nth(LIMIT) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nobody_is_left_in_a_message() {
        for (message, kept) in [
            (
                "agentEmail 'anna.berg@example.com' is not valid",
                "agentEmail '<e-mail>' is not valid",
            ),
            ("customer: +45 20 12 34 56", "customer: <number>"),
            ("customer=(020) 12.34.56-7;", "customer=<number>;"),
            ("bad dateTime 2026-11-22T09:30:00Z", "bad dateTime <number>"),
            (
                r#"{"traceId":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#,
                r#"{"traceId":"00-<id>-<id>-01"}"#,
            ),
            ("see 01890a5d-ac96-774b-bcce-b302099a8057.", "see <id>."),
        ] {
            assert_eq!(mask(message, "no-such"), kept);
        }
    }

    #[test]
    fn what_tells_the_reason_stays() {
        for message in [
            "503 502 after 8 tries",
            "The field customNumberProp10 must be between 0 and 100000.",
            "for langt emne: højst 250 tegn",
        ] {
            assert_eq!(mask(message, "no-such"), message);
        }
    }

    #[test]
    fn the_same_refusal_of_two_calls_is_the_same_message() {
        let one = mask("call call-1 has no agent", "call-1");
        let other = mask("call call-2 has no agent", "call-2");
        assert_eq!(one, other);
        assert_eq!(mask("1 of 1 fields", "1"), "1 of 1 fields");
    }

    #[test]
    fn a_page_becomes_one_short_line() {
        let page = "<html>\r\n\t<body>Bad Gateway \u{0}".repeat(5_000);
        let kept = mask(&page, "no-such");
        assert!(kept.starts_with("<html> <body>Bad Gateway"), "{kept}");
        assert_eq!(kept.chars().count(), LIMIT + 1);
    }

    proptest! {
        #[test]
        fn any_message_can_be_kept(message in "\\PC*|[\\x00-\\x{ff}]*", identity in "\\PC*") {
            let kept = mask(&message, &identity);
            prop_assert!(kept.chars().count() <= LIMIT + 1);
            prop_assert!(!kept.contains(char::is_control));
        }

        #[test]
        fn no_address_is_kept(name in "[a-z0-9._%+-]{3,20}", around in "[ a-z:'\"]{0,40}") {
            let message = format!("{around} {name}@example.com {around}");
            prop_assert!(!mask(&message, "no-such").contains("example"));
        }
    }
}
