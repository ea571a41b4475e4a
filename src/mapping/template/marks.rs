//! The characters that mark a name of a recording in a template.

/// Stands for the `*` of a template until its columns are filled in: a character that no text
/// contains, so that a `*` in the export is never taken for a wildcard.
pub(in crate::mapping) const WILDCARD: char = '\u{fdd0}';

/// Stand around what the record says in a template that may have wildcards.
pub(in crate::mapping) const VALUE_START: char = '\u{fdd1}';
pub(in crate::mapping) const VALUE_END: char = '\u{fdd2}';

/// Whether a character of the export could be taken for one of the above.
pub(in crate::mapping) fn is_mark(char: char) -> bool {
    matches!(char, WILDCARD | VALUE_START | VALUE_END)
}

/// Replaces `*` outside of `{{ }}` and `{% %}`, and marks where a `{{ }}` begins and ends.
pub(super) fn mark_wildcards(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let is_value = rest[open..].starts_with("{{");
        let end = if is_value { "}}" } else { "%}" };
        let close = rest[open..]
            .find(end)
            .map_or(rest.len(), |at| open + at + end.len());
        let (before, tag) = (&rest[..open], &rest[open..close]);
        rest = &rest[close..];
        // A tag that takes the blanks beside it would find the mark there.
        let takes_before = is_value && tag.starts_with("{{-");
        let before = if takes_before {
            before.trim_end()
        } else {
            before
        };
        marked.push_str(&before.replace('*', WILDCARD.encode_utf8(&mut [0; 4])));
        if is_value {
            marked.push(VALUE_START);
        }
        marked.push_str(tag);
        if is_value {
            marked.push(VALUE_END);
            rest = if tag.ends_with("-}}") {
                rest.trim_start()
            } else {
                rest
            };
        }
    }
    marked.push_str(&rest.replace('*', WILDCARD.encode_utf8(&mut [0; 4])));
    marked
}
