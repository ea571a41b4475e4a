//! Whether an id is another one that a spreadsheet has read as a number and written again.

/// Digits that a spreadsheet keeps of a number.
const KEPT: usize = 15;

/// Whether `now` is what a spreadsheet makes of `before`: zeros at its ends, a plus sign or digits
/// are lost.
fn has_lost_digits(before: &str, now: &str) -> bool {
    let (before, now) = (before.trim(), now.trim());
    if before == now || now.is_empty() {
        return false;
    }
    as_number(before) == as_number(now) || is_rounded(before, now) || is_short(before, now)
}

/// An id as it is noted beside a rejected row: with its length where a spreadsheet might shorten it, since
/// whoever replaces text in the file changes the note as well.
pub fn note_of_id(id: &str) -> String {
    let (_, length) = read_note(id);
    if length.is_some() || as_number(id) == id && id.len() <= KEPT {
        return id.to_owned();
    }
    format!("{id} ({} characters)", id.chars().count())
}

/// The id in a note, and how many characters it had.
fn read_note(note: &str) -> (&str, Option<usize>) {
    let length = || {
        let (id, length) = note.strip_suffix(" characters)")?.rsplit_once(" (")?;
        Some((id, length.parse().ok()?))
    };
    length().map_or((note, None), |(id, length)| (id, Some(length)))
}

/// The id that a note tells, where `now` is what a spreadsheet has made of it. Of a note that is changed
/// itself it is the whole note.
pub fn noted_before<'n>(note: &'n str, now: &str) -> Option<&'n str> {
    let (id, length) = read_note(note);
    if let Some(length) = length.filter(|length| *length != id.chars().count()) {
        let is_restored = now.chars().count() == length;
        let is_same = id == now || has_lost_digits(id, now);
        return (is_same && !is_restored).then_some(note);
    }
    has_lost_digits(id, now).then_some(id)
}

/// The text with each number in it as a spreadsheet writes it.
fn as_number(text: &str) -> String {
    let text = text.replace('+', "").replace(',', ".");
    let mut number = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|char: char| char.is_ascii_digit()) {
        number.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|char: char| !char.is_ascii_digit());
        let (digits, behind) = rest.split_at(end.unwrap_or(rest.len()));
        let is_fraction = number.ends_with('.');
        let digits = if is_fraction {
            digits.trim_end_matches('0')
        } else {
            digits.trim_start_matches('0')
        };
        match digits {
            "" if is_fraction => {
                number.pop();
            }
            "" => number.push('0'),
            digits => number.push_str(digits),
        }
        rest = behind;
    }
    number.push_str(rest);
    number
}

/// Whether a long number has zeros in place of its last digits.
fn is_rounded(before: &str, now: &str) -> bool {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(before)
        && is_digits(now)
        && before.len() == now.len()
        && now.len() > KEPT
        && now[KEPT..].bytes().all(|byte| byte == b'0')
        && before[..KEPT - 1] == now[..KEPT - 1]
}

/// Whether a long number is told by its first digits and its size (`1,23E+15`).
fn is_short(before: &str, now: &str) -> bool {
    let now = now.replace(',', ".");
    if !now.contains(['E', 'e']) {
        return false;
    }
    let parse = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    match (parse(before), parse(&now)) {
        (Some(before), Some(now)) => (before - now).abs() <= before.abs() / 100.0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_writes_of_an_id_is_known() {
        for (before, now) in [
            ("00100223", "100223"),
            ("hq-00100223", "hq-100223"),
            ("1710494410.60", "1710494410,6"),
            ("1710494410.00", "1710494410"),
            ("+4512345678", "4512345678"),
            ("12345678901234567", "12345678901234500"),
            ("12345678901234567", "1,23457E+16"),
            ("000", "0"),
        ] {
            assert!(has_lost_digits(before, now), "{before} {now}");
        }
    }

    #[test]
    fn a_note_tells_the_id_also_when_it_was_changed_with_it() {
        let note = note_of_id("00100223");
        assert_eq!(note, "00100223 (8 characters)");
        assert_eq!(noted_before(&note, "100223"), Some("00100223"));
        assert_eq!(noted_before(&note, "00100223"), None);
        assert_eq!(noted_before(&note, "c-9"), None);
        let changed = "100223 (8 characters)";
        assert_eq!(noted_before(changed, "100223"), Some(changed));
        assert_eq!(noted_before(changed, "00100223"), None);
        assert_eq!(note_of_id(changed), changed);
        assert_eq!(note_of_id("F-772"), "F-772");
        assert_eq!(noted_before("F-772", "F-772"), None);
    }

    #[test]
    fn another_id_is_another_id() {
        for (before, now) in [
            ("00100223", "00100223"),
            ("00100223", "00100224"),
            ("7", "7b"),
            ("7", "70"),
            ("c-1", "c-2"),
            ("12345678901234567", "12345678901234568"),
            ("1", ""),
        ] {
            assert!(!has_lost_digits(before, now), "{before} {now}");
        }
    }
}
