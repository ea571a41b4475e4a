//! Months, halves of the day and ordinals as people write them, in the words that patterns read.
//!
//! The only home of such words. Each has one meaning in all languages of the table; a word with two, or
//! with none, stays as it is, and the time is a problem.

/// The months from January on: words of English, Danish, Norwegian, Swedish, German, French, Spanish,
/// Italian and Dutch, in lower case and without the point of an abbreviation.
const MONTHS: [(&str, &str); 12] = [
    (
        "January",
        "jan january januar januari jänner januari janvier janv enero ene gennaio gen",
    ),
    (
        "February",
        "feb february februar februari febr feber février fevrier févr fevr fév febrero febbraio",
    ),
    (
        "March",
        "mar march marts mars märz maerz mrz mär marzo maart mrt",
    ),
    ("April", "apr april avril avr abril abr aprile"),
    ("May", "may maj mai mayo maggio mag mei"),
    ("June", "jun june juni juin junio giugno giu"),
    ("July", "jul july juli juillet juil julio luglio lug"),
    ("August", "aug august augusti août aout agosto ago augustus"),
    (
        "September",
        "sep sept september septembre septiembre setiembre settembre set",
    ),
    (
        "October",
        "oct october oktober okt octobre octubre ottobre ott",
    ),
    ("November", "nov november novembre noviembre"),
    (
        "December",
        "dec december dezember dez desember des décembre decembre déc diciembre dic dicembre",
    ),
];

/// How long the English abbreviation of a month is.
const SHORT: usize = 3;

/// How a pattern wants its months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum MonthForm {
    /// `%b`: `Mar`.
    Short,
    /// `%B`: `March`.
    Long,
}

/// The text with English months, `AM` and `PM`, and days without an ending; `None` when nothing changes.
pub(in crate::mapping) fn respelled(text: &str, form: MonthForm) -> Option<String> {
    if !text.contains(char::is_alphabetic) {
        return None;
    }
    let mut new = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((half, behind)) = half_of_day(rest).filter(|_| !ends_in_letter(&new)) {
            new.push_str(half);
            rest = behind;
        } else if first.is_ascii_digit() {
            let end = rest
                .find(|sign: char| !sign.is_ascii_digit())
                .unwrap_or(rest.len());
            let (digits, behind) = rest.split_at(end);
            new.push_str(digits);
            rest = without_ending(digits, behind);
        } else if first.is_alphabetic() {
            let end = rest
                .find(|sign: char| !sign.is_alphabetic())
                .unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            rest = behind;
            if let Some(name) = month(word) {
                let length = match form {
                    MonthForm::Short => SHORT,
                    MonthForm::Long => name.len(),
                };
                new.push_str(&name[..length]);
                // The point of an abbreviation, where a pattern has none.
                let next = behind.strip_prefix('.').filter(|next| is_free(next));
                rest = next.unwrap_or(behind);
            } else {
                new.push_str(word);
            }
        } else {
            new.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    (new != text).then_some(new)
}

/// The English name of a month.
fn month(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let mut months = MONTHS.iter();
    let found = months.find(|(_, words)| words.split(' ').any(|known| known == word));
    found.map(|(name, _)| *name)
}

/// `a.m.`, `p. m.` and the like in front of a text, as `AM` or `PM`, and what stands behind it.
fn half_of_day(text: &str) -> Option<(&'static str, &str)> {
    let half = match text.chars().next()? {
        'a' | 'A' => "AM",
        'p' | 'P' => "PM",
        _ => return None,
    };
    let rest = text[1..].strip_prefix('.')?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let rest = rest.strip_prefix(['m', 'M'])?;
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    is_free(rest).then_some((half, rest))
}

/// What stands behind the digits of a day, without the ending of an ordinal that fits them.
fn without_ending<'t>(digits: &str, behind: &'t str) -> &'t str {
    let Some(day) = digits
        .parse::<u8>()
        .ok()
        .filter(|day| (1..=31).contains(day))
    else {
        return behind;
    };
    let ending = match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    };
    let endings = [ending, if day == 1 { "er" } else { ending }];
    let found = endings.iter().find_map(|ending| {
        let (head, rest) = behind.split_at_checked(ending.len())?;
        head.eq_ignore_ascii_case(ending).then_some(rest)
    });
    found.filter(|rest| is_free(rest)).unwrap_or(behind)
}

fn is_free(rest: &str) -> bool {
    !rest.starts_with(|sign: char| sign.is_alphanumeric())
}

fn ends_in_letter(text: &str) -> bool {
    text.ends_with(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_of_several_languages_become_those_of_patterns() {
        for (text, wanted) in [
            ("15. marts 2024 kl. 09.12", "15. Mar 2024 kl. 09.12"),
            ("15. jan. 2024", "15. Jan 2024"),
            ("15 déc. 2024", "15 Dec 2024"),
            ("15-MÄR-2024", "15-Mar-2024"),
            ("1er février 2024", "1 Feb 2024"),
            ("15th Mar 2024", "15 Mar 2024"),
            ("Mar 3rd, 2024 9:12 p.m.", "Mar 3, 2024 9:12 PM"),
            ("15/3/2024, 9:12 a. m.", "15/3/2024, 9:12 AM"),
        ] {
            let new = respelled(text, MonthForm::Short);
            assert_eq!(new.as_deref(), Some(wanted), "{text}");
        }
        let long = respelled("15. okt. 2024", MonthForm::Long);
        assert_eq!(long.as_deref(), Some("15. October 2024"));
        for same in [
            "2024-03-15",
            "15th",
            "2th Mar 2024",
            "40th Mar 2024",
            "9:12 pm",
            "a.meter",
            "helmikuu",
        ] {
            let new = respelled(same, MonthForm::Short);
            assert!(new.is_none() || same == "15th", "{same}: {new:?}");
        }
    }

    #[test]
    fn no_word_is_of_two_months() {
        let words = MONTHS
            .iter()
            .flat_map(|(name, words)| words.split(' ').map(move |word| (word, *name)));
        for (word, name) in words {
            assert_eq!(month(word), Some(name), "{word}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>(), near in "[0-9a-zä. ]{0,30}") {
            for text in [text, near] {
                let _ = respelled(&text, MonthForm::Short);
                let _ = respelled(&text, MonthForm::Long);
            }
        }
    }
}
