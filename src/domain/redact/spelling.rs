//! Finds what was sent where a server writes it in a spelling of its own: with other separators, without
//! accents, with letters lost, cut short, or a part of it alone.

use std::collections::HashMap;
use std::ops::Range;

use super::budget::Budget;
use super::spelled::{SHORTEST_BEGINNING, Spelled, ValueWord};
use super::view::TextView;
use super::vocabulary;
use super::words::{Word, words};

/// So many words of prose together are known, if they have letters enough.
const RUN: usize = 3;
/// Letters of such words.
const LONG_RUN: usize = 12;
/// So many words before and behind them, which say nothing, go with them.
const MOST_AROUND: usize = 16;
/// Values that are known by one word. A list of thousands may begin with the same.
const MOST_HITS: usize = 64;
/// Words of a text beside dots for which all values are looked through.
const MOST_CUT: usize = 64;
/// Bytes between two words of one value.
const WIDEST_GAP: usize = 4;
/// What it costs to look at one value that may be here, to compare a word with a part of a value, and to ask
/// whether a text has a run of a value.
const OF_A_HIT: usize = 150;
const OF_A_PART: usize = 8;
const OF_A_RUN: usize = 8;

/// What a word of a text may begin.
#[derive(Debug, Clone, Copy)]
enum Hit {
    /// This word of this value.
    Part(usize, usize),
    /// All of this value.
    Whole(usize),
    /// This value as one word.
    Joined(usize),
}

/// Finds values in texts.
#[derive(Debug)]
pub(super) struct Finder<'v> {
    values: &'v [Spelled],
    hits: HashMap<&'v str, Vec<Hit>>,
    /// Parts of values that are prose, and of those that are not.
    parts_of_prose: usize,
    parts: usize,
}

