//! What a number format makes of a number: a day, a clock, or both.

use calamine::Style;

/// What a person sees of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeFormat {
    Day,
    Clock,
    DayAndClock,
    /// The format says neither, or is not known: what the number itself says.
    Unknown,
}

impl TimeFormat {
    /// The format of each style of a workbook.
    pub(super) fn of_styles(styles: &[Style]) -> Vec<TimeFormat> {
        let of_style = |style: &Style| match &style.number_format {
            Some(format) => TimeFormat::of_code(&format.format_code),
            None => TimeFormat::Unknown,
        };
        styles.iter().map(of_style).collect()
    }

    /// By the first section of a format code; what is in quotes, brackets or behind a backslash is text.
    fn of_code(code: &str) -> TimeFormat {
        if code.eq_ignore_ascii_case("general") {
            return TimeFormat::Unknown;
        }
        let (mut has_day, mut has_clock, mut has_months) = (false, false, false);
        let mut letters = code.chars();
        while let Some(letter) = letters.next() {
            match letter.to_ascii_lowercase() {
                ';' => break,
                '"' => {
                    letters.by_ref().find(|letter| *letter == '"');
                }
                '[' => {
                    letters.by_ref().find(|letter| *letter == ']');
                }
                '\\' | '_' | '*' => {
                    letters.next();
                }
                'y' | 'd' | 'g' | 'e' => has_day = true,
                'h' | 's' => has_clock = true,
                // Minutes beside an hour or a second, else months.
                'm' => has_months = true,
                _ => {}
            }
        }
        match (has_day, has_clock) {
            (true, true) => TimeFormat::DayAndClock,
            (false, true) => TimeFormat::Clock,
            (true, false) => TimeFormat::Day,
            (false, false) if has_months => TimeFormat::Day,
            (false, false) => TimeFormat::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_a_format_say_what_is_seen() {
        for (code, format) in [
            ("yyyy-mm-dd", TimeFormat::Day),
            ("mmm", TimeFormat::Day),
            ("[$-406]d. mmmm yyyy;@", TimeFormat::Day),
            ("hh:mm:ss", TimeFormat::Clock),
            ("mm:ss", TimeFormat::Clock),
            ("h:mm AM/PM", TimeFormat::Clock),
            ("dd\\-mm\\-yyyy hh:mm", TimeFormat::DayAndClock),
            ("m/d/yy h:mm", TimeFormat::DayAndClock),
            ("0 \"dyh\";hh", TimeFormat::Unknown),
            ("General", TimeFormat::Unknown),
        ] {
            assert_eq!(TimeFormat::of_code(code), format, "{code}");
        }
    }
}
