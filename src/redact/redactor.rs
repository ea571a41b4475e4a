//! Takes out of an answer what the request said.

use serde_json::Value;

use super::encodings::readings;
use super::needle::{Needle, Parts};

/// Fields whose values are ids and times of the record, which tell people apart for nobody but the
/// operator, and words that the contract itself chose.
const TOLD: [&str; 9] = [
    "externalIdentity",
    "caseUid",
    "messageUid",
    "dateTime",
    "created",
    "updated",
    "updatedAt",
    "direction",
    "audioChannels",
];

/// Knows what a request said that an answer must not repeat.
#[derive(Debug, Default)]
pub struct Redactor {
    needles: Vec<Needle>,
}

impl Redactor {
    /// Takes out a token, and its parts where it is written with its scheme (`Bearer x`).
    #[must_use]
    pub fn token(mut self, token: &str) -> Redactor {
        self.needles.extend(Needle::token(token));
        let words: Vec<&str> = token.split_whitespace().collect();
        if words.len() > 1 {
            self.needles
                .extend(words.into_iter().skip(1).filter_map(Needle::token));
        }
        self
    }

    /// Takes out the value of a field.
    #[must_use]
    pub fn value(mut self, field: &str, value: &str) -> Redactor {
        self.needles.extend(Needle::value(field, value));
        self
    }