impl<'v> Finder<'v> {
    pub(super) fn new(values: &'v [Spelled]) -> Finder<'v> {
        let mut hits: HashMap<&str, Vec<Hit>> = HashMap::new();
        for (number, value) in values
            .iter()
            .enumerate()
            .filter(|(_, value)| !value.is_prose)
        {
            for (at, part) in value.parts.iter().enumerate() {
                let hit = match at {
                    _ if part.is_known_alone => Hit::Part(number, at),
                    0 if value.parts.len() > 1 => Hit::Whole(number),
                    _ => continue,
                };
                for form in &part.forms {
                    let known = hits.entry(form).or_default();
                    if known.len() < MOST_HITS {
                        known.push(hit);
                    }
                }
            }
            if let Some(joined) = &value.joined {
                hits.entry(joined).or_default().push(Hit::Joined(number));
            }
        }
        let parts = |is_prose| {
            let alike = values.iter().filter(|value| value.is_prose == is_prose);
            alike.map(|value| value.parts.len()).sum()
        };
        Finder {
            parts_of_prose: parts(true),
            parts: parts(false),
            values,
            hits,
        }
    }

    /// Gives the places of all values in a reading of a text, as far as the budget goes.
    pub(super) fn find(
        &self,
        view: &TextView,
        budget: &Budget,
        mut found: impl FnMut((usize, usize), &'v str),
    ) {
        if self.values.is_empty() {
            return;
        }
        let has_marks = memchr::memchr2(b'?', b'\xef', &view.bytes).is_some();
        for marks in [false, true].into_iter().take(1 + usize::from(has_marks)) {
            let text = Text {
                view,
                words: words(&view.bytes, marks),
            };
            let mut tell = |range: Range<usize>, value: &'v Spelled| {
                if let (Some(first), Some(last)) =
                    (text.words.get(range.start), text.words.get(range.end - 1))
                {
                    found(view.place(first.place.start..last.place.end), &value.mask);
                }
            };
            for at in 0..text.words.len() {
                self.find_at(&text, at, budget, &mut tell);
            }
            let is_cut = |at: &usize| text.dots(*at) != (false, false);
            let cut = (0..text.words.len()).filter(is_cut).take(MOST_CUT);
            for at in cut {
                if budget.spend(self.parts * OF_A_PART) {
                    self.find_cut(&text, at, &mut tell);
                }
            }
            if self.parts_of_prose > 0 && budget.spend(self.parts_of_prose * OF_A_RUN) {
                self.find_prose(&text, &mut tell);
            }
        }
    }

    /// Gives the words that a value takes from this word on, or around it.
    fn find_at(
        &self,
        text: &Text<'_>,
        at: usize,
        budget: &Budget,
        tell: &mut impl FnMut(Range<usize>, &'v Spelled),
    ) {
        let word = text.words[at].text.as_str();
        // "Bjørns" is about Bjørn.
        let owner = word.strip_suffix('s').filter(|_| !vocabulary::has(word));
        for key in [Some(word), owner].into_iter().flatten() {
            for hit in self.hits.get(key).into_iter().flatten() {
                if !budget.spend(OF_A_HIT) {
                    return;
                }
                match *hit {
                    Hit::Part(value, part) => {
                        let value = &self.values[value];
                        tell(text.around(at, value, part), value);
                    }
                    Hit::Whole(value) => {
                        let value = &self.values[value];
                        let end = at + value.parts.len();
                        if text.is_at(at, &value.parts) {
                            tell(at..end, value);
                        }
                    }
                    Hit::Joined(value) => tell(at..at + 1, &self.values[value]),
                }
            }
        }
    }

    /// The same for a word that is the beginning or the end of one, beside dots.
    fn find_cut(
        &self,
        text: &Text<'_>,
        at: usize,
        tell: &mut impl FnMut(Range<usize>, &'v Spelled),
    ) {
        let word = text.words[at].text.as_str();
        if text.words[at].letters < SHORTEST_BEGINNING || vocabulary::has(word) {
            return;
        }
        let (dots_before, dots_behind) = text.dots(at);
        for value in self.values.iter().filter(|value| !value.is_prose) {
            for (number, part) in value.parts.iter().enumerate() {
                let is_cut = |form: &String| {
                    dots_behind && form.starts_with(word) || dots_before && form.ends_with(word)
                };
                if part.is_known_alone && part.forms.iter().any(is_cut) {
                    tell(text.around(at, value, number), value);
                }
            }
        }
    }

    /// Gives words that follow each other in prose as well.
    fn find_prose(&self, text: &Text<'_>, tell: &mut impl FnMut(Range<usize>, &'v Spelled)) {
        let mut runs: HashMap<[&str; RUN], Vec<usize>> = HashMap::new();
        // A value of a megabyte is asked for all of its runs, and a text has few.
        let mut may_be = vec![false; 1 << 16];
        for (at, run) in text.words.windows(RUN).enumerate() {
            if let [one, two, three] = run {
                let key = [one, two, three].map(|word| word.text.as_str());
                may_be[mark(key)] = true;
                runs.entry(key).or_default().push(at);
            }
        }
        for value in self.values.iter().filter(|value| value.is_prose) {
            for (number, run) in value.parts.windows(RUN).enumerate() {
                let [one, two, three] = run else { continue };
                // The last form has marks, if any has.
                let plain = [one, two, three].map(|part| part.forms[0].as_str());
                let marked =
                    [one, two, three].map(|part| part.forms.last().map_or("", String::as_str));
                if !may_be[mark(plain)] && !may_be[mark(marked)] {
                    continue;
                }
                let letters: usize = run.iter().map(|part| part.letters).sum();
                if letters < LONG_RUN || run.iter().all(|part| part.is_common) {
                    continue;
                }
                let marked = runs.remove(&marked).filter(|_| plain != marked);
                // Each is told once: whoever says it again has the same to say.
                let places = runs.remove(&plain).into_iter().chain(marked).flatten();
                for at in places {
                    tell(text.grown(at..at + RUN, value, number), value);
                }
            }
        }
    }
}

/// Of the first letters of the words of a run.
fn mark(run: [&str; RUN]) -> usize {
    let first = |word: &str| {
        let mut bytes = word.bytes().map(u64::from).chain(std::iter::repeat(0));
        let (one, two) = (bytes.next().unwrap_or(0), bytes.next().unwrap_or(0));
        one << 16 | two << 8 | word.len() as u64 & 0xff
    };
    let sum = run.iter().fold(0_u64, |sum, word| {
        (sum.rotate_left(24) ^ first(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    (sum >> 48) as usize
}

/// A reading of a text and its words.
struct Text<'t> {
    view: &'t TextView,
    words: Vec<Word>,
}

impl Text<'_> {
    /// Whether nothing but a separator is before this word.
    fn is_close(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.words.get(before));
        let pair = before.zip(self.words.get(at));
        pair.is_some_and(|(one, two)| two.place.start - one.place.end <= WIDEST_GAP)
    }

    fn says(&self, at: usize, part: &ValueWord) -> bool {
        let word = self.words.get(at);
        word.is_some_and(|word| part.forms.contains(&word.text))
    }

    /// Whether the parts stand here, the last one perhaps as an owner.
    fn is_at(&self, at: usize, parts: &[ValueWord]) -> bool {
        let Some((last, before)) = parts.split_last() else {
            return false;
        };
        let end = at + before.len();
        let is_owner = || {
            let word = self.words.get(end);
            let name = word.and_then(|word| word.text.strip_suffix('s'));
            name.is_some_and(|name| last.forms.iter().any(|form| form == name))
        };
        let mut rest = before.iter().enumerate();
        rest.all(|(number, part)| self.says(at + number, part))
            && (at + 1..=end).all(|at| self.is_close(at))
            && (self.says(end, last) || is_owner())
    }

    /// The words around this one that the value has as well; behind it also the beginning of its next one.
    fn around(&self, at: usize, value: &Spelled, part: usize) -> Range<usize> {
        let same = |at: usize| value.parts.iter().position(|part| self.says(at, part));
        let mut start = at;
        while at - start < MOST_AROUND && self.is_close(start) && same(start - 1).is_some() {
            start -= 1;
        }
        let (mut end, mut last) = (at + 1, part);
        while end - at < MOST_AROUND && self.is_close(end) {
            let next = value.parts.get(last + 1);
            let is_next = next.is_some_and(|next| self.says(end, next));
            if is_next {
                (end, last) = (end + 1, last + 1);
                continue;
            }
            let word = &self.words[end].text;
            let is_cut = |part: &ValueWord| part.forms.iter().any(|form| form.starts_with(word));
            if next.is_some_and(is_cut) {
                return start..end + 1;
            }
            let Some(other) = same(end) else { break };
            (end, last) = (end + 1, other);
        }
        start..end
    }

    /// A run of words of prose, which is that of a value from its word `from` on, with those around it that the
    /// value has as well; behind it also the beginning of its next one.
    fn grown(&self, run: Range<usize>, value: &Spelled, from: usize) -> Range<usize> {
        let part = |at: usize| value.parts.get(at);
        let has =
            |at: usize, at_value: usize| part(at_value).is_some_and(|part| self.says(at, part));
        let before = (1..=MOST_AROUND.min(run.start).min(from))
            .take_while(|back| has(run.start - back, from - back))
            .count();
        let next = from + run.len();
        let behind = (0..MOST_AROUND)
            .take_while(|more| has(run.end + more, next + more))
            .count();
        let end = run.end + behind;
        let cut = part(next + behind).zip(self.words.get(end));
        let is_cut = cut
            .is_some_and(|(part, word)| part.forms.iter().any(|form| form.starts_with(&word.text)));
        run.start - before..end + usize::from(is_cut)
    }

    /// Whether dots that stand for what was left out are before and behind a word.
    fn dots(&self, at: usize) -> (bool, bool) {
        let place = &self.words[at].place;
        let (before, behind) = (
            &self.view.bytes[..place.start],
            &self.view.bytes[place.end..],
        );
        let is_between = |byte: &u8| matches!(byte, b' ' | b'[' | b'(' | b']' | b')');
        let skipped = behind
            .iter()
            .take(2)
            .take_while(|byte| is_between(byte))
            .count();
        let behind = &behind[skipped..];
        let skipped = before
            .iter()
            .rev()
            .take(2)
            .take_while(|byte| is_between(byte))
            .count();
        let before = &before[..before.len() - skipped];
        let dots: [&[u8]; 2] = [b"..", "…".as_bytes()];
        (
            dots.iter().any(|dots| before.ends_with(dots)),
            dots.iter().any(|dots| behind.starts_with(dots)),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::domain::redact::Redactor;

    fn told(field: &str, value: &str, answer: &str) -> String {
        Redactor::default().value(field, value).clean(answer)
    }

    const NAME: &str = "Bjørn Ørsted Åkjær";

    #[test]
    fn a_name_is_known_in_every_spelling_of_a_server() {
        for answer in [
            NAME,
            "bjoern oersted aakjaer",
            "Bjorn Orsted Akjar",
            "BJØRN_ØRSTED_ÅKJÆR",
            "Bjørn.Ørsted-Åkjær",
            "Bjørn+Ørsted+Åkjær",
            "Bj%F8rn%20%D8rsted%20%C5kj%E6r",
            "BjÃ¸rn Ã˜rsted Ã…kjÃ¦r",
            r"Bj\xc3\xb8rn \xC3\x98rsted \xC3\x85kj\xC3\xA6r",
            r"Bj\xf8rn \xd8rsted \xc5kj\xe6r",
            r"Bj\303\270rn \303\230rsted \303\205kj\303\246r",
            "Bj\u{fffd}\u{fffd}rn \u{fffd}\u{fffd}rsted \u{fffd}\u{fffd}kj\u{fffd}\u{fffd}r",
            "Bj??rn ??rsted ??kj??r",
            "Bj?rn ?rsted ?kj?r",
            "Bjrn rsted kjr",
            "Bj&oslash;rn &Oslash;rsted &Aring;kj&aelig;r",
            "=?utf-8?Q?Bj=C3=B8rn_=C3=98rsted_=C3=85kj=C3=A6r?=",
            "BjørnØrstedÅkjær",
            "Åkjær, Bjørn Ørsted",
            "Bjo\u{308}rn O\u{308}rsted A\u{30a}kjær",
            "Bjørn Ørsted Å",
            "Bjørn Ørst…",
            "…rsted Åkjær",
        ] {
            let told = told("agentName", NAME, &format!("agent '{answer}' is not known"));
            let words = told
                .strip_prefix("agent '")
                .and_then(|rest| rest.strip_suffix("' is not known"));
            let words = words.unwrap_or_else(|| panic!("{answer}: {told}"));
            let rest = words.replace("<agentName>", "");
            let letters = rest.replace("=?utf-8?Q?", "");
            assert!(!letters.contains(char::is_alphanumeric), "{answer}: {told}");
        }
    }

    #[test]
    fn a_part_of_a_name_is_known() {
        for (value, answer, expected) in [
            ("Anders Nielsen", "no agent Anders", "no agent <agentName>"),
            ("Anders Nielsen", "Nielsen's team", "<agentName>'s team"),
            (
                "Anders Nielsen",
                "Anders Niel... is bad",
                "<agentName>... is bad",
            ),
            (
                "Anders Nielsen",
                "Anders Niel… is bad",
                "<agentName>… is bad",
            ),
            (
                "Anders Nielsen",
                "bad: Ande [...]",
                "bad: <agentName> [...]",
            ),
            ("Anders Nielsen", "bad: Anders N.", "bad: <agentName>."),
            ("Anders Nielsen", "ANDERSNIELSEN?", "<agentName>?"),
            (
                "Ida Opdigtet",
                "Ida_Opdigtet2024.wav",
                "<agentName>2024.wav",
            ),
            ("Ida Opdigtet", "Opdigtet, Ida is bad", "<agentName> is bad"),
        ] {
            assert_eq!(told("agentName", value, answer), expected, "{value}");
        }
    }

    #[test]
    fn a_part_of_another_value_is_known() {
        for (field, value, answer, expected) in [
            (
                "agentEmail",
                "anna.berg79@example.com",
                "user anna.berg79",
                "user <agentEmail>",
            ),
            (
                "agentEmail",
                "anna.berg79@example.com",
                "user Berg of example.com",
                "user <agentEmail> of example.com",
            ),
            (
                "recording",
                "Åse_Prøvesen_20240315.wav",
                "bad name aase-proevesen-20240315.wav",
                "bad name <recording>",
            ),
            (
                "text",
                "Hej, min mand Søren er død i går, og kontoen skal lukkes",
                "text: 'min mand SÃ¸ren er dÃ¸d i gÃ¥r, og kont...'",
                "text: '<text>...'",
            ),
            (
                "text",
                "Hej, min mand Søren er død i går, og kontoen skal lukkes",
                "text: 'min_mand_Soeren_er_doed_i_gaar'",
                "text: '<text>'",
            ),
        ] {
            assert_eq!(told(field, value, answer), expected, "{value}");
        }
    }

    #[test]
    fn what_tells_the_reason_stays() {
        for (value, answer) in [
            ("Ida Per Bo", "Ida must be at least 5 per call"),
            ("Customer Value", "customer has no value"),
            ("Missing Field Name", "field name is missing"),
            ("Text Messages", "text is required in messages"),
            ("custom prop1", "customProp1 is too long"),
            ("Anders Nielsen", "and a niece of another nie"),
            ("Anders Nielsen", "another, not 'Ander' and 'ielsen'"),
            ("anna@example.com", "see https://example.com/docs"),
            ("2024 03 15 09 12", "at 2024-03-15"),
            (
                "ids must be unique, so change them now please",
                "name must be unique",
            ),
            (
                "this is not valid, so change it now please",
                "name is not valid",
            ),
        ] {
            assert_eq!(told("subject", value, answer), answer, "{value}");
        }
        let of_file = told("recording", "Åse_20240315.wav", "nothing of 20240315");
        assert_eq!(of_file, "nothing of 20240315");
    }

    #[test]
    fn a_number_to_call_is_known_in_every_grouping() {
        for (value, answer, expected) in [
            ("+4543007818", "45 43 00 78 18", "<customer>"),
            (
                "+4543007818",
                "bad 43_00_78_18 (400)",
                "bad <customer> (400)",
            ),
            ("+4543007818", "+45 43 00 78 18 400", "+<customer> 400"),
            ("+4543007818", "43\u{a0}00\u{202f}78\u{a0}18", "<customer>"),
            (
                "+4543007818",
                "tel 45%2043%2000%2078%2018",
                "tel <customer>",
            ),
            ("+4543007818", "0045-43-00-78-18", "<customer>"),
            (
                "sip:4543007818@pbx.example",
                "no 43 00 78 18",
                "no <customer>",
            ),
            ("+4543007818", "4300 7819", "4300 7819"),
        ] {
            assert_eq!(
                told("customer", value, answer),
                expected,
                "{value} {answer}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_name_is_never_left_in_an_answer(
            first in "[A-Z][a-zæøåéü]{4,9}",
            last in "[A-Z][a-zæøåéü]{4,9}",
            between in "[ _.+-]",
            around in "[ ,:'()]{1,3}",
        ) {
            let told = told("f", &format!("{first} {last}"), &format!("x{around}{first}{between}{last}{around}y"));
            prop_assert!(!told.contains(&first) || super::vocabulary::has(&super::words(first.as_bytes(), false)[0].text), "{}", told);
        }
    }
}
