//! Regular expressions of a mapping, with a bound on what they may cost.
//!
//! An expression of twenty letters can be a machine of thousands of places, and a long cell walks through
//! all of them for each of its letters. So an expression is measured before it is taken, and what all
//! of them may look at in one record is counted.

use std::cell::Cell;
use std::ops::Range;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};

/// Bytes of the text of an expression.
const LONGEST: usize = 4_096;
/// Places that a text can be at in all expressions of a mapping together.
const MOST_PLACES: u64 = 4_096;
/// The same of the patterns for names of recordings: every recording is held against them.
const MOST_PLACES_OF_NAMES: u64 = 1_024;
/// Groups of one expression: each costs a slot for every place.
const MOST_GROUPS: usize = 16;
/// Bytes that one expression may take when it is compiled.
const LARGEST: usize = 1 << 20;
/// The same of all expressions of a mapping together.
const LARGEST_OF_ALL: usize = 16 << 20;
/// What a class of more than ASCII costs, since its letters have up to four bytes.
const WIDE: u64 = 4;
/// Bytes that an expression may remember of what it has seen.
const CACHE: usize = 1 << 18;

/// Why a text is none at all.
pub(super) const NO_EXPRESSION: &str = "is no regular expression";

/// What all expressions may cost in one record: bytes of text, each times the places of the expression
/// that looks at them. The worst that was found takes 40 ns a unit.
const WORK: u64 = 512 * 1024;

/// What the expressions of a mapping have taken so far.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    places: u64,
    places_of_names: u64,
    bytes: usize,
}

/// An expression that takes a part of a text.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    regex: Regex,
    places: u64,
}

/// What is left to one record for its expressions.
#[derive(Debug)]
pub(super) struct Work(Cell<u64>);

impl Work {
    /// Of a record that has used nothing yet.
    pub(super) fn of_record() -> Work {
        Work(Cell::new(WORK))
    }
}

/// There is more to look at than a record may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

impl Expressions {
    /// The expression of an `extract`; the error is a sentence that follows its name.
    pub(super) fn extract(&mut self, text: &str) -> Result<Expression, &'static str> {
        let places = measure(text)?;
        self.places = self.places.saturating_add(places);
        if self.places > MOST_PLACES {
            return Err("makes the expressions of the file too large together");
        }
        let regex = self.compile(text)?;
        Ok(Expression { regex, places })
    }

    /// The expression of a pattern for names of recordings.
    pub(super) fn pattern(&mut self, text: &str) -> Result<Regex, &'static str> {
        self.places_of_names = self.places_of_names.saturating_add(measure(text)?);
        if self.places_of_names > MOST_PLACES_OF_NAMES {
            return Err("makes the patterns of the file too large together");
        }
        self.compile(text)
    }

    fn compile(&mut self, text: &str) -> Result<Regex, &'static str> {
        let sizes = (13..)
            .map(|power| 1 << power)
            .take_while(|size| *size <= LARGEST);
        for size in sizes {
            let builder = RegexBuilder::new(text)
                .size_limit(size)
                .dfa_size_limit(CACHE)
                .build();
            match builder {
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(_) => return Err(NO_EXPRESSION),
                Ok(regex) => {
                    self.bytes += size;
                    if self.bytes > LARGEST_OF_ALL {
                        return Err("makes the expressions of the file too large together");
                    }
                    return Ok(regex);
                }
            }
        }
        Err("is too large")
    }
}

impl Expression {
    /// Where the first group of the match stands, else the whole match; `None` where nothing matches.
    pub(super) fn find(&self, text: &str, left: &Work) -> Result<Option<Range<usize>>, TooLong> {
        let cost = self.places.saturating_mul(text.len() as u64);
        left.0.set(left.0.get().checked_sub(cost).ok_or(TooLong)?);
        Ok(self.regex.captures(text).map(|found| {
            let part = found.get(1).or(found.get(0));
            part.map_or(0..0, |part| part.range())
        }))
    }
}

/// How many places a text can be at in this expression, if that is few enough.
fn measure(text: &str) -> Result<u64, &'static str> {
    if text.len() > LONGEST {
        return Err("is too long");
    }
    let tree = regex_syntax::parse(text).map_err(|_| NO_EXPRESSION)?;
    if tree.properties().explicit_captures_len() > MOST_GROUPS {
        return Err("has more than 16 groups");
    }
    match places(&tree) {
        places if places <= MOST_PLACES => Ok(places),
        _ => Err("repeats too much"),
    }
}

