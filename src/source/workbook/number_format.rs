//! What a number format makes of a number: a day, a clock, or both.

use calamine::Style;

/// What a person sees of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShownTime {
    Day,
    Clock,
    DayAndClock,
    /// The format says neither, or is not known: what the number itself says.
    Unknown,
}

impl ShownTime {
    /// The format of each style of a workbook.
    pub(super) fn of_styles(styles: &[Style]) -> Vec<ShownTime> {
        let of_style = |style: &Style| match &style.number_format {
            Some(format) => ShownTime::of_code(&format.format_code),
            None => ShownTime::Unknown,
        };
        styles.iter().map(of_style).collect()
    }

    /// By the first section of a format code; what is in quotes, brackets or behind a backslash is text.
    fn of_code(code: &str) -> ShownTime {
        if code.eq_ignore_ascii_case("general") {
            return ShownTime::Unknown;
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
            (true, true) => ShownTime::DayAndClock,
            (false, true) => ShownTime::Clock,
            (true, false) => ShownTime::Day,
            (false, false) if has_months => ShownTime::Day,
            (false, false) => ShownTime::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_a_format_say_what_is_seen() {
        for (code, format) in [
            ("yyyy-mm-dd", ShownTime::Day),
            ("mmm", ShownTime::Day),
            ("[$-406]d. mmmm yyyy;@", ShownTime::Day),
            ("hh:mm:ss", ShownTime::Clock),
            ("mm:ss", ShownTime::Clock),
            ("h:mm AM/PM", ShownTime::Clock),
            ("dd\\-mm\\-yyyy hh:mm", ShownTime::DayAndClock),
            ("m/d/yy h:mm", ShownTime::DayAndClock),
            ("0 \"dyh\";hh", ShownTime::Unknown),
            ("General", ShownTime::Unknown),
        ] {
            assert_eq!(ShownTime::of_code(code), format, "{code}");
        }
    }
}
