//! The table of agents: a second file, read by the reader of exports, whose columns may be called as
//! the systems call them.
//!
//! Nobody should have to make this file by hand: the list that the system itself gives out, as a table
//! or as the answer of its API, is understood. A file that cannot be understood is refused before the
//! first record, with what was meant; it is never taken and then finds nobody.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value as Json;

use crate::domain::is_email;
use crate::mapping::value::boolean::fold;
use crate::source::{self, Batch, Column, Header, HeaderKind, Input, ReadOptions};

/// The largest file that is read: it is kept in memory.
const LIMIT: u64 = 64 << 20;
/// The table takes at most so many bytes of memory.
const MOST_BYTES: usize = 64 << 20;
/// How deep the objects of an API's answer are looked into.
const DEPTH: usize = 4;

/// What a column says of an agent, with the names that it may have, the surest first. Compared as
/// [`Header::key`] compares names.
const IDS: &[&str] = &[
    "id",
    "agentid",
    "agentno",
    "agentnr",
    "agentnumber",
    "userid",
    "userno",
    "employeeid",
    "operatorid",
    "medarbejderid",
    "medarbejdernr",
    "medarbejdernummer",
    "brugerid",
    "mitarbeiterid",
    "mitarbeiternummer",
    "benutzerid",
    "arn",
];
const NAMES: &[&str] = &[
    "fullname",
    "displayname",
    "agentname",
    "agentfullname",
    "name",
    "employeename",
    "operatorname",
    "navn",
    "fuldenavn",
    "agentnavn",
    "medarbejdernavn",
    "medarbejder",
    "namn",
    "mitarbeitername",
];
const GIVEN_NAMES: &[&str] = &["firstname", "givenname", "fornavn", "förnamn", "vorname"];
const FAMILY_NAMES: &[&str] = &[
    "lastname",
    "familyname",
    "surname",
    "efternavn",
    "efternamn",
    "etternavn",
    "nachname",
];
const ADDRESSES: &[&str] = &[
    "email",
    "agentemail",
    "useremail",
    "emailaddress",
    "mail",
    "mailaddress",
    "medarbejderemail",
    "mailadresse",
    "emailadresse",
    "epost",
    "epostadresse",
    "epostadress",
];
/// Other columns that tell one agent from the next.
const LOGINS: &[&str] = &[
    "login",
    "userlogin",
    "agentlogin",
    "user",
    "username",
    "agentusername",
    "usernum",
    "agent",
    "extension",
    "extensionnumber",
    "ext",
    "lokalnummer",
    "lokalnr",
    "nebenstelle",
    "durchwahl",
    "anknytning",
    "initials",
    "initialer",
    "brugernavn",
];
/// Objects whose members say something of the agent around them, and not of his manager.
const PARTS: &[&str] = &[
    "agent",
    "user",
    "person",
    "contact",
    "profile",
    "identityinfo",
    "details",
];

/// A table of agents in memory.
#[derive(Debug)]
pub(in crate::mapping) struct AgentTable {
    header: Header,
    rows: Vec<Vec<String>>,
    roles: Roles,
    /// By folded key; `None` when two agents share it.
    by_key: HashMap<String, Option<usize>>,
}

/// Where the table says what.
#[derive(Debug)]
struct Roles {
    id: Option<usize>,
    name: Option<usize>,
    /// Given and family name, where no column has both.
    names: Option<(usize, usize)>,
    email: usize,
    /// Every column that tells one agent from the next.
    keys: Vec<usize>,
}

