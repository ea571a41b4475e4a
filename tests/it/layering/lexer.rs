//! Rust source to tokens: just enough to tell code from comments and strings.

/// An identifier, `::`, or one character of punctuation, with its line from 1.
#[derive(Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

/// Rust source without comments, strings, characters and lifetimes.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(char) = source[at..].chars().next() {
        let rest = &source[at..];
        let length = if let Some(length) = skipped_length(rest) {
            length
        } else if char.is_alphabetic() || char == '_' {
            let length = word_length(rest);
            tokens.push(Token {
                text: &rest[..length],
                line,
            });
            length
        } else if rest.starts_with("::") {
            tokens.push(Token { text: "::", line });
            2
        } else {
            if !char.is_whitespace() && !char.is_ascii_digit() {
                tokens.push(Token {
                    text: &rest[..char.len_utf8()],
                    line,
                });
            }
            char.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        at += length;
    }
    tokens
}

fn word_length(rest: &str) -> usize {
    rest.find(|char: char| !char.is_alphanumeric() && char != '_')
        .unwrap_or(rest.len())
}

/// Length of the comment, string, character or lifetime that `rest` starts with.
fn skipped_length(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment_length(rest));
    }
    if rest.starts_with('\'') {
        return Some(character_or_lifetime_length(rest));
    }
    string_length(rest)
}

/// Block comments nest.
fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn character_or_lifetime_length(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            let escaped = chars.next().map_or(2, |(at, char)| at + char.len_utf8());
            rest[escaped..]
                .find('\'')
                .map_or(rest.len(), |end| escaped + end + 1)
        }
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 1 + word_length(&rest[1..]),
        },
        None => 1,
    }
}

/// Length of the string literal that `rest` starts with: plain, byte, C or raw.
fn string_length(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        rest.strip_prefix(prefix)
            .is_some_and(|after| after.starts_with(['"', '#']))
    })?;
    let after = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        let content = after[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = content
            .find(&end)
            .map_or(content.len(), |at| at + end.len());
        return Some(prefix.len() + hashes + 1 + length);
    }
    let content = after.strip_prefix('"')?;
    let mut is_escaped = false;
    for (at, byte) in content.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(prefix.len() + 1 + at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}
