//! How near the name of a column is to the names that people give such columns.

/// The last step of a path.
pub(super) fn last_step(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The words of a name, in lower case: `CallRail Id` is `call`, `rail`, `id`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for char in name.chars() {
        if !char.is_alphanumeric() || char.is_uppercase() && was_lower {
            words.push(String::new());
        }
        was_lower = char.is_lowercase();
        if char.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(char.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Words that say nothing without what stands before them in a path: `Queue.Name` is no agent's.
const GENERIC: &[&str] = &[
    "name", "id", "number", "type", "status", "duration", "email", "time", "date", "value",
];

/// Shorter words stand in too many others.
const PART: usize = 5;
/// A word inside of a name counts less than any whole name.
pub(super) const WITHIN: usize = 1000;

/// Position of a column's name among `names`; a name at the end of a path counts a little less.
pub(super) fn rank(column: &str, names: &[&str]) -> Option<usize> {
    let position = |wanted: &str| names.iter().position(|name| *name == folded(wanted));
    let (before, last) = column.rsplit_once('.').unwrap_or(("", column));
    let parent = before.rsplit('.').next().unwrap_or(before);
    let end = if before.is_empty() || GENERIC.contains(&folded(last).as_str()) {
        position(&format!("{parent}{last}"))
    } else {
        position(last).or_else(|| position(&format!("{parent}{last}")))
    };
    // `Kundens telefon` and `Varighed (min:sek)` have the word among others.
    let whole = folded(column);
    let within = || {
        let is_part = |name: &&str| name.chars().count() >= PART && whole.contains(*name);
        names.iter().position(is_part).map(|at| at + WITHIN)
    };
    position(column)
        .map(|at| at * 2)
        .or(end.map(|at| at * 2 + 1))
        .or_else(within)
}

/// A name in lower case, without anything but letters and digits.
pub(super) fn folded(name: &str) -> String {
    name.chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether the whole name of the column is one of these.
pub(super) fn is_whole(column: &str, names: &[&str]) -> bool {
    rank(column, names).is_some_and(|rank| rank < WITHIN)
}