    /// Takes out all that a body of JSON says, but ids and times. Another body says nothing.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Redactor {
        if let Ok(body) = serde_json::from_slice::<Value>(body) {
            self.collect("value", &body);
        }
        self
    }

    fn collect(&mut self, field: &str, value: &Value) {
        match value {
            _ if TOLD.contains(&field) => {}
            Value::Array(items) => items.iter().for_each(|item| self.collect(field, item)),
            Value::Object(fields) => {
                for (field, value) in fields {
                    self.collect(field, value);
                }
            }
            Value::String(text) => self.needles.extend(Needle::value(field, text)),
            Value::Number(number) => {
                self.needles
                    .extend(Needle::value(field, &number.to_string()));
            }
            Value::Bool(_) | Value::Null => {}
        }
    }

    /// The text without all of that. What overlaps is taken out as one, so that nothing is left of a
    /// value that holds the token, nor of a token that holds a value.
    pub fn clean(&self, text: &str) -> String {
        let mut found: Vec<(usize, usize, &str)> = Vec::new();
        for view in readings(text) {
            let view = view.folded();
            let mut parts = Parts::of(&view, &self.needles);
            for needle in &self.needles {
                let places = needle.find(&view, &mut parts).into_iter();
                found.extend(places.map(|(start, end)| (start, end, needle.mask.as_str())));
            }
        }
        found.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
        let mut told = String::with_capacity(text.len());
        let mut rest = 0;
        let mut found = found.into_iter().peekable();
        while let Some((start, mut end, mut mask)) = found.next() {
            let mut longest = end - start;
            while let Some((start, more, other)) = found.next_if(|(start, ..)| *start < end) {
                if more - start > longest {
                    (longest, mask) = (more - start, other);
                }
                end = end.max(more);
            }
            told.push_str(text.get(rest..start).unwrap_or_default());
            told.push_str(mask);
            rest = end;
        }
        told.push_str(text.get(rest..).unwrap_or_default());
        told
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "t0ken-4bf92f3577b3";

    fn told(body: &str, answer: &str) -> String {
        Redactor::default()
            .token(TOKEN)
            .body(body.as_bytes())
            .clean(answer)
    }

    #[test]
    fn a_token_that_is_a_word_is_left_out_where_it_stands_as_one() {
        let told = |token: &str, text: &str| Redactor::default().token(token).clean(text);
        for text in [
            "a fault that the sandbox was told to give",
            "sandboxes, Sandbox",
        ] {
            assert_eq!(told("sandbox", text), text);
        }
        for (text, expected) in [
            ("token sandbox is unknown", "token <token> is unknown"),
            ("api-token=sandbox&x", "api-token=<token>&x"),
            (r#"{"token":"sandbox"}"#, r#"{"token":"<token>"}"#),
            ("'sandbox' was refused", "'<token>' was refused"),
            ("Authorization: SANDBOX", "Authorization: <token>"),
        ] {
            assert_eq!(told("sandbox", text), expected);
        }
        assert_eq!(told("t0ken", "xt0ken t0ken."), "xt0ken <token>.");
    }

    #[test]
    fn a_token_is_known_in_every_spelling() {
        for answer in [
            "xt0ken-4bf92f3577b3y",
            "T0KEN-4BF92F3577B3",
            "t0ken%2D4bf92f3577b3",
            "t0ken&#45;4bf92f3577b3",
            r"t0ken\u002d4bf92f3577b3",
            "dDBrZW4tNGJmOTJmMzU3N2Iz",
            // "Bearer " before it, and a name and a colon.
            "QmVhcmVyIHQwa2VuLTRiZjkyZjM1NzdiMw==",
            "Basic dXNlcjp0MGtlbi00YmY5MmYzNTc3YjM=",
            "74306b656e2d346266393266333537376233",
            "t0ken-4bf9…",
        ] {
            let told = told("{}", answer);
            assert!(told.contains("<token>"), "{answer}: {told}");
            for part in ["4bf9", "4BF9", "RiZjky", "4bf92", "3462663932"] {
                assert!(!told.contains(part), "{answer}: {told}");
            }
        }
        let with_scheme = Redactor::default().token("Bearer abc123def456");
        assert_eq!(with_scheme.clean("bad abc123def456"), "bad <token>");
    }

    const BODY: &str = r#"{"externalIdentity":"c-1","customer":"+45 12 34 56 78",
        "agentName":"Ann \"A\" Prøvesen","agentId":"8001","team":"NO","labels":["angry","x"],
        "customProp1":"divorce of 2024","customNumberProp1":250,"customNumberProp2":48213,
        "status":"closed","hasConsent":true,"dateTime":"2024-03-15T09:12:03Z","direction":"inbound",
        "message":{"from":{"name":"Ann","email":"ann@example.com"},
        "text":"hej,\n my card number is no longer valid & lost"}}"#;

    #[test]
    fn what_was_sent_is_not_repeated() {
        for (answer, expected) in [
            (
                "c-1: no customer +45 12 34 56 78",
                "c-1: no customer <customer>",
            ),
            (r#"Ann "A" Prøvesen is no agent"#, "<agentName> is no agent"),
            (
                r#"{"agentName":"Ann \"A\" Prøvesen"}"#,
                r#"{"agentName":"<agentName>"}"#,
            ),
            ("ANN &quot;A&quot; PR&#216;VESEN?", "<agentName>?"),
            ("Ann%20%22A%22%20Pr%c3%b8vesen", "<agentName>"),
            ("from Ann <ann@example.com>", "from <name> <<email>>"),
            ("Anns, Ann's", "<name>s, <name>'s"),
            (
                "agent 8001 of team 'NO'",
                "agent <agentId> of team '<team>'",
            ),
            ("teamName NO, team=NO", "teamName NO, team=<team>"),
            ("label angry, [\"x\"]", "label <labels>, [\"<labels>\"]"),
            ("it is CLOSED", "it is <status>"),
            ("about: Divorce  of 2024", "about: <customProp1>"),
            ("number 48213", "number <customNumberProp2>"),
            (
                r#""customNumberProp1":250"#,
                r#""customNumberProp1":<customNumberProp1>"#,
            ),
            // A part of a long value, as servers shorten it.
            ("hej, my card number …", "<text> …"),
        ] {
            assert_eq!(told(BODY, answer), expected);
        }
        assert_eq!(
            told("no JSON", &format!("{TOKEN}, no JSON")),
            "<token>, no JSON"
        );
    }

    #[test]
    fn what_tells_the_reason_stays() {
        for answer in [
            "The field subject is missing.",
            "c-1 of 2024-03-15T09:12:03Z: no such agent",
            "subject must be at most 250 characters",
            "NO such team; an annex of the cannery is disclosed",
            "direction must be inbound or outbound",
            "hasConsent must be true",
            "x must be 1 of 2",
        ] {
            assert_eq!(told(BODY, answer), answer);
        }
    }

    #[test]
    fn nothing_is_left_of_what_overlaps() {
        let token = "12345678abcd";
        let redactor = |value: &str| Redactor::default().token(token).value("team", value);
        let of_value = redactor("+45 12345678abcd North").clean("no +45 12345678abcd North!");
        assert_eq!(of_value, "no <team>!");
        assert_eq!(redactor("5678").clean("bad 12345678abcd"), "bad <token>");
        let crossed = redactor("abcd North and South").clean("12345678abcd North and South");
        assert_eq!(crossed, "<team>");
    }

    proptest! {
        #[test]
        fn any_answer_can_be_cleaned(
            values in prop::collection::vec("\\PC{0,40}", 0..4),
            answer in "\\PC*|[\\\\u%&;#x0-9a-f+=]*",
        ) {
            let redactor = values
                .iter()
                .fold(Redactor::default().token(TOKEN), |all, value| all.value("f", value));
            redactor.clean(&answer);
        }

        #[test]
        fn a_long_value_is_never_repeated(value in "[a-zæøå ]{12,40}", around in "\\PC{0,20}") {
            prop_assume!(value.trim().len() >= 8);
            let value = value.trim();
            let answer = format!("{around}{value}{around}");
            let told = Redactor::default().value("f", value).clean(&answer);
            prop_assert!(!told.contains(value) || around.contains(value));
        }
    }
}
