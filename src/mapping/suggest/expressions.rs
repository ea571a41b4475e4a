//! Names of an export as they stand in a mapping file, whatever they hold.

/// A text as a TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A text as a literal of templates.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A column inside of a template: of a table by its name, of JSON by its keys.
pub(super) fn expression(name: &str, keys: &[String]) -> String {
    const RESERVED: [&str; 11] = [
        "row", "in", "is", "not", "and", "or", "if", "else", "true", "false", "none",
    ];
    let is_word = |part: &str| {
        !part.is_empty()
            && !part.starts_with(|first: char| first.is_ascii_digit())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let steps: Vec<&str> = match keys {
        [] => vec![name],
        keys => keys.iter().map(String::as_str).collect(),
    };
    let is_plain = |step: &&str| is_word(step) && !RESERVED.contains(&step.to_lowercase().as_str());
    if steps.iter().all(is_plain) {
        return steps.join(".");
    }
    let step = |step: &&str| format!("[{}]", literal(step));
    format!("row{}", steps.iter().map(step).collect::<String>())
}

/// A text of the export inside of a comment: on one line, and harmless.
pub(super) fn shown_whole(text: &str) -> String {
    let plain = |char: char| {
        let acts = char.is_control()
            || matches!(char, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if acts { '\u{fffd}' } else { char }
    };
    text.chars().map(plain).collect()
}
