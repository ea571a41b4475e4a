//! Who an agent is, where the export says less than the API wants: a table of agents, and a domain
//! for addresses that are made of logins.
//!
//! Both are the operator's to give (`agents` and `email_domain` in `[source]`, or the flags of those
//! names), so that one preset serves every customer of a system. An agent is found by whatever the
//! export knows: any column of the table that identifies one is a key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

use super::agent_table::AgentTable;
use super::missed::Missed;
use super::second_file::SecondFile;

/// What the operator has said about agents.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct Agents {
    table: Option<Arc<AgentTable>>,
    file: Option<PathBuf>,
    domain: Option<Arc<str>>,
    /// Whether everybody has some address: see [`Agents::pretend`].
    pretends: bool,
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
    /// Gives an address to everybody, to see what the other rules make of records.
    pub(in crate::mapping) fn pretend(&mut self) {
        self.pretends = true;
    }

    pub(in crate::mapping) fn has_table(&self) -> bool {
        self.table.is_some()
    }

    pub(in crate::mapping) fn has_domain(&self) -> bool {
        self.domain.is_some()
    }

    /// Reads the table in `file`, which a mapping in `dir` names.
    pub(in crate::mapping) fn read_table_of_mapping(
        &mut self,
        file: &str,
        dir: Option<&Path>,
    ) -> Result<(), AgentsError> {
        let found = SecondFile::of_mapping(file, dir, "--agents FILE");
        self.read(file.to_owned(), found)
    }

    /// Reads the table in the file that the operator names.
    pub(in crate::mapping) fn read_table(&mut self, file: &Path) -> Result<(), AgentsError> {
        let name = file.to_string_lossy().into_owned();
        self.read(name, Ok(SecondFile::of_operator(file)))
    }

    fn read(&mut self, name: String, found: Result<SecondFile, String>) -> Result<(), AgentsError> {
        let table = found.and_then(|found| Ok((AgentTable::read(&found.path)?, found.name)));
        let (table, file) = table.map_err(|reason| AgentsError::File { file: name, reason })?;
        self.table = Some(Arc::new(table));
        self.file = Some(file);
        Ok(())
    }

    /// The file that was read, as it is told.
    pub(in crate::mapping) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Takes the domain of addresses, with or without its `@`.
    pub(in crate::mapping) fn set_domain(&mut self, domain: &str) -> Result<(), AgentsError> {
        let bare = domain.trim().trim_start_matches('@');
        if !crate::domain::is_email(&format!("a@{bare}")) {
            return Err(AgentsError::Domain(domain.to_owned()));
        }
        self.domain = Some(bare.into());
        Ok(())
    }

    /// Gives templates the filter `agent`, and the test `agent`: whether the table knows this one.
    pub(in crate::mapping) fn add_filter(&self, engine: &mut Environment<'static>) {
        let agents = self.clone();
        engine.add_filter("agent", move |keys: &Value, column: String| {
            let keys = texts(keys);
            agents.value(&keys, &column).map_err(|message| {
                let key = keys.join(", ");
                Error::new(ErrorKind::InvalidOperation, "no such agent")
                    .with_source(Missed { key, message })
            })
        });
        let agents = self.clone();
        engine.add_test("agent", move |keys: &Value| {
            let known = |table: &Arc<AgentTable>| {
                texts(keys).iter().any(|key| table.value(key, "").is_ok())
            };
            agents.table.as_ref().is_some_and(known)
        });
    }

    /// What is known of the agent with one of these keys, of which the first that the table knows
    /// counts. Without the table an id is the first key, and a name and the address at the domain come
    /// from the last: exports put ids before names. The error says why the table has no such agent.
    fn value(&self, keys: &[String], column: &str) -> Result<String, String> {
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else {
            return Ok(String::new());
        };
        let mut reason = None;
        for key in self
            .table
            .iter()
            .flat_map(|table| keys.iter().map(move |key| (table, key)))
        {
            match key.0.value(key.1, column) {
                Ok(value) if value.is_empty() => {}
                Ok(value) => return Ok(value),
                Err(why) => reason = Some(why),
            }
        }
        let address = || keys.iter().find(|key| key.contains('@')).cloned();
        match (column, &self.domain) {
            ("email", _) if self.pretends => Ok("agent@example.com".to_owned()),
            ("id", _) => Ok(first.clone()),
            ("name", _) => Ok(last.clone()),
            ("email", Some(domain)) => {
                Ok(address().unwrap_or_else(|| format!("{}@{domain}", local_part(last))))
            }
            ("email", None) => match (address(), reason) {
                (Some(address), _) => Ok(address),
                (None, Some(reason)) => Err(reason.to_owned()),
                (None, None) => Ok(last.clone()),
            },
            _ => Ok(String::new()),
        }
    }
}

