//! Slices, rewritten so that the engine tells which names are in them.
//!
//! The engine compiles `phone[1:]`, but leaves `phone` out when it is asked which names a template
//! uses (minijinja 3.1: the expression before a slice is not visited). Such a column would be missing
//! at every record. The copy of a template from which names are read has each slice as a list of its
//! bounds, `phone[[1]]`, which uses the same names.

/// The same source with lists in place of slices; for reading names, never for rendering. What stands
/// around the tags is text, whatever brackets and quotes are in it.
pub(super) fn without_slices(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    // For each open bracket: where its content begins in `out`, and whether a slice was seen in it.
    let mut open: Vec<(char, usize, bool)> = Vec::new();
    let mut quote: Option<char> = None;
    let mut is_escaped = false;
    let mut is_tag = false;
    let mut before = ' ';
    for char in source.chars() {
        out.push(char);
        let pair = (std::mem::replace(&mut before, char), char);
        if !is_tag {
            is_tag = matches!(pair, ('{', '{' | '%'));
            continue;
        }
        if let Some(mark) = quote {
            let ends = char == mark && !is_escaped;
            is_escaped = char == '\\' && !is_escaped;
            if ends {
                quote = None;
            }
            continue;
        }
        match char {
            '\'' | '"' => quote = Some(char),
            '[' | '(' | '{' => open.push((char, out.len(), false)),
            ':' => {
                if let Some((_, _, is_slice)) = open.last_mut().filter(|(kind, ..)| *kind == '[') {
                    *is_slice = true;
                    out.pop();
                    out.push(',');
                }
            }
            '}' if open.is_empty() => is_tag = !matches!(pair.0, '}' | '%'),
            ']' | ')' | '}' => {
                if let Some((_, start, true)) = open.pop() {
                    close_list(&mut out, start);
                }
            }
            _ => {}
        }
    }
    out
}

/// Makes a list of the bounds that end `out`, with the bracket behind them.
fn close_list(out: &mut String, start: usize) {
    let content = out.split_off(start);
    let bounds = content.strip_suffix(']').unwrap_or(&content).split(',');
    let bounds: Vec<&str> = bounds.filter(|bound| !bound.trim().is_empty()).collect();
    out.push('[');
    out.push_str(&bounds.join(","));
    out.push_str("]]");
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
            (
                "[it's {{ a[:b[0]] }}: {{ c[1:] }}]",
                "[it's {{ a[[b[0]]] }}: {{ c[[1]] }}]",
            ),
            (
                "{% if {'k': {'l': a[:2]}}['k'] %}:[x:y]{% endif %}",
                "{% if {'k': {'l': a[[2]]}}['k'] %}:[x:y]{% endif %}",
            ),
            ("{{ a[:] }}", "{{ a[[]] }}"),
        ] {
            assert_eq!(without_slices(source), wanted);
        }
    }
}
