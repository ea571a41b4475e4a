//! What is signed: how many lines a manifest has, and their root.

use super::manifest::{bytes_of, hex};
use super::merkle::TreeHash;

/// The first line, with the version of the form.
const HEAD: &str = "capturi-import evidence 1";

/// How many lines a manifest has, and their root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// Lines.
    pub lines: u64,
    /// The root of RFC 6962 over them.
    pub root: TreeHash,
}

impl Statement {
    /// The text of `root.txt`.
    pub fn to_text(&self) -> String {
        format!("{HEAD}\nlines {}\nroot {}\n", self.lines, hex(&self.root))
    }

    /// What a text says; nothing for one of another form.
    pub fn of_text(text: &str) -> Option<Statement> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != HEAD {
            return None;
        }
        let count = lines.next()?.strip_prefix("lines ")?.parse().ok()?;
        let root = bytes_of(lines.next()?.strip_prefix("root ")?)?;
        let statement = Statement { lines: count, root };
        (statement.to_text() == text).then_some(statement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_read_as_it_was_written_and_no_other() {
        let statement = Statement {
            lines: 17,
            root: [0xab; 32],
        };
        let text = statement.to_text();
        assert_eq!(Statement::of_text(&text), Some(statement));
        for wrong in [
            text.trim_end().to_owned(),
            format!("{text}\n"),
            text.replace("17", "017"),
            text.replace("evidence 1", "evidence 2"),
            text.replace("ab", "AB"),
            String::new(),
        ] {
            assert_eq!(Statement::of_text(&wrong), None, "{wrong:?}");
        }
    }
}
