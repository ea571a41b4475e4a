//! Names of an export as they stand in a mapping file, whatever they hold.

/// A text as a TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A text as a literal of templates.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A column inside of a template; in a tree its name is a path.
pub(super) fn expression(name: &str, is_tree: bool) -> String {
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
    let is_reserved = name
        .split('.')
        .any(|part| RESERVED.contains(&part.to_lowercase().as_str()));
    if !is_reserved && (is_word(name) || is_tree && name.split('.').all(is_word)) {
        return name.to_owned();
    }
    let steps: Vec<&str> = if is_tree {
        name.split('.').collect()
    } else {
        vec![name]
    };
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
