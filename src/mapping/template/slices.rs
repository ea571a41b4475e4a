//! Slices, rewritten so that the engine tells which names are in them.
//!
//! The engine compiles `phone[1:]`, but leaves `phone` out when it is asked which names a template
//! uses (minijinja 3.1: the expression before a slice is not visited). Such a column would be missing
//! at every record. The copy of a template from which names are read has each slice as a list of its
//! bounds, `phone[[1]]`, which uses the same names.

/// The same source with lists in place of slices; for reading names, never for rendering.
pub(super) fn without_slices(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    // For each open bracket: where its content begins in `out`, and whether a slice was seen in it.
    let mut open: Vec<(char, usize, bool)> = Vec::new();
    let mut quote: Option<char> = None;
    let mut is_escaped = false;
    for char in source.chars() {
        out.push(char);
        if let Some(mark) = quote {
            let ends = char == mark && !is_escaped;
            is_escaped = char == '\\' && !is_escaped;
            if ends {
                quote = None;
            }
            continue;
        }
        match char {
            // A quote outside of brackets may be an apostrophe in the text around the tags.
            '\'' | '"' if !open.is_empty() => quote = Some(char),
            '[' | '(' | '{' => open.push((char, out.len(), false)),
            ':' => {
                if let Some((_, _, is_slice)) = open.last_mut().filter(|(kind, ..)| *kind == '[') {
                    *is_slice = true;
                    out.pop();
                    out.push(',');
                }
            }
            ']' | ')' | '}' => {
                if let Some((_, start, true)) = open.pop() {
                    let content = out.split_off(start);
                    let bounds: Vec<&str> = content
                        .trim_end_matches(']')
                        .split(',')
                        .filter(|bound| !bound.trim().is_empty())
                        .collect();
                    out.push('[');
                    out.push_str(&bounds.join(","));
                    out.push_str("]]");
                }
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_becomes_a_list_of_its_bounds_and_nothing_else_changes() {
        for (source, wanted) in [
            ("{{ a[1:] }}", "{{ a[[1]] }}"),
            ("{{ a[:n] | upper }}", "{{ a[[n]] | upper }}"),
            ("{{ (a ~ b)[x:y:z][0] }}", "{{ (a ~ b)[[x,y,z]][0] }}"),
            (
                "{{ row['a:b'] }}: it's {{ {'k': v}['k'] }}",
                "{{ row['a:b'] }}: it's {{ {'k': v}['k'] }}",
            ),
            ("it's {{ a[:2] }}", "it's {{ a[[2]] }}"),
            ("{{ a[:] }}", "{{ a[[]] }}"),
        ] {
            assert_eq!(without_slices(source), wanted);
        }
    }
}
