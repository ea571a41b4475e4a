//! Takes out of an answer what the request said.

use std::collections::HashSet;

use serde_json::Value;

use super::beginning;
use super::budget::Budget;
use super::encodings::each_reading;
use super::mask::numbers_in;
use super::needle::{Needle, TextParts};
use super::phone::{Digits, Phones};
use super::spelled::Spelled;
use super::spelling::Finder;
use super::words::words;

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
    phones: Phones,
    spelled: Vec<Spelled>,
    /// Fields with their values that are among them: a ticket repeats its people in each message.
    known: HashSet<(String, String)>,
    /// Bytes of short values and of prose that `spelled` was made of.
    spelled_bytes: [usize; 2],
    /// Bytes of all values, each with what a short one costs.
    bytes: usize,
}

/// Longer values are prose.
const SHORT: usize = 128;
/// So many bytes of short values, and as many of prose, are known in other spellings. Each takes about fifteen
/// bytes of memory.
const MOST_SPELLED: usize = 1 << 20;
/// So much of an answer is looked at. Nobody keeps more than a few lines.
const GLANCE: usize = 4 * 1024;
/// The end of what is looked at, in which a value may begin whose rest was cut off.
const MARGIN: usize = 256;
/// More bytes of values are not looked for.
const MOST_BYTES: usize = 8 << 20;
/// What a value costs beside its bytes.
const OF_A_VALUE: usize = 256;
/// What a byte of a reading costs.
const OF_A_BYTE: usize = 50;
/// What is told of an answer in which not all that was sent can be looked for within the bounds.
const LEFT_OUT: &str = "(text left out: too long to search it for personal data)";

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
        self.push(field, value);
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

    fn push(&mut self, field: &str, value: &str) {
        if self.bytes > MOST_BYTES {
            return;
        }
        if value.len() <= SHORT {
            let is_new = self.known.insert((field.to_owned(), value.to_owned()));
            if !is_new {
                return;
            }
        }
        self.bytes += value.len() + OF_A_VALUE;
        let needle = Needle::value(field, value);
        let is_new = |needle: &Needle| self.needles.last() != Some(needle);
        self.needles.extend(needle.filter(is_new));
        self.phones.add(field, value);
        let spent = &mut self.spelled_bytes[usize::from(value.len() > SHORT)];
        if *spent < MOST_SPELLED {
            *spent += value.len();
            self.spelled.extend(Spelled::of(field, value));
        }
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
            Value::String(text) => self.push(field, text),
            Value::Number(number) => self.push(field, &number.to_string()),
            Value::Bool(_) | Value::Null => {}
        }
    }

    /// The text without all of that; of a long one only the beginning. What overlaps is taken out as one, so
    /// that nothing is left of a value that holds the token, nor of a token that holds a value. Where the
    /// search would take too long, nothing of the text is told.
    pub fn clean<'s>(&'s self, text: &str) -> String {
        let budget = Budget::new();
        if self.bytes > MOST_BYTES || !budget.spend(self.bytes) {
            return LEFT_OUT.to_owned();
        }
        let looked_at = beginning(text, GLANCE);
        // For each place the farthest end of what begins there, so that no answer makes a longer list.
        let mut found: Vec<Option<(usize, &'s str)>> = vec![None; looked_at.len()];
        let mut note = |(start, end): (usize, usize), mask: &'s str| {
            if let Some(known) = found.get_mut(start)
                && known.is_none_or(|(known, _)| known < end)
            {
                *known = Some((end, mask));
            }
        };
        let finder = Finder::new(&self.spelled);
        each_reading(looked_at, |view| {
            let length = view.bytes.len();
            let of_needles: usize = self.needles.iter().map(|needle| needle.cost(length)).sum();
            if !budget.spend(length * OF_A_BYTE + of_needles) {
                return false;
            }
            let folded = view.folded();
            let mut parts = TextParts::of(&folded, &self.needles);
            for needle in &self.needles {
                needle.find(&folded, &mut parts, |place| {
                    note(place, needle.mask.as_str());
                });
            }
            finder.find(view, &budget, &mut note);
            if !self.phones.is_empty() {
                let groups = Digits::of(&words(&view.bytes, false));
                self.phones.find(&groups, |(start, end), mask| {
                    note(view.place(start..end), mask);
                });
            }
            !budget.is_spent()
        });
        if budget.is_spent() {
            return LEFT_OUT.to_owned();
        }
        if !self.phones.is_empty() {
            for range in numbers_in(looked_at) {
                let run = &looked_at[range.clone()];
                let digits: String = run.chars().filter(char::is_ascii_digit).collect();
                if let Some(mask) = self.phones.mask_of(&digits)
                    && let Some(known) = found.get_mut(range.start)
                {
                    *known = Some((range.end, mask));
                }
            }
        }
        let text = if looked_at.len() < text.len() {
            // What is cut off with the rest may be told by its beginning.
            beginning(looked_at, GLANCE - MARGIN)
        } else {
            text
        };
        without(text, &found)
    }
}