/// The keys in a text or a list of texts, without the empty ones.
fn texts(keys: &Value) -> Vec<String> {
    let list = match keys.kind() {
        ValueKind::Seq | ValueKind::Iterable => keys.try_iter().map(Iterator::collect),
        _ => Ok(vec![keys.clone()]),
    };
    let texts = list.unwrap_or_default().into_iter();
    let texts = texts.map(|key: Value| key.to_string().trim().to_owned());
    texts.filter(|key| !key.is_empty()).collect()
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

    fn keys(keys: &[&str]) -> Vec<String> {
        texts(&keys.iter().copied().map(Value::from).collect())
    }

    fn table(text: &str) -> Result<Agents, AgentsError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("agents.csv"), text).unwrap();
        let mut agents = Agents::default();
        agents.read_table_of_mapping("agents.csv", Some(folder.path()))?;
        Ok(agents)
    }

    #[test]
    fn an_agent_is_found_by_whatever_the_export_knows() {
        let agents = table(ROWS).unwrap();
        for key in ["7", "ida opdigtet", "IDA@example.com"] {
            assert_eq!(agents.value(&keys(&[key]), "id").unwrap(), "7", "{key}");
            assert_eq!(
                agents.value(&keys(&[key]), "email").unwrap(),
                "ida@example.com"
            );
            assert_eq!(agents.value(&keys(&[key]), "team").unwrap(), "Salg");
        }
        assert_eq!(agents.value(&keys(&[""]), "email").unwrap(), "");
    }

    #[test]
    fn who_is_not_in_the_table_or_stands_twice_has_no_address() {
        let agents = table(ROWS).unwrap();
        let value = |key: &str, column| agents.value(&keys(&[key]), column);
        assert!(value("Eva", "email").unwrap_err().contains("not in"));
        assert!(value("Bo Fiktiv", "email").unwrap_err().contains("several"));
        assert_eq!(value("Eva", "name").unwrap(), "Eva");
        assert_eq!(value("Eva", "team").unwrap(), "");
        assert_eq!(
            value("eva@example.com", "email").unwrap(),
            "eva@example.com"
        );
    }

    #[test]
    fn a_domain_makes_addresses_of_those_whom_the_table_does_not_know() {
        let mut agents = table(ROWS).unwrap();
        agents.set_domain("@example.org").unwrap();
        assert_eq!(
            agents.value(&keys(&["7"]), "email").unwrap(),
            "ida@example.com"
        );
        assert_eq!(
            agents.value(&keys(&["Eva Opdigtet"]), "email").unwrap(),
            "eva.opdigtet@example.org"
        );
        assert_eq!(
            agents.value(&keys(&["9"]), "email").unwrap(),
            "9@example.org"
        );
        assert!(agents.set_domain("example").is_err());
    }

    #[test]
    fn of_several_keys_the_first_that_is_known_counts() {
        let mut agents = table(ROWS).unwrap();
        let value =
            |agents: &Agents, list: &[&str], column| agents.value(&keys(list), column).unwrap();
        assert_eq!(value(&agents, &["101", "Ida Opdigtet"], "id"), "7");
        assert_eq!(
            value(&agents, &["101", "", "Ida Opdigtet"], "email"),
            "ida@example.com"
        );
        agents.set_domain("example.org").unwrap();
        assert_eq!(value(&agents, &["101", "Eva"], "id"), "101");
        assert_eq!(value(&agents, &["101", "Eva"], "name"), "Eva");
        assert_eq!(value(&agents, &["101", "Eva"], "email"), "eva@example.org");
        assert_eq!(
            value(&agents, &["eva@example.com", "Eva"], "email"),
            "eva@example.com"
        );
    }

    #[test]
    fn a_table_without_addresses_or_keys_is_none() {
        assert!(table("id,name\n1,a\n").is_err());
        assert!(table("email,team\na@example.com,b\n").is_err());
    }
}