impl AgentTable {
    /// Reads a file; the error says what is wrong with it, as a sentence that follows its name.
    pub(in crate::mapping) fn read(path: &Path) -> Result<AgentTable, String> {
        let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
        if !metadata.is_file() || metadata.len() > LIMIT {
            return Err(format!("not a file of at most {} MiB", LIMIT >> 20));
        }
        let options = ReadOptions {
            header: Some(HeaderKind::Names),
            nulls: ["NULL", "null", "N/A"].map(str::to_owned).to_vec(),
            ..ReadOptions::default()
        };
        let mut reader =
            source::open(&Input::file(path), &options).map_err(|error| error.to_string())?;
        let sheet = std::sync::Arc::clone(reader.sheet());
        let mut rows = AgentRows::new(sheet.header.clone());
        for batch in &mut reader {
            rows.take(&batch.map_err(|error| error.to_string())?)?;
        }
        let kind = match &sheet.header {
            Some(_) => "column",
            None => "key",
        };
        AgentTable::new(rows.header(), rows.agents, kind)
    }

    /// A table of these rows; `kind` is what its columns are called.
    fn new(header: Header, rows: Vec<Vec<String>>, kind: &str) -> Result<AgentTable, String> {
        let roles = Roles::find(&header, kind)?;
        let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
        if rows.is_empty() {
            return Err("it holds no agents".to_owned());
        }
        let mut addresses = cells(roles.email).filter(|cell| !cell.trim().is_empty());
        let first = addresses.next();
        if let Some(first) = first
            && !is_email(first.trim())
            && !addresses.any(|cell| is_email(cell.trim()))
        {
            return Err(format!(
                "its {kind} `{}` holds no e-mail address",
                header.names()[roles.email]
            ));
        }
        let mut table = AgentTable {
            by_key: HashMap::new(),
            header,
            rows,
            roles,
        };
        table.index();
        Ok(table)
    }

    fn index(&mut self) {
        let rows = &self.rows;
        for at in 0..rows.len() {
            let whole = self.whole_name(at);
            let cells = self.roles.keys.iter().filter_map(|key| rows[at].get(*key));
            for cell in cells.map(String::as_str).chain(whole.as_deref()) {
                let key = fold(cell);
                if key.is_empty() {
                    continue;
                }
                let same = |other: &usize| rows[*other] == rows[at];
                self.by_key
                    .entry(key)
                    .and_modify(|other| *other = other.filter(same))
                    .or_insert(Some(at));
            }
        }
    }

    /// The name of an agent that stands in two columns.
    fn whole_name(&self, row: usize) -> Option<String> {
        let (given, family) = self.roles.names?;
        let cell = |column: usize| self.rows[row].get(column).map_or("", |cell| cell.trim());
        let whole = format!("{} {}", cell(given), cell(family));
        Some(whole.trim().to_owned())
    }

    /// What the table says of the agent with this key, empty when it has no such column; the error is
    /// why there is no one agent of this key.
    pub(in crate::mapping) fn value(
        &self,
        key: &str,
        column: &str,
    ) -> Result<String, &'static str> {
        let row = match self.by_key.get(&fold(key)) {
            Some(Some(at)) => *at,
            Some(None) => return Err("several agents in the table of agents are called so"),
            None => return Err("not in the table of agents"),
        };
        let at = match column {
            "id" => self.roles.id,
            "email" => Some(self.roles.email),
            "name" if self.roles.name.is_none() => {
                return Ok(self.whole_name(row).unwrap_or_default());
            }
            "name" => self.roles.name,
            other => self.header.find(other),
        };
        let cell = at.and_then(|at| self.rows[row].get(at));
        Ok(cell.map_or_else(String::new, |cell| cell.trim().to_owned()))
    }
}

impl Roles {
    fn find(header: &Header, kind: &str) -> Result<Roles, String> {
        let id = place(header, IDS);
        let name = place(header, NAMES);
        let names = place(header, GIVEN_NAMES).zip(place(header, FAMILY_NAMES));
        let names = names.filter(|_| name.is_none());
        let email = place(header, ADDRESSES);
        let mut keys: Vec<usize> = [IDS, NAMES, ADDRESSES, LOGINS]
            .into_iter()
            .flat_map(|names| places(header, names))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        match email {
            Some(email) if keys.len() > 1 || names.is_some() => Ok(Roles {
                id,
                name,
                names,
                email,
                keys,
            }),
            email => {
                let lacking = match email {
                    None => "the e-mail addresses",
                    Some(_) => "the ids or the names of the agents",
                };
                let found = header
                    .names()
                    .iter()
                    .take(12)
                    .map(|name| format!("`{name}`"));
                Err(format!(
                    "no {kind} for {lacking} among {}. A table of agents has `email`, and `id` or \
                     `name` to find agents by",
                    found.collect::<Vec<_>>().join(", ")
                ))
            }
        }
    }
}

