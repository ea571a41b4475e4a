//! Regular expressions of a mapping, with a bound on what they may cost.
//!
//! An expression of twenty letters can be a machine of thousands of places, and a long cell walks through
//! all of them for each of its letters. So an expression is measured before it is taken, and what all
//! of them may look at in one record is counted.

use std::cell::Cell;
use std::ops::Range;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

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
pub(in crate::mapping) const NO_EXPRESSION: &str = "is no regular expression";

/// What all expressions may cost in one record: bytes of text, each times the steps of the expression
/// that looks at them. The worst that was found takes 7 ns a unit in a release build, so this is about
/// 45 ms; an expression of 90 steps, more than ordinary ones have, can look at 64 KiB.
const WORK: u64 = 6 * 1024 * 1024;
/// Bytes behind the longest match that can decide whether there is one: a whole letter, for `\b` and `$`.
const LOOK_AHEAD: usize = 4;

/// What the expressions of a mapping have taken so far.
#[derive(Debug, Default)]
pub(in crate::mapping) struct Expressions {
    places: u64,
    places_of_names: u64,
    bytes: usize,
}

/// An expression that takes a part of a text.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct Expression {
    regex: Regex,
    /// What each byte of a text costs.
    steps: u64,
    /// Bytes at the start of a text that can be part of a match, or decide about one.
    longest_match: Option<usize>,
}

/// What is left to one record for its expressions.
#[derive(Debug)]
pub(in crate::mapping) struct ExpressionBudget(Cell<u64>);

impl ExpressionBudget {
    /// Of a record that has used nothing yet.
    pub(in crate::mapping) fn of_record() -> ExpressionBudget {
        ExpressionBudget(Cell::new(WORK))
    }
}

/// There is more to look at than a record may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) struct TooLong;

impl Expressions {
    /// The expression of an `extract`; the error is a sentence that follows its name.
    pub(in crate::mapping) fn extract(&mut self, text: &str) -> Result<Expression, &'static str> {
        let tree = measure(text)?;
        self.places = self.places.saturating_add(places(&tree));
        if self.places > MOST_PLACES {
            return Err("makes the expressions of the file too large together");
        }
        let regex = self.compile(text)?;
        Ok(Expression {
            regex,
            steps: steps_with_groups(&tree),
            longest_match: longest_match(&tree),
        })
    }

    /// The expression of a pattern for names of recordings.
    pub(in crate::mapping) fn pattern(&mut self, text: &str) -> Result<Regex, &'static str> {
        self.places_of_names = self.places_of_names.saturating_add(places(&measure(text)?));
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
    pub(in crate::mapping) fn find(
        &self,
        text: &str,
        left: &ExpressionBudget,
    ) -> Result<Option<Range<usize>>, TooLong> {
        let text = match self.longest_match {
            Some(longest_match) => &text[..letter_end(text, longest_match)],
            None => text,
        };
        let cost = self.steps.saturating_mul(text.len() as u64);
        left.0.set(left.0.get().checked_sub(cost).ok_or(TooLong)?);
        Ok(self.regex.captures(text).map(|found| {
            let part = found.get(1).or(found.get(0));
            part.map_or(0..0, |part| part.range())
        }))
    }
}

/// The end of the letter that `at` is in, or of the text.
fn letter_end(text: &str, at: usize) -> usize {
    let mut ends = at..text.len();
    ends.find(|end| text.is_char_boundary(*end))
        .unwrap_or(text.len())
}

/// The parts of this expression, if a text can be at few enough places of it.
fn measure(text: &str) -> Result<Hir, &'static str> {
    if text.len() > LONGEST {
        return Err("is too long");
    }
    let tree = regex_syntax::parse(text).map_err(|_| NO_EXPRESSION)?;
    if tree.properties().explicit_captures_len() > MOST_GROUPS {
        return Err("has more than 16 groups");
    }
    if places(&tree) > MOST_PLACES {
        return Err("repeats too much");
    }
    Ok(tree)
}

/// How much of a text an expression can look at that matches nowhere but at its start.
fn longest_match(tree: &Hir) -> Option<usize> {
    let properties = tree.properties();
    let is_anchored = properties.look_set_prefix().contains(Look::Start);
    let longest = properties.maximum_len().filter(|_| is_anchored)?;
    longest.checked_add(LOOK_AHEAD)
}

/// What a byte of text costs: the steps of the machine, each of which copies the places of the groups.
fn steps_with_groups(tree: &Hir) -> u64 {
    let groups = tree.properties().explicit_captures_len() as u64;
    let steps = steps(tree);
    steps.saturating_add(steps.saturating_mul(groups) / 4)
}

