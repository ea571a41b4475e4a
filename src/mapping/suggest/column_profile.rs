//! What the values of a column could be, told from the values alone.

use super::majority::most;
use super::times::{Times, days};
use crate::domain::{PhoneReading, is_email, read_phone};
use crate::mapping::value::duration::{Unit, read_seconds};

/// What the values of a column could be.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked on its own")]
pub(super) struct ColumnProfile {
    pub(super) is_email: bool,
    /// Whether most are telephone numbers.
    pub(super) is_phone: bool,
    /// Whether any is.
    pub(super) has_phone: bool,
    /// Whether some of those have no country code.
    pub(super) lacks_country: bool,
    pub(super) times: Option<Times>,
    /// Numbers that are times if the name of the column says so, and anything else if not.
    pub(super) time_numbers: Option<Times>,
    pub(super) is_duration: bool,
    /// Whether durations are fractions, which are days or minutes.
    pub(super) is_fraction: bool,
    pub(super) is_number: bool,
    /// Whether they are yes and no.
    pub(super) is_flag: bool,
    /// Whether most are digits that are a telephone number once a `+` stands before them.
    pub(super) lacks_plus: bool,
    /// Whether they look like names of people.
    pub(super) is_person: bool,
    /// The first value that looks like none, where others do: a queue, a robot, or a short name.
    pub(super) no_person: Option<String>,
    /// Whether they are names of recordings.
    pub(super) is_recording: bool,
}

impl ColumnProfile {
    /// Its times, where the name of the column says that it holds such.
    pub(super) fn named_times(&self) -> Option<&Times> {
        self.times.as_ref().or(self.time_numbers.as_ref())
    }

    pub(super) fn of(values: &[String]) -> ColumnProfile {
        if values.is_empty() {
            return ColumnProfile::default();
        }
        let all = |test: &dyn Fn(&str) -> bool| most(values, 4, |value| test(value.trim()));
        let phones = values.iter().filter(|value| is_dialled(value)).count();
        let are_days = days(values).is_some();
        ColumnProfile {
            is_email: most(values, 1, |value| is_email(value.trim())),
            is_phone: phones * 2 > values.len() && !are_days,
            has_phone: phones > 0 && !are_days,
            lacks_country: values
                .iter()
                .any(|value| read_phone(value, None) == PhoneReading::NeedsRegion),
            times: Times::of(values),
            time_numbers: Times::of_numbers(values),
            is_duration: all(&|value| {
                let value = value.strip_prefix('-').unwrap_or(value);
                read_seconds(value, Unit::MinutesSeconds).is_some()
            }),
            is_fraction: all(&|value| value.parse::<f64>().is_ok_and(|number| number < 1.0e3))
                && values.iter().any(|value| value.contains(['.', ',', 'e'])),
            is_number: all(&|value| value.parse::<f64>().is_ok()),
            is_flag: all(&is_flag),
            lacks_plus: most(values, 4, |value| lacks_plus(value.trim())),
            is_person: all(&is_person),
            no_person: odd_among_people(values),
            is_recording: all(&is_recording),
        }
    }
}

/// The first value of one word without a digit, where others are names of people.
fn odd_among_people(values: &[String]) -> Option<String> {
    let is_word = |value: &&String| {
        let value = value.trim();
        !is_person(value) && !value.contains([' ', '.', '@']) && !value.contains(char::is_numeric)
    };
    let has_people = values.iter().any(|value| is_person(value.trim()));
    values.iter().find(is_word).filter(|_| has_people).cloned()
}

/// Two words or more that begin with capitals, without digits.
fn is_person(value: &str) -> bool {
    let words = || value.split([' ', ',']).filter(|word| !word.is_empty());
    words().count() >= 2
        && words().all(|word| word.starts_with(char::is_uppercase))
        && !value.contains(|char: char| char.is_ascii_digit())
}

fn is_recording(value: &str) -> bool {
    let ending = value
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    ending.is_some_and(|ending| {
        ["wav", "mp3", "ogg", "opus", "m4a", "flac", "gsm", "wma"].contains(&ending.as_str())
    })
}

/// Whether it is one word of yes and no; digits may as well be counts.
fn is_flag(value: &str) -> bool {
    const WORDS: [&str; 12] = [
        "true", "false", "yes", "no", "ja", "nej", "nei", "nein", "y", "n", "t", "f",
    ];
    WORDS.contains(&value.to_lowercase().as_str())
}

/// Whether these digits are a number with its country code, and without a `+`. What is a number of North
/// America as it stands may be that as well, with its own code or without: the region tells.
fn lacks_plus(value: &str) -> bool {
    const SHORTEST: usize = 10;
    value.len() >= SHORTEST
        && !value.starts_with('0')
        && !is_north_american(value)
        && value.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(
            read_phone(&format!("+{value}"), None),
            PhoneReading::Possible(_)
        )
}

/// Whether these are the ten digits of a number in North America: area and exchange begin with 2 to 9.
fn is_north_american(value: &str) -> bool {
    let value = value.as_bytes();
    value.len() == 10 && value[0] >= b'2' && value[3] >= b'2'
}

fn is_dialled(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    digits >= 7
        && value.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
        && matches!(
            read_phone(value.trim_start_matches('\''), None),
            PhoneReading::Possible(_) | PhoneReading::NeedsRegion | PhoneReading::Damaged
        )
}
