//! Where a JSON value ends, without understanding it.

use memchr::memchr3;

/// Nesting beyond this is not followed any further.
const DEEPEST: usize = 1 << 20;

/// A walk over a value that can stop and go on when more text is there.
#[derive(Debug, Default)]
pub(in crate::source) struct JsonSpan {
    /// How far the walk has come.
    at: usize,
    in_string: bool,
    escaped: bool,
    /// The closing brackets that are still to come, innermost last.
    open: Vec<u8>,
}

/// What the walk found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum JsonWalk {
    /// The value ends before this position.
    End(usize),
    /// The text ends before the value does.
    More,
    /// Here stands something that cannot be part of a value: a bracket of the wrong kind, or a line
    /// break inside a string.
    Broken(usize),
}

impl JsonSpan {
    /// A walk that starts inside these containers and goes to the end of the outermost.
    pub(in crate::source) fn inside(open: Vec<u8>) -> Self {
        JsonSpan {
            open,
            ..JsonSpan::default()
        }
    }

    /// Walks on over `text`, which begins where the value does, or after what [`JsonSpan::forget`] took.
    pub(in crate::source) fn walk(&mut self, text: &[u8]) -> JsonWalk {
        while let Some(&byte) = text.get(self.at) {
            if self.in_string {
                if let Some(broken) = self.walk_string(text) {
                    return broken;
                }
                if !self.in_string && self.open.is_empty() {
                    return JsonWalk::End(self.at);
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' if self.open.len() == DEEPEST => return JsonWalk::Broken(self.at),
                b'{' => self.open.push(b'}'),
                b'[' => self.open.push(b']'),
                b'}' | b']' => {
                    if self.open.is_empty() {
                        return JsonWalk::End(self.at);
                    }
                    if self.open.pop() != Some(byte) {
                        return JsonWalk::Broken(self.at);
                    }
                    if self.open.is_empty() {
                        return JsonWalk::End(self.at + 1);
                    }
                }
                b',' | b' ' | b'\t' | b'\r' | b'\n' if self.open.is_empty() => {
                    return JsonWalk::End(self.at);
                }
                _ => {}
            }
            self.at += 1;
        }
        JsonWalk::More
    }

    fn walk_string(&mut self, text: &[u8]) -> Option<JsonWalk> {
        if self.escaped {
            self.escaped = false;
            self.at += 1;
            return None;
        }
        let Some(length) = memchr3(b'"', b'\\', b'\n', &text[self.at..]) else {
            self.at = text.len();
            return None;
        };
        self.at += length;
        match text[self.at] {
            b'\n' => return Some(JsonWalk::Broken(self.at)),
            b'\\' => self.escaped = true,
            _ => self.in_string = false,
        }
        self.at += 1;
        None
    }

    /// Takes what has been walked over as gone; gives its length.
    pub(in crate::source) fn forget(&mut self) -> usize {
        std::mem::take(&mut self.at)
    }
}

/// Where the objects of a line begin and end; all of it when it is anything else than objects.
pub(super) fn objects_of(text: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match JsonSpan::default().walk(&text[at..]) {
            JsonWalk::End(length) if text[at] == b'{' => {
                found.push((at, at + length));
                at += length;
            }
            _ => return vec![(0, text.len())],
        }
        let between = |byte: &&u8| byte.is_ascii_whitespace() || **byte == b',';
        at += text[at..].iter().take_while(between).count();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(text: &str) -> JsonWalk {
        JsonSpan::default().walk(text.as_bytes())
    }

    #[test]
    fn values_end_where_they_do() {
        assert_eq!(walk(r#"{"a":"}\"","b":[{}]},"#), JsonWalk::End(20));
        assert_eq!(walk("12.5,"), JsonWalk::End(4));
        assert_eq!(walk("\"a]\\\\\"]"), JsonWalk::End(6));
        assert_eq!(walk("null}"), JsonWalk::End(4));
        assert_eq!(walk("{\"a\":[1}"), JsonWalk::Broken(7));
        assert_eq!(walk("{\"a\n"), JsonWalk::Broken(3));
        assert_eq!(walk("{\"a"), JsonWalk::More);
    }

    #[test]
    fn a_walk_goes_on_where_it_stopped() {
        let text = br#"{"a":"x\"}","b":{}} rest"#;
        for cut in 0..text.len() {
            let mut span = JsonSpan::default();
            let first = span.walk(&text[..cut]);
            let end = if first == JsonWalk::More {
                span.walk(text)
            } else {
                first
            };
            assert_eq!(end, JsonWalk::End(19), "{cut}");
        }
    }

    #[test]
    fn containers_that_were_entered_are_left() {
        let mut span = JsonSpan::inside(vec![b'}', b']']);
        assert_eq!(span.walk(b"],\"x\":1} {"), JsonWalk::End(8));
    }
}