/// The text without what begins at each of its places; what overlaps goes as one.
fn without(text: &str, found: &[Option<(usize, &str)>]) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = 0;
    let places = found.iter().enumerate().take(text.len());
    let mut places = places
        .filter_map(|(start, known)| known.map(|(end, mask)| (start, end, mask)))
        .peekable();
    while let Some((start, mut end, mut mask)) = places.next() {
        let mut longest = end.saturating_sub(start);
        while let Some((start, more, other)) = places.next_if(|(start, ..)| *start < end) {
            let length = more.saturating_sub(start);
            if length > longest {
                (longest, mask) = (length, other);
            }
            end = end.max(more);
        }
        // Blanks around are the server's.
        let said = text.get(start..end.min(text.len())).unwrap_or_default();
        let before = start + (said.len() - said.trim_start().len());
        told.push_str(text.get(rest..before).unwrap_or_default());
        told.push_str(mask);
        let blanks = said.len() - said.trim_end().len();
        rest = end.saturating_sub(blanks).max(before);
    }
    told.push_str(text.get(rest..).unwrap_or_default());
    told
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
    fn a_phone_number_is_known_however_it_is_grouped() {
        let body = r#"{"customer":"+4529384756","dateTime":"2024-03-15T09:12:03Z"}"#;
        for (answer, expected) in [
            (
                "Bad +45 29 38 47 56 / 29384756",
                "Bad <customer> / <customer>",
            ),
            ("(45) 2938-4756 is no number", "<customer> is no number"),
            ("0045 29.38.47.56", "<customer>"),
            (
                "id 1710494410, at 2024-03-15",
                "id 1710494410, at 2024-03-15",
            ),
        ] {
            assert_eq!(told(body, answer), expected);
        }
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
    fn a_value_that_a_packed_run_cuts_off_is_taken_out_where_it_stands() {
        let redactor = Redactor::default().value("subject", "my card is lost and so on");
        for (answer, expected) in [
            ("bad: bXkgY2FyZCBpcyBsb3N0.", "bad: <subject>."),
            ("bXkgY2FyZCBpcyBsb3N0", "<subject>"),
            ("6d792063617264206973206c6f7374!", "<subject>!"),
            // The gap behind the first run is no part of the value.
            (
                "reasons: a bad Y2FyZCBpcyBsb3N0IGFuZA.",
                "reasons: a bad <subject>.",
            ),
        ] {
            assert_eq!(redactor.clean(answer), expected);
        }
    }

    #[test]
    fn the_name_of_a_field_stays_whatever_was_sent() {
        let told = |field: &str, value: &str, answer: &str| {
            Redactor::default().value(field, value).clean(answer)
        };
        for (value, answer) in [
            ("identity", "externalIdentity is missing"),
            ("customer", "the field customer is missing"),
            ("customProp", "customProp1 and customProp12 are too long"),
        ] {
            assert_eq!(told("subject", value, answer), answer);
        }
        assert_eq!(
            told("subject", "identity", "identity, my_identity"),
            "<subject>, my_<subject>"
        );
        let token = Redactor::default().token("customer");
        assert_eq!(token.clean("token customer"), "token <token>");
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
    fn a_long_answer_is_cut_and_leaves_nothing_at_the_cut() {
        let name = "Ann \"A\" Prøvesen";
        for before in GLANCE - 40..GLANCE + 3 {
            let answer = format!(
                "{}{name} is no agent {}",
                "-".repeat(before),
                "x".repeat(1_000)
            );
            let told = told(BODY, &answer);
            assert!(
                told.len() < answer.len() && !told.contains("Ann"),
                "{before}"
            );
        }
        // A value that fills all of what is looked at, and ends behind it.
        let text = "my card is lost and so is my purse. ".repeat(1_000);
        let body = serde_json::json!({ "text": text }).to_string();
        let told = told(&body, &format!("bad text: {text}"));
        assert_eq!(told, "bad text: <text>");
    }

    /// Generous, since other work may hold the machine up.
    #[test]
    fn a_hostile_answer_costs_little() {
        let words: Vec<String> = (0..40_000).map(|at| format!("word{at} ")).collect();
        let text = words.concat();
        let tags: Vec<String> = (0..1_000).map(|at| format!("anna tag{at}")).collect();
        let body = serde_json::json!({ "text": text, "tags": tags }).to_string();
        let redactor = Redactor::default().token(TOKEN).body(body.as_bytes());
        for answer in [
            "aaaa",
            "tag ",
            "%41%2541+&amp;\\\\u0041",
            "QUFB",
            "=3D\\x41Ã¸",
            "anna ",
            "ann.. ",
            text.as_str(),
        ] {
            let begun = std::time::Instant::now();
            redactor.clean(&answer.repeat(65_536 / answer.len().min(65_536)));
            let took = begun.elapsed();
            assert!(took.as_secs() < 30, "{answer:.20}: {took:?}");
        }
    }

    #[test]
    fn an_answer_that_would_cost_too_much_is_not_told() {
        let words: Vec<String> = (0..60_000).map(|at| format!("w{at} ")).collect();
        let body = serde_json::json!({ "labels": words[..20_000] }).to_string();
        let redactor = Redactor::default().token(TOKEN).body(body.as_bytes());
        let escapes = "%2541+&amp;lt;=C3=A6\\\\u0041 Ã¸ QUFB ".repeat(2_000);
        assert_eq!(redactor.clean(&escapes), LEFT_OUT);
        let plain = "the text has more than 100 kB";
        assert_eq!(redactor.clean(plain), plain);
        // Nor is one whose request says too much, however short it is itself.
        let body = serde_json::json!({ "labels": words }).to_string();
        let redactor = Redactor::default().token(TOKEN).body(body.as_bytes());
        assert_eq!(redactor.clean("w17"), LEFT_OUT);
        // The same escapes are told where little was sent.
        let told = Redactor::default().value("team", "North").clean(&escapes);
        assert!(told.starts_with("%2541+&amp;"), "{told}");
    }

    #[test]
    fn a_ticket_of_many_messages_costs_little() {
        let message = |at: u32| {
            let number = 20_000_000 + at * 7;
            serde_json::json!({
                "from": {"name": "Bjørn Østergård", "phone": format!("+45{number}")},
                "to": {"name": "Ida Opdigtet"},
            })
        };
        let messages: Vec<Value> = (0..3_000).map(message).collect();
        let body = serde_json::json!({ "messages": messages }).to_string();
        let redactor = Redactor::default().body(body.as_bytes());
        // Whom each message names is known once.
        assert_eq!(redactor.spelled.len(), 2);
        let begun = std::time::Instant::now();
        let told = redactor.clean("Bjorn_Ostergard of 20 00 00 07 and 20 02 09 93");
        assert_eq!(told, "<name> of <phone> and <phone>");
        assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());

        let prose = "Kære Bjørn, kontoen er lukket nu. ".repeat(10_000);
        let texts: Vec<String> = (0..10).map(|at| format!("{at} {prose}")).collect();
        let body = serde_json::json!({ "text": texts }).to_string();
        let redactor = Redactor::default().body(body.as_bytes());
        assert!(redactor.spelled_bytes[1] < MOST_SPELLED * 2);
        assert!(redactor.spelled.len() < texts.len());
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
        fn a_long_value_is_never_repeated(value in "[a-zæøå]{4,20} [a-zæøå]{4,20}", around in "\\PC{0,20}") {
            let answer = format!("{around}{value}{around}");
            let told = Redactor::default().value("f", &value).clean(&answer);
            prop_assert!(!told.contains(&value));
        }
    }
}