/// The column with the surest of these names.
fn place(header: &Header, names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| places_of(header, name).next())
}

/// All columns with one of these names.
fn places<'h>(header: &'h Header, names: &'h [&str]) -> impl Iterator<Item = usize> + 'h {
    names.iter().flat_map(|name| places_of(header, name))
}

/// Columns of this name, as the last step of a path also within the parts of an agent.
fn places_of<'h>(header: &'h Header, name: &'h str) -> impl Iterator<Item = usize> + 'h {
    let is_it = move |known: &str, within: bool| {
        let (before, last) = known.rsplit_once('.').unwrap_or(("", known));
        Header::key(last) == name
            && before.is_empty() != within
            && before
                .split('.')
                .filter(|part| !part.is_empty())
                .all(|part| PARTS.contains(&Header::key(part).as_str()))
    };
    [false, true].into_iter().flat_map(move |within| {
        let named = header.names().iter().enumerate();
        named.filter_map(move |(at, known)| is_it(known, within).then_some(at))
    })
}

/// The rows of a file, whatever it is.
struct AgentRows {
    names: Vec<String>,
    places: HashMap<String, usize>,
    agents: Vec<Vec<String>>,
    bytes: usize,
    table: Option<Header>,
}

impl AgentRows {
    fn new(table: Option<Header>) -> AgentRows {
        AgentRows {
            names: Vec::new(),
            places: HashMap::new(),
            agents: Vec::new(),
            bytes: 0,
            table,
        }
    }

    fn header(&mut self) -> Header {
        let names = std::mem::take(&mut self.names);
        self.table.take().unwrap_or_else(|| Header::new(names))
    }

    /// The error is a row that cannot be read.
    fn take(&mut self, batch: &Batch) -> Result<(), String> {
        for record in batch.iter() {
            if let Some(problem) = record.problems().find(|problem| problem.is_error()) {
                return Err(format!("line {}: {}", record.line(), problem.message));
            }
            let mut row = vec![String::new(); self.names.len()];
            if let Some(tree) = record.tree() {
                self.walk("", tree, &mut row, 0);
            } else {
                let cells = 0..record.cells().count();
                let text = |cell| record.text(&Column::Cell(cell)).unwrap_or_default();
                row = cells.map(|cell| text(cell).into_owned()).collect();
            }
            if row.iter().any(|cell| !cell.trim().is_empty()) {
                // A text takes its place in the row, its bytes, and as much again as a key.
                let cells = row.iter().map(|cell| 64 + 2 * cell.len());
                self.bytes += 48 + cells.sum::<usize>();
                if self.bytes > MOST_BYTES {
                    return Err(format!(
                        "a table of agents may take {} MiB of memory, and this one takes more",
                        MOST_BYTES >> 20
                    ));
                }
                self.agents.push(row);
            }
        }
        Ok(())
    }

    /// Puts what is no list and no object into the columns of its path.
    fn walk(&mut self, path: &str, value: &Json, row: &mut Vec<String>, depth: usize) {
        let text = match value {
            Json::Object(members) if depth < DEPTH => {
                for (name, value) in members {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    self.walk(&path, value, row, depth + 1);
                }
                return;
            }
            Json::Object(_) | Json::Array(_) | Json::Null => return,
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let at = *self.places.entry(path.to_owned()).or_insert_with(|| {
            self.names.push(path.to_owned());
            self.names.len() - 1
        });
        if row.len() <= at {
            row.resize(at + 1, String::new());
        }
        row[at] = text;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, bytes: &[u8]) -> Result<AgentTable, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        AgentTable::read(&path)
    }

