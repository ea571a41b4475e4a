//! What keeps the work of a template small, besides the fuel of the engine.
//!
//! Fuel counts steps and bytes, but not how often a list stands inside of itself: forty definitions of
//! two copies each cost forty steps and hold 2⁴⁰ texts for whoever walks them. So a value is walked and
//! counted before it is kept, and what could nest copies inside of one template is not in the language.

use std::sync::LazyLock;

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};
use regex::Regex;

use super::pattern::literal;
use crate::mapping::error::Findings;
use crate::mapping::file::toml_table::SpannedText;

/// Lists, maps and texts that one value may hold, at any depth.
const MOST_PARTS: usize = 10_000;
/// Bytes of text that one value may hold.
const MOST_BYTES: usize = 1024 * 1024;
/// Lists inside of lists; a record has fewer.
const MOST_DEPTH: usize = 32;
/// Loops in one template.
const MOST_LOOPS: usize = 8;

static STATEMENT: LazyLock<Regex> = LazyLock::new(|| literal(r"\{%[-+]?\s*(\w+)"));
static RECURSIVE: LazyLock<Regex> = LazyLock::new(|| literal(r"\brecursive\s*[-+]?%\}"));

/// Takes away what no mapping needs and what could hold itself, and bounds what is left.
pub(super) fn restrict(engine: &mut Environment<'static>) {
    for function in ["debug", "namespace"] {
        engine.remove_global(function);
    }
    engine.remove_filter("pprint");
    // Without the indent of the engine's own, which may be any number.
    engine.add_filter("tojson", |value: &Value| -> Result<String, Error> {
        let refused = || Error::new(ErrorKind::OutOfFuel, "too large for tojson");
        if !is_small(value) {
            return Err(refused());
        }
        serde_json::to_string(value).map_err(|_| refused())
    });
}

/// Reports statements that could nest copies of a value.
pub(super) fn check(text: &SpannedText, findings: &mut Findings) -> bool {
    let source = text.get_ref();
    let statements = || {
        STATEMENT
            .captures_iter(source)
            .map(|found| found[1].to_owned())
    };
    let message = if let Some(name) = statements().find(|name| name == "set" || name == "with") {
        format!("`{name}` is not available in templates; define the value in [let]")
    } else if RECURSIVE.is_match(source) {
        "recursive loops are not available in templates".to_owned()
    } else if statements().filter(|name| name == "for").count() > MOST_LOOPS {
        format!("more than {MOST_LOOPS} loops in one template")
    } else {
        return true;
    };
    findings.add(text.span(), message);
    false
}

/// Whether a value has few enough parts, in few enough levels, to be kept and walked by others.
pub(super) fn is_small(value: &Value) -> bool {
    let mut parts = MOST_PARTS;
    let mut bytes = MOST_BYTES;
    fits(value, MOST_DEPTH, &mut parts, &mut bytes)
}

fn fits(value: &Value, depth: usize, parts: &mut usize, bytes: &mut usize) -> bool {
    let Some(left) = parts.checked_sub(1) else {
        return false;
    };
    *parts = left;
    if let Some(text) = value.as_str() {
        let left = bytes.checked_sub(text.len());
        *bytes = left.unwrap_or(0);
        return left.is_some();
    }
    let is_map = match value.kind() {
        ValueKind::Map => true,
        ValueKind::Seq | ValueKind::Iterable => false,
        _ => return true,
    };
    let (Some(depth), Ok(mut items)) = (depth.checked_sub(1), value.try_iter()) else {
        return false;
    };
    items.all(|item| {
        let inner = if is_map {
            value.get_item(&item).unwrap_or_default()
        } else {
            Value::UNDEFINED
        };
        fits(&item, depth, parts, bytes) && fits(&inner, depth, parts, bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_small_by_its_parts_its_bytes_and_its_depth() {
        let text = Value::from("x".repeat(MOST_BYTES));
        assert!(is_small(&text));
        assert!(!is_small(&Value::from(vec![text.clone(), text])));
        assert!(is_small(&Value::from(vec![1; 1_000])));
        assert!(!is_small(&Value::from(vec![1; MOST_PARTS])));
        let nested = |depth| (0..depth).fold(Value::from(1), |inner, _| Value::from(vec![inner]));
        assert!(is_small(&nested(MOST_DEPTH)));
        assert!(!is_small(&nested(MOST_DEPTH + 1)));
    }

    #[test]
    fn copies_of_copies_are_counted_and_not_walked_to_their_end() {
        let doubled = (0..60).fold(Value::from("x"), |inner, _| {
            Value::from(vec![inner.clone(), inner])
        });
        assert!(!is_small(&doubled));
        let maps = (0..20).fold(Value::from("x"), |inner, _| {
            Value::from_iter([("a", inner.clone()), ("b", inner)])
        });
        assert!(!is_small(&maps));
    }
}