/// Steps that a machine may take for one letter: as [`places`], but with those that read nothing, and with
/// what is repeated without end as often as the machine holds it.
fn steps(tree: &Hir) -> u64 {
    let sum = |trees: &[Hir]| trees.iter().map(steps).fold(0, u64::saturating_add);
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => places(tree),
        HirKind::Capture(group) => steps(&group.sub).saturating_add(2),
        HirKind::Concat(trees) => sum(trees),
        HirKind::Alternation(trees) => sum(trees).saturating_add(trees.len() as u64),
        HirKind::Repetition(repetition) => {
            let copies = copies(repetition);
            let branches = match repetition.max {
                Some(max) => max.saturating_sub(repetition.min),
                None => 1,
            };
            let steps = steps(&repetition.sub).saturating_mul(copies);
            steps.saturating_add(branches.into())
        }
    }
}

/// How often the machine holds what is repeated.
fn copies(repetition: &Repetition) -> u64 {
    u64::from(repetition.max.unwrap_or(repetition.min).max(1))
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
            assert!(
                expression
                    .find(&cell, &ExpressionBudget::of_record())
                    .is_ok(),
                "{text}"
            );
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
        let text = "a".repeat(200_000);
        let work = ExpressionBudget::of_record();
        assert_eq!(expression.find(&text, &work), Ok(None));
        assert_eq!(expression.find("bc", &work), Ok(Some(0..1)));
        let again = (0..10).find_map(|_| expression.find(&text, &work).err());
        assert_eq!(again, Some(TooLong));
        assert_eq!(expression.find("bc", &work), Ok(Some(0..1)));
        assert_eq!(
            expression.find(&text, &ExpressionBudget::of_record()),
            Ok(None)
        );
    }

    #[test]
    fn ordinary_expressions_look_at_long_cells() {
        for text in [
            r"([\w.+-]+@[\w-]+\.[\w.]+)",
            r"(?i)order no\.? *([0-9]{6,8})",
            r"^(\w+)-(\w+)_(\w+)$",
            r"^.*?([\w-]+)\s*$",
        ] {
            let expression = Expressions::default().extract(text).unwrap();
            let cell = "x".repeat(64 * 1024);
            assert!(
                expression
                    .find(&cell, &ExpressionBudget::of_record())
                    .is_ok(),
                "{text}"
            );
        }
    }

    #[test]
    fn an_expression_of_the_beginning_pays_for_the_beginning() {
        let work = ExpressionBudget::of_record();
        let cell = "é".repeat(1 << 20);
        for (text, found) in [
            ("^.{0,250}", Some(0..500)),
            (r"^.{250}\b", None),
            (r"^.{250}\B", Some(0..500)),
            ("^.{250}$", None),
            ("^é{3}(é)", Some(6..8)),
            ("^(?:a|(é{5}))", Some(0..10)),
        ] {
            let expression = Expressions::default().extract(text).unwrap();
            assert_eq!(expression.find(&cell, &work), Ok(found), "{text}");
        }
        for text in ["^a*", "a{3}", "^a|b", "(?m)^a{3}"] {
            assert_eq!(longest_match(&measure(text).unwrap()), None, "{text}");
        }
        let expression = Expressions::default().extract("^é{2}$").unwrap();
        assert_eq!(expression.find("éé", &work), Ok(Some(0..4)));
    }

    /// What a unit takes was measured; here it is counted, since no clock of a test tells that.
    #[test]
    fn the_worst_that_is_taken_pays_for_each_of_its_steps() {
        for (text, steps) in [
            ("(x|a){0,1000}(c)", 6_004),
            (r"(\pL){0,10}(c)\b", 111),
            (r"(?s).*(a.{200})c", 1_011),
            (r"([^x]?){600}(c)", 6_304),
            (r"(\w*a){10}\b(c)", 126),
            ("((((((((((((((((a|b)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*c", 250),
        ] {
            let expression = Expressions::default().extract(text).unwrap();
            assert_eq!(expression.steps, steps, "{text}");
            let most = usize::try_from(WORK / steps).unwrap();
            let work = ExpressionBudget::of_record();
            assert!(expression.find(&"a".repeat(most), &work).is_ok(), "{text}");
            assert!(work.0.get() < steps, "{text}");
            assert_eq!(expression.find("a", &work), Err(TooLong), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_cut_off_changes_nothing(
            text in r"\^[ab.é]{0,3}(\{0,3\})?(\\b|\\B|\$)?",
            cell in "[abé ]{0,12}",
        ) {
            let expression = Expressions::default().extract(&text);
            let (Ok(expression), Ok(whole)) = (expression, Regex::new(&text)) else {
                return Ok(());
            };
            let found = whole.find(&cell).map(|found| found.range());
            prop_assert_eq!(expression.find(&cell, &ExpressionBudget::of_record()), Ok(found));
        }

        #[test]
        fn any_text_is_measured(text in "[a-z(){}0-9,*+?|\\\\.\\[\\]^$]{0,40}") {
            let _ = Expressions::default().extract(&text);
        }
    }
}