/// The parser bounds how deep a tree is.
fn places(tree: &Hir) -> u64 {
    let sum = |trees: &[Hir]| trees.iter().map(places).fold(0, u64::saturating_add);
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(class) if is_ascii(class) => 1,
        HirKind::Class(_) => WIDE,
        HirKind::Capture(group) => places(&group.sub).saturating_add(1),
        HirKind::Concat(trees) | HirKind::Alternation(trees) => sum(trees),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1));
            places(&repetition.sub).saturating_mul(u64::from(times.max(1)))
        }
    }
}

fn is_ascii(class: &Class) -> bool {
    match class {
        Class::Unicode(class) => class.is_ascii(),
        Class::Bytes(class) => class.is_ascii(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(text: &str) -> &'static str {
        Expressions::default().extract(text).unwrap_err()
    }

    #[test]
    fn what_mappings_ask_for_is_taken() {
        let mut all = Expressions::default();
        for text in [
            "^call-([0-9]+)$",
            r"(?i)order no\.? *([0-9]{6,8})",
            r"([\w.+-]+@[\w-]+\.[\w.]+)",
            r"^(\w+)-(\w+)_(\w+)$",
            r"(\d{4}-\d{2}-\d{2})",
            r"^.{0,250}",
        ] {
            let expression = all
                .extract(text)
                .unwrap_or_else(|why| panic!("{text} {why}"));
            let cell = "x".repeat(500);
            assert!(expression.find(&cell, &Work::of_record()).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_would_take_too_long_or_too_much_is_refused() {
        for (text, why) in [
            ("(", "is no regular expression"),
            ("(x|a){0,3000}(c)", "repeats too much"),
            ("((a{1000}){1000}){1000}", "repeats too much"),
            (r"(?:\w{50}){10}", "is too large"),
            (&"(a)".repeat(17), "has more than 16 groups"),
            (&"a".repeat(4_097), "is too long"),
        ] {
            assert_eq!(refusal(text), why, "{text}");
        }
        let mut all = Expressions::default();
        let many = (0..10).map(|_| all.extract("(?:xy){0,400}z").err());
        let told: Vec<_> = many.flatten().collect();
        assert_eq!(
            told.first(),
            Some(&"makes the expressions of the file too large together")
        );
        let mut all = Expressions::default();
        let large = (0..40).find_map(|_| all.extract(r"\w{4}\w{4}").err());
        assert!(large.is_some());
        assert!(Expressions::default().pattern("(?P<a>x{1100})").is_err());
    }

    #[test]
    fn a_record_pays_for_all_its_expressions_together() {
        let expression = Expressions::default().extract("(a|b)*c").unwrap();
        let text = "a".repeat(40_000);
        let work = Work::of_record();
        assert_eq!(expression.find(&text, &work), Ok(None));
        assert_eq!(expression.find("bc", &work), Ok(Some(0..1)));
        let again = (0..10).find_map(|_| expression.find(&text, &work).err());
        assert_eq!(again, Some(TooLong));
        assert_eq!(expression.find("bc", &work), Ok(Some(0..1)));
        assert_eq!(expression.find(&text, &Work::of_record()), Ok(None));
    }

    /// Generous, since other work may hold the machine up: without bounds these take seconds.
    #[test]
    fn the_worst_that_is_taken_is_quick() {
        for text in [
            "(x|a){0,1000}(c)",
            r"(\pL){0,10}(c)\b",
            r"(?s).*(a.{200})c",
            r"([^x]?){600}(c)",
            r"(\w*a){10}\b(c)",
        ] {
            let Ok(expression) = Expressions::default().extract(text) else {
                continue;
            };
            for letter in ["a", "é", "𠀀"] {
                let most = usize::try_from(WORK / expression.places).unwrap();
                let cell = letter.repeat(most / letter.len());
                let begun = std::time::Instant::now();
                expression.find(&cell, &Work::of_record()).unwrap();
                let took = begun.elapsed();
                assert!(took.as_millis() < 500, "{text}: {took:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_measured(text in "[a-z(){}0-9,*+?|\\\\.\\[\\]^$]{0,40}") {
            let _ = Expressions::default().extract(&text);
        }
    }
}
