//! Who an agent is, where the export says less than the API wants: a table of agents, and a domain
//! for addresses that are made of logins.
//!
//! Both are the operator's to give (`agents` and `email_domain` in `[source]`, or the flags of those
//! names), so that one preset serves every customer of a system. An agent is found by whatever the
//! export knows: any column of the table that identifies one is a key.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind};

use super::boolean::fold;
use super::lookup::{guess_delimiter, parse, read_text};
use super::template::Missed;
use crate::source::Header;

/// Columns by which an agent is found.
const KEYS: [&str; 7] = [
    "id",
    "login",
    "user",
    "username",
    "extension",
    "email",
    "name",
];

/// A table of agents in memory.
#[derive(Debug)]
struct Table {
    header: Header,
    rows: Vec<Vec<String>>,
    /// By folded key; `None` when two agents share it.
    by_key: HashMap<String, Option<usize>>,
}

/// What the operator has said about agents.
#[derive(Debug, Clone, Default)]
pub(super) struct Agents {
    table: Option<Arc<Table>>,
    domain: Option<Arc<str>>,
}

/// A table of agents, or a domain for their addresses, that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentsError {
    /// The file cannot be read as a table of agents.
    #[error("cannot read the agents in {file}: {reason}")]
    File {
        /// The file as it was named.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The text is no domain.
    #[error("`{0}` is no domain for e-mail addresses")]
    Domain(String),
}

impl Agents {
    pub(super) fn has_table(&self) -> bool {
        self.table.is_some()
    }

    pub(super) fn has_domain(&self) -> bool {
        self.domain.is_some()
    }

    /// Reads the table in `file`, which is found relative to `dir`.
    pub(super) fn read_table(&mut self, file: &str, dir: Option<&Path>) -> Result<(), AgentsError> {
        let refuse = |reason: String| AgentsError::File {
            file: file.to_owned(),
            reason,
        };
        let text = read_text(file, dir, None).map_err(refuse)?;
        let (header, rows) = parse(&text, guess_delimiter(&text)).map_err(refuse)?;
        self.table = Some(Arc::new(Table::new(header, rows).map_err(refuse)?));
        Ok(())
    }

    /// Takes the domain of addresses, with or without its `@`.
    pub(super) fn set_domain(&mut self, domain: &str) -> Result<(), AgentsError> {
        let bare = domain.trim().trim_start_matches('@');
        if !crate::call::is_email(&format!("a@{bare}")) {
            return Err(AgentsError::Domain(domain.to_owned()));
        }
        self.domain = Some(bare.into());
        Ok(())
    }

    /// Gives templates the filter `agent`.
    pub(super) fn add_filter(&self, engine: &mut Environment<'static>) {
        let agents = self.clone();
        engine.add_filter("agent", move |key: &Value, column: String| {
            let key = key.to_string();
            let found = agents.value(key.trim(), &column);
            found.map_err(|message| {
                Error::new(ErrorKind::InvalidOperation, "no such agent")
                    .with_source(Missed(message))
            })
        });
    }

    /// What is known of the agent with this key. Of a name and an id that nobody knows the key itself
    /// is all there is, of anything else nothing. An address comes from the key, else from the table,
    /// else from the domain; the error says that the table should have had it.
    fn value(&self, key: &str, column: &str) -> Result<String, String> {
        if key.is_empty() {
            return Ok(String::new());
        }
        let known = self.table.as_ref().map(|table| table.value(key, column));
        if let Some(Ok(value)) = &known
            && !value.is_empty()
        {
            return Ok((*value).to_owned());
        }
        match (column, &self.domain, known) {
            ("email", _, _) if key.contains('@') => Ok(key.to_owned()),
            ("email", Some(domain), _) => Ok(format!("{}@{domain}", local_part(key))),
            ("email", None, Some(Err(reason))) => Err(reason.to_owned()),
            ("email" | "id" | "name", _, _) => Ok(key.to_owned()),
            _ => Ok(String::new()),
        }
    }
}