    fn is_ida(table: &AgentTable, key: &str) {
        let value = |column| table.value(key, column).unwrap();
        assert_eq!(value("name"), "Åse Opdigtet", "{key}");
        assert_eq!(value("email"), "aase@example.com", "{key}");
    }

    #[test]
    fn a_table_is_read_in_the_dialects_and_encodings_of_exports() {
        let text = "id;name;email\r\n101;Åse Opdigtet;aase@example.com\r\n";
        let (latin, ..) = encoding_rs::WINDOWS_1252.encode(text);
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = format!("\u{feff}{}", text.replace(';', "\t"));
        for bytes in [
            text.as_bytes().to_vec(),
            latin.into_owned(),
            [vec![0xff, 0xfe], wide].concat(),
            marked.into_bytes(),
            text.replace(';', "|").into_bytes(),
        ] {
            let table = read("agents.csv", &bytes).unwrap();
            is_ida(&table, "101");
            is_ida(&table, "åse opdigtet");
        }
    }

    #[test]
    fn the_lists_of_the_systems_are_understood() {
        for (name, text) in [
            (
                "a.csv",
                "agent_id;customer_key;user_name;user_num;full_name;email;deleted\n101;9;aase;103;Åse Opdigtet;aase@example.com;0\n",
            ),
            (
                "b.csv",
                "User ID,First Name,Last Name,Mail\n101,Åse,Opdigtet,aase@example.com\n",
            ),
            (
                "c.json",
                r#"{"users": [{"id": 101, "name": "aase", "displayName": "Åse Opdigtet", "email": "aase@example.com"}]}"#,
            ),
            (
                "d.json",
                r#"[{"id": 7, "extensionNumber": "101", "manager": {"email": "m@example.com"}, "contact": {"firstName": "Åse", "lastName": "Opdigtet", "email": "aase@example.com"}}]"#,
            ),
            (
                "e.ndjson",
                "{\"id\": \"101\", \"email\": \"aase@example.com\", \"name\": \"Åse Opdigtet\"}\n{\"id\": \"102\", \"login\": \"bo\", \"email\": \"bo@example.com\"}\n",
            ),
        ] {
            let table = read(name, text.as_bytes()).unwrap_or_else(|why| panic!("{name}: {why}"));
            is_ida(&table, "101");
            is_ida(&table, "Åse Opdigtet");
        }
    }

    #[test]
    fn what_is_no_table_of_agents_is_refused_with_what_was_meant() {
        for (name, text, why) in [
            ("a.csv", "101,Ida Opdigtet,7\n102,Bo Fiktiv,8\n", "`email`"),
            ("b.csv", "id,name,email\n", "no agents"),
            (
                "c.csv",
                "id,name,email\n7,Ida,yes\n",
                "`email` holds no e-mail",
            ),
            ("d.csv", "email,team\na@example.com,b\n", "`id`"),
            ("e.json", r#"{"error": "unauthorized"}"#, "key"),
            (
                "f.json",
                r#"[{"id": 1, "name": "Ida", "manager": {"email": "m@example.com"}}]"#,
                "`manager.email`",
            ),
            ("g.json", r#"{"users": [{"id": 1, "na"#, ""),
        ] {
            let refused = read(name, text.as_bytes()).expect_err(name);
            assert!(refused.contains(why), "{name}: {refused}");
        }
    }

    #[test]
    fn two_agents_of_one_key_are_neither() {
        let rows = "id,extension,name,email\n118,7,Bo Fiktiv,bo@example.com\n9,118,Ida Opdigtet,ida@example.com\n";
        let table = read("agents.csv", rows.as_bytes()).unwrap();
        assert!(table.value("118", "email").unwrap_err().contains("several"));
        assert_eq!(table.value("7", "id").unwrap(), "118");
    }
}
