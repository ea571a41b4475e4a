//! Filters for lists inside of lists, as nested exports have them: participants, their sessions,
//! and the segments of those.

use minijinja::Environment;
use minijinja::value::{Rest, Value, ValueKind};

/// Adds `values('a.b')`, everything at a path through lists, and `where('a.b', 'x', …)`, the items of
/// a list that have one of these texts at the path.
pub(super) fn add_filters(engine: &mut Environment<'static>) {
    engine.add_filter("values", |list: &Value, path: String| -> Vec<Value> {
        values(list, &path)
    });
    engine.add_filter(
        "where",
        |list: &Value, path: String, wanted: Rest<String>| -> Vec<Value> {
            let fits = |item: &Value| {
                let found = values(item, &path);
                found
                    .iter()
                    .any(|value| wanted.contains(&value.to_string()))
            };
            items(list).into_iter().filter(fits).collect()
        },
    );
}

/// The items of a list; what is none has none.
fn items(list: &Value) -> Vec<Value> {
    match list.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            list.try_iter().map(Iterator::collect).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Everything at the path, lists on the way and at its end taken apart.
fn values(start: &Value, path: &str) -> Vec<Value> {
    let apart = |value: Value| match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => items(&value),
        ValueKind::Undefined | ValueKind::None => Vec::new(),
        _ => vec![value],
    };
    path.split('.').fold(apart(start.clone()), |found, step| {
        let next = found.iter().filter_map(|value| value.get_attr(step).ok());
        next.flat_map(apart).collect()
    })
}
