//! A name of a recording as a pattern for others of its shape.

use std::fmt::Write as _;

/// How much of a name its pattern keeps: whether its words are digits or letters, or only where they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Granularity {
    Fine,
    Coarse,
}

/// A group of a pattern, which holds a value.
pub(super) struct ValueGroup {
    pub(super) name: String,
    /// What the values are made of.
    pub(super) class: String,
}

/// Where a value stands in a name: as a whole, between what is neither letter nor digit.
pub(super) fn place(name: &str, value: &str) -> Option<usize> {
    let is_free = |char: Option<char>| char.is_none_or(|char| !char.is_alphanumeric());
    let mut places = name.match_indices(value).map(|(at, _)| at);
    places.find(|at| {
        is_free(name[..*at].chars().next_back()) && is_free(name[at + value.len()..].chars().next())
    })
}

/// A name as a pattern: its values as groups, its other words as any of their kind, and the rest as it
/// stands. `None` where the values overlap.
pub(super) fn shape(
    name: &str,
    values: &[&str],
    groups: &[ValueGroup],
    grain: Granularity,
) -> Option<String> {
    let mut spans: Vec<(usize, usize, usize)> = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let start = place(name, value)?;
        spans.push((start, start + value.len(), at));
    }
    spans.sort_unstable();
    if spans.windows(2).any(|two| two[0].1 > two[1].0) {
        return None;
    }
    // Folders before that of the first value are any, and so is all below that of the last.
    let first = name[..spans.first()?.0]
        .rfind('/')
        .map_or(0, |slash| slash + 1);
    let mut pattern = "(?:^|/)".to_owned();
    let mut at = first;
    for (start, end, group) in spans {
        pattern.push_str(&general(&name[at..start], grain));
        let ValueGroup { name, class } = &groups[group];
        let _ = write!(pattern, "(?P<{name}>{class})");
        at = end;
    }
    let rest = &name[at..];
    let (rest, ending) = match (rest.find('/'), rest.rfind('.')) {
        (Some(slash), _) => (&rest[..slash], "/.+$"),
        (None, Some(point)) => (&rest[..point], "\\.[^./]+$"),
        (None, None) => (rest, "$"),
    };
    pattern.push_str(&general(rest, grain));
    pattern.push_str(ending);
    Some(pattern)
}

/// Text of a name as a pattern for others of its shape.
fn general(text: &str, grain: Granularity) -> String {
    let mut pattern = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let word = rest.find(|char: char| !char.is_alphanumeric());
        let word = &rest[..word.unwrap_or(rest.len())];
        if word.is_empty() {
            match char {
                '-' | '_' | ' ' | ',' | '@' | '/' => pattern.push(char),
                other => pattern.push_str(&regex::escape(&other.to_string())),
            }
            rest = &rest[char.len_utf8()..];
            continue;
        }
        let is_digit = |char: char| char.is_ascii_digit();
        pattern.push_str(match grain {
            Granularity::Fine if word.chars().all(is_digit) => "\\d+",
            Granularity::Fine if !word.contains(is_digit) => "\\p{L}+",
            _ => "[\\p{L}\\d]+",
        });
        rest = &rest[word.len()..];
    }
    pattern
}

/// What all values of a column are made of.
pub(super) fn class(values: &[&str]) -> String {
    let all = |test: &dyn Fn(&str) -> bool| values.iter().all(|value| test(value));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if all(&digits) {
        return "\\d+".to_owned();
    }
    let dotted = |text: &str| {
        text.split_once('.')
            .is_some_and(|(whole, part)| digits(whole) && digits(part))
    };
    if all(&dotted) {
        return "\\d+\\.\\d+".to_owned();
    }
    let mut signs: Vec<char> = values
        .iter()
        .flat_map(|value| value.chars())
        .filter(|char| !char.is_alphanumeric())
        .collect();
    signs.sort_unstable();
    signs.dedup();
    let mut class = "[\\p{L}\\d".to_owned();
    for sign in signs {
        let _ = write!(class, "\\x{{{:x}}}", u32::from(sign));
    }
    class + "]+?"
}
