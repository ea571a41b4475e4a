//! By which keys or columns the records of a mapping are known, and what is none of them.

use serde_json::Value as Json;

use super::json_path::has;
use super::names::letters;
use super::sheet::Header;

/// Keys or columns of which every record has at least one of each entry; there and empty is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownKeys(pub Vec<Vec<String>>);

impl KnownKeys {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a table of these columns holds such records.
    pub(super) fn fits_header(&self, header: &Header) -> bool {
        let has = |names: &Vec<String>| names.iter().any(|name| header.find(name).is_some());
        self.0.iter().all(has)
    }

    /// Whether the object is such a record.
    pub fn fits(&self, tree: &Json) -> bool {
        self.0.iter().all(|names| has_any(tree, names))
    }

    /// Pointers to such records inside of something else: to lists whose first object is one, and to
    /// objects that are.
    pub fn pointers(&self, tree: &Json) -> Vec<String> {
        let mut found = Vec::new();
        if !self.is_empty() {
            self.point(tree, "", 3, &mut found);
        }
        found
    }

    fn point(&self, tree: &Json, before: &str, levels: usize, found: &mut Vec<String>) {
        let Json::Object(members) = tree else { return };
        for (name, value) in members.iter().filter(|_| levels > 0) {
            let pointer = format!("{before}/{}", name.replace('~', "~0").replace('/', "~1"));
            let record = match value {
                Json::Array(items) => items.first().unwrap_or(&Json::Null),
                other => other,
            };
            if self.fits(record) {
                found.push(pointer);
            } else if value.is_object() {
                self.point(value, &pointer, levels - 1, found);
            }
        }
    }

    /// Whether the object has nothing of such a record.
    pub(super) fn is_foreign(&self, tree: &Json) -> bool {
        !self.is_empty() && !self.0.iter().any(|names| has_any(tree, names))
    }

    /// Whether the object is the page of an API without a record: a list with nothing in it, and nothing
    /// that speaks of an error.
    pub(super) fn is_empty_page(&self, tree: &Json) -> bool {
        let Json::Object(members) = tree else {
            return false;
        };
        let mut lists = Vec::new();
        lists_of(tree, 2, &mut lists);
        self.is_foreign(tree)
            && matches!(&lists[..], [list] if list.is_empty())
            && !members
                .iter()
                .any(|(name, value)| speaks_of_error(name, value))
    }
}

fn has_any(tree: &Json, names: &[String]) -> bool {
    let path = |name: &String| name.split('.').map(str::to_owned).collect::<Vec<_>>();
    names.iter().any(|name| has(tree, &path(name)))
}

/// The lists in an object, so many levels deep.
fn lists_of<'j>(tree: &'j Json, levels: usize, lists: &mut Vec<&'j [Json]>) {
    let Json::Object(members) = tree else { return };
    for value in members.values() {
        match value {
            Json::Array(items) => lists.push(items),
            Json::Object(_) if levels > 1 => lists_of(value, levels - 1, lists),
            _ => {}
        }
    }
}

fn speaks_of_error(name: &str, value: &Json) -> bool {
    const WORDS: [&str; 10] = [
        "error",
        "fault",
        "exception",
        "message",
        "problem",
        "detail",
        "reason",
        "code",
        "denied",
        "warning",
    ];
    let name: String = letters(name).collect();
    let is_failure = || match value {
        Json::Bool(flag) => !flag && ["success", "ok"].contains(&name.as_str()),
        Json::String(text) => {
            let text = text.to_lowercase();
            text.contains("error") || text.contains("fail")
        }
        _ => false,
    };
    WORDS.iter().any(|word| name.contains(word)) || is_failure()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known() -> KnownKeys {
        KnownKeys(vec![
            vec!["id".to_owned()],
            vec!["user.id".to_owned(), "agent".to_owned()],
        ])
    }

    #[test]
    fn a_key_that_is_there_and_empty_is_there() {
        let has = |tree: Json| known().fits(&tree);
        assert!(has(json!({"id": 1, "user": {"id": 7}})));
        assert!(has(json!({"id": null, "user": null})));
        assert!(has(json!({"ID": 1, "user": {}})));
        assert!(has(json!({"id": 1, "user.id": 7})));
        assert!(has(json!({"id": 1, "agent": ""})));
        assert!(!has(json!({"id": 1, "user": {"name": "Ida"}})));
        assert!(!has(json!({"id": 1})));
        assert!(!has(json!({"user": null})));
        assert!(!has(json!(null)));
    }

    #[test]
    fn an_empty_page_is_told_from_an_error() {
        let empty = |tree: Json| known().is_empty_page(&tree);
        assert!(empty(
            json!({"meta": {"count": 0, "next": null}, "calls": []})
        ));
        assert!(empty(json!({"data": {"calls": []}})));
        assert!(!empty(json!({"error": "no such token", "calls": []})));
        assert!(!empty(json!({"success": false, "calls": []})));
        assert!(!empty(json!({"status": "failed", "calls": []})));
        assert!(!empty(json!({"calls": [], "agents": []})));
        assert!(!empty(json!({"calls": [{}]})));
        assert!(!empty(json!({"id": 1, "tags": []})));
        assert!(!empty(json!({"type": "call.ended"})));
    }
}