impl Table {
    fn new(header: Header, rows: Vec<Vec<String>>) -> Result<Table, String> {
        let keys: Vec<usize> = KEYS.iter().filter_map(|key| header.find(key)).collect();
        if header.find("email").is_none() || keys.len() < 2 {
            return Err(
                "it needs a column `email`, and `id` or `name` to find agents by".to_owned(),
            );
        }
        let mut by_key: HashMap<String, Option<usize>> = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            for cell in keys.iter().filter_map(|key| row.get(*key)) {
                let key = fold(cell);
                if key.is_empty() {
                    continue;
                }
                let same = |other: &usize| rows[*other] == *row;
                by_key
                    .entry(key)
                    .and_modify(|other| *other = other.filter(same))
                    .or_insert(Some(at));
            }
        }
        Ok(Table {
            header,
            rows,
            by_key,
        })
    }

    /// The cell of an agent, empty when the table has no such column; the error is why there is no
    /// one agent of this key.
    fn value(&self, key: &str, column: &str) -> Result<&str, &'static str> {
        let row = match self.by_key.get(&fold(key)) {
            Some(Some(at)) => &self.rows[*at],
            Some(None) => return Err("several agents in the table of agents are called so"),
            None => return Err("not in the table of agents"),
        };
        let cell = self.header.find(column).and_then(|at| row.get(at));
        Ok(cell.map_or("", |cell| cell.trim()))
    }
}

/// A login, or a name with a point for each blank, in lower case.
fn local_part(key: &str) -> String {
    let parts: Vec<&str> = key.split_whitespace().collect();
    parts.join(".").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "id,name,E-mail,team\n7,Ida Opdigtet,ida@example.com,Salg\n8,Bo Fiktiv,bo@example.com,\n9,Bo Fiktiv,,\n";

    fn table(text: &str) -> Result<Agents, String> {
        let (header, rows) = parse(text, ',').unwrap();
        Ok(Agents {
            table: Some(Arc::new(Table::new(header, rows)?)),
            domain: None,
        })
    }

    #[test]
    fn an_agent_is_found_by_whatever_the_export_knows() {
        let agents = table(ROWS).unwrap();
        for key in ["7", "ida opdigtet", "IDA@example.com"] {
            assert_eq!(agents.value(key, "id").unwrap(), "7", "{key}");
            assert_eq!(agents.value(key, "email").unwrap(), "ida@example.com");
            assert_eq!(agents.value(key, "team").unwrap(), "Salg");
        }
        assert_eq!(agents.value("", "email").unwrap(), "");
    }

    #[test]
    fn who_is_not_in_the_table_or_stands_twice_has_no_address() {
        let agents = table(ROWS).unwrap();
        assert!(agents.value("Eva", "email").unwrap_err().contains("not in"));
        assert!(
            agents
                .value("Bo Fiktiv", "email")
                .unwrap_err()
                .contains("several")
        );
        assert_eq!(agents.value("Eva", "name").unwrap(), "Eva");
        assert_eq!(agents.value("Eva", "team").unwrap(), "");
        assert_eq!(
            agents.value("eva@example.com", "email").unwrap(),
            "eva@example.com"
        );
    }

    #[test]
    fn a_domain_makes_addresses_of_those_whom_the_table_does_not_know() {
        let mut agents = table(ROWS).unwrap();
        agents.set_domain("@example.org").unwrap();
        assert_eq!(agents.value("7", "email").unwrap(), "ida@example.com");
        assert_eq!(
            agents.value("Eva Opdigtet", "email").unwrap(),
            "eva.opdigtet@example.org"
        );
        assert_eq!(agents.value("9", "email").unwrap(), "9@example.org");
        assert!(agents.set_domain("example").is_err());
    }

    #[test]
    fn a_table_without_addresses_or_keys_is_none() {
        assert!(table("id,name\n1,a\n").is_err());
        assert!(table("email,team\na@example.com,b\n").is_err());
    }
}
