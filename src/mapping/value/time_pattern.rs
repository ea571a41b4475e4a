//! A strptime pattern with the zone that it states or asks for.

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::spelled_time::{MonthForm, respelled};
use super::zone::{NoZone, Stated, first_word, in_literals};

/// A pattern that can be read by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) struct Pattern {
    /// As the mapping writes it.
    text: String,
    /// What stands before, between and behind `%z` and `%Z`; one piece where there is none of them.
    pieces: Vec<String>,
    /// The zone that its letters state.
    stated: Option<Stated>,
}

/// What a pattern read.
pub(in crate::mapping) struct TimeParts {
    pub(in crate::mapping) time: BrokenDownTime,
    /// The zone that the text or the pattern states.
    pub(in crate::mapping) stated: Option<Stated>,
}

impl Pattern {
    /// The pattern; the error says why it cannot be used.
    pub(in crate::mapping) fn read(text: &str) -> Result<Pattern, String> {
        let (pieces, literals) = split(text);
        check(&pieces.concat())?;
        let stated = match pieces.len() {
            1 => in_literals(&literals)?,
            // `GMT%z`: the value says more.
            _ => None,
        };
        Ok(Pattern {
            text: text.to_owned(),
            pieces,
            stated,
        })
    }

    /// The pattern as the mapping writes it.
    pub(in crate::mapping) fn text(&self) -> &str {
        &self.text
    }

    /// Reads a text; `None` when it is not in this pattern, in no language of months that is known.
    pub(in crate::mapping) fn parts(&self, text: &str) -> Option<Result<TimeParts, NoZone>> {
        let read = self.parts_as_written(text);
        if read.is_some() {
            return read;
        }
        let form = if self.text.contains("%B") {
            MonthForm::Long
        } else {
            MonthForm::Short
        };
        self.parts_as_written(&respelled(text, form)?)
    }

    fn parts_as_written(&self, text: &str) -> Option<Result<TimeParts, NoZone>> {
        let mut head = self.pieces.first()?.clone();
        let mut text = std::borrow::Cow::Borrowed(text);
        let mut stated = self.stated.clone();
        for (number, next) in self.pieces.iter().skip(1).enumerate() {
            let (_, end) = BrokenDownTime::parse_prefix(&head, text.as_bytes()).ok()?;
            let (before, rest) = text.split_at_checked(end)?;
            let (word, behind) = rest.split_at(first_word(rest));
            if word.is_empty() {
                return None;
            }
            match Stated::read(word) {
                // Of an offset and letters the offset says it.
                Ok(zone) if number == 0 => stated = Some(zone),
                Err(reason) if number == 0 => return Some(Err(reason)),
                _ => {}
            }
            text = format!("{before}{behind}").into();
            head.push_str(next);
        }
        let time = BrokenDownTime::parse(&head, text.as_bytes()).ok()?;
        // `%Y` reads `24` as the year 24.
        if time.year().is_some_and(|year| year < 1000) || has_second_60(&head, &text, &time) {
            return None;
        }
        Some(Ok(TimeParts { time, stated }))
    }

    /// Whether the text would be in this pattern, if its year had four digits.
    pub(in crate::mapping) fn lacks_century(&self, text: &str) -> bool {
        let head = self.pieces.concat();
        let time = BrokenDownTime::parse_prefix(&head, text);
        time.is_ok_and(|(time, _)| time.year().is_some_and(|year| year < 100))
    }
}

/// The library takes a second 60 for 59, so it is looked for: with 58 in its place the text says 58.
fn has_second_60(pattern: &str, text: &str, time: &BrokenDownTime) -> bool {
    time.second() == Some(59)
        && text.match_indices("60").any(|(at, _)| {
            let other = format!("{}58{}", &text[..at], &text[at + 2..]);
            BrokenDownTime::parse(pattern, other).is_ok_and(|time| time.second() == Some(58))
        })
}

/// The pattern without its `%z` and `%Z`, and the letters between its directives.
fn split(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut pieces, mut literals) = (vec![String::new()], vec![String::new()]);
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (literal, directive) = rest.split_at(at);
        let is_flag = |sign: char| ":-_^#.0123456789".contains(sign);
        let name = directive[1..]
            .find(|sign| !is_flag(sign))
            .map_or(directive.len(), |at| at + 1);
        let end = directive[name..]
            .chars()
            .next()
            .map_or(directive.len(), |sign| name + sign.len_utf8());
        let (directive, behind) = directive.split_at(end);
        if let (Some(piece), Some(last)) = (pieces.last_mut(), literals.last_mut()) {
            piece.push_str(literal);
            last.push_str(literal);
            if !directive.ends_with(['z', 'Z']) {
                piece.push_str(directive);
            }
        }
        if directive.ends_with(['z', 'Z']) {
            pieces.push(String::new());
        }
        literals.push(String::new());
        rest = behind;
    }
    if let (Some(piece), Some(last)) = (pieces.last_mut(), literals.last_mut()) {
        piece.push_str(rest);
        last.push_str(rest);
    }
    (pieces, literals)
}

/// Writes a sample by the pattern and reads it back: only this finds patterns that can be written
/// but not read, and patterns that do not name a whole day.
fn check(pattern: &str) -> Result<(), String> {
    let sample: DateTime = jiff::civil::date(2024, 11, 23).at(21, 34, 56, 0);
    let zoned = sample
        .to_zoned(TimeZone::UTC)
        .map_err(|error| error.to_string())?;
    let text = jiff::fmt::strtime::format(pattern, &zoned).map_err(|error| error.to_string())?;
    let parts = BrokenDownTime::parse(pattern, &text).map_err(|error| error.to_string())?;
    if parts.timestamp().is_some() {
        return Ok(());
    }
    parts
        .to_date()
        .map(|_| ())
        .map_err(|_| "the pattern names no whole date".to_owned())
}
