//! How large the parts of a mapping may be. A list, a table or a text without end costs memory and time for
//! each record, and a chain of operators without end takes the stack.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mapping::error::Findings;

/// Entries of a list.
const MOST_ENTRIES: usize = 1_000;
/// Columns of which one value is put together.
const MOST_SOURCES: usize = 50;
/// Names of a table: a table of values for others may be long.
const MOST_NAMES: usize = 10_000;
/// Bytes of a text. A template of so many bytes has no chain of operators that takes the stack.
const LONGEST_TEXT: usize = 2 * 1024;

/// Reports each part of the mapping that is larger than it may be.
pub(in crate::mapping) fn refuse_too_large(table: &DeTable<'_>, findings: &mut Findings) {
    for (name, value) in table {
        look_at(name.get_ref(), value, findings);
    }
}

fn look_at(name: &str, value: &Spanned<DeValue<'_>>, findings: &mut Findings) {
    let mut refuse = |number: usize, most: usize, what: &str| {
        if number > most {
            let message = format!("`{name}` has {number} {what}, and may have {most}");
            findings.add(value.span(), message);
        }
    };
    match value.get_ref() {
        DeValue::String(text) => refuse(text.len(), LONGEST_TEXT, "bytes"),
        DeValue::Array(items) => {
            let most = if name == "from" {
                MOST_SOURCES
            } else {
                MOST_ENTRIES
            };
            refuse(items.len(), most, "entries");
            for item in items.iter().take(most) {
                look_at(name, item, findings);
            }
        }
        DeValue::Table(table) => {
            refuse(table.len(), MOST_NAMES, "names");
            refuse_too_large(table, findings);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::mapping::MappingFile;

    fn told(mapping: &str) -> String {
        let Err(error) = MappingFile::load(mapping, "map.toml", None) else {
            panic!("it was taken");
        };
        error.to_string()
    }

    #[test]
    fn parts_without_end_are_refused_by_name() {
        let long = |link: &str| {
            format!(
                "[fields]\nsubject = {{ template = \"{{{{ id{} }}}}\" }}",
                link.repeat(12_800)
            )
        };
        let names: Vec<String> = (0..20_000).map(|n| format!("n{n} = \"x\"")).collect();
        for (mapping, says) in [
            (
                format!(
                    "[fields]\nsubject = {{ from = [{}] }}",
                    "\"a\",".repeat(3_000)
                ),
                "`from` has 3000 entries, and may have 50",
            ),
            (
                format!(
                    "[fields]\nsubject = {{ from = [\"a\", \"b\"], join = \"{}\" }}",
                    "x".repeat(300_000)
                ),
                "`join` has 300000 bytes",
            ),
            (
                format!("[audio]\nmatch = [{}]", "\"{{ id }}\",".repeat(60_000)),
                "`match` has 60000 entries",
            ),
            (
                format!("[let]\n{}", names.join("\n")),
                "`let` has 20000 names",
            ),
            (long(" | string"), "`template` has"),
            (long(".a"), "`template` has"),
            (long("[0]"), "`template` has"),
            (long(" and 1"), "`template` has"),
        ] {
            let told = told(&mapping);
            assert!(
                told.contains(says),
                "{says}: {}",
                &told[..told.len().min(300)]
            );
        }
    }

    #[test]
    fn the_longest_chain_that_is_taken_leaves_the_stack_whole() {
        for link in [
            " | string",
            ".a",
            "[0]",
            " + 1",
            " and 1",
            " if 1 else 1",
            " is string",
        ] {
            let room = super::LONGEST_TEXT - "{{ id }}".len();
            let chain = link.repeat(room / link.len());
            let template = format!("[fields]\nsubject = {{ template = \"{{{{ id{chain} }}}}\" }}");
            let _ = MappingFile::load(&template, "map.toml", None);
            let not = format!(
                "[fields]\nsubject = {{ template = \"{{{{ {} id }}}}\" }}",
                "-".repeat(room)
            );
            let _ = MappingFile::load(&not, "map.toml", None);
        }
    }
}
