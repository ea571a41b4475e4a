//! Which of the files that a store lists are exports: the rules of a folder of this machine.

use std::path::Path;

use super::input::is_of_export;
use super::input_files::{
    Among, EMPTY, Expansion, FileDecision, NO_EXPORTS, NO_EXTENSION, NO_MATCH, Unread,
    is_passed_over,
};
use super::{Error, by_name};

/// A file that a store lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// What it is called in messages: its address, without secrets.
    pub name: String,
    /// Its key, by which it is read.
    pub key: String,
    /// Its size, where the list tells it.
    pub bytes: Option<u64>,
}

/// What the operator named in a store, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedPlace {
    /// A folder.
    Folder(String),
    /// A pattern that all its files match.
    Pattern(String),
}

/// What becomes of the files of a store.
#[derive(Debug, Default)]
pub struct SortedFiles {
    /// Those that are read, in the order of their names.
    pub wanted: Vec<ListedFile>,
    /// Those that are told not to be.
    pub unread: Vec<Unread>,
}

/// Takes the exports out of the files that a store lists there.
pub fn sort_listed(
    files: Vec<ListedFile>,
    place: &ListedPlace,
    treat: &dyn Fn(&Path, bool) -> FileDecision,
) -> Result<SortedFiles, Error> {
    let (name, among, none) = match place {
        ListedPlace::Folder(name) => (name, Among::Folder, NO_EXPORTS),
        ListedPlace::Pattern(name) => (name, Among::Matches(name.as_ref()), NO_MATCH),
    };
    let mut wanted = Vec::new();
    let mut rest = Expansion::default();
    let mut leave = |file: ListedFile, reason| {
        let name = file.name.into();
        rest.unread.push(Unread { name, reason });
    };
    for file in files {
        let path = Path::new(&file.name);
        if is_passed_over(path, among) {
            continue;
        }
        match treat(path, true) {
            FileDecision::PassOver => continue,
            FileDecision::Name(reason) => {
                leave(file, reason);
                continue;
            }
            FileDecision::Read => {}
        }
        match is_of_export(&file.name) {
            true if file.bytes == Some(0) => leave(file, EMPTY),
            false if matches!(among, Among::Folder) => leave(file, NO_EXTENSION),
            _ => wanted.push(file),
        }
    }
    wanted.sort_by(|one, other| by_name(&one.name, &other.name));
    rest.unread
        .sort_by(|one, other| by_name(&one.name, &other.name));
    if wanted.is_empty() {
        rest.refuse_empty()?;
        return Err(Error::NoInput {
            argument: name.clone(),
            reason: rest.of_nothing(none),
        });
    }
    Ok(SortedFiles {
        wanted,
        unread: rest.unread,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(names: &[&str], is_pattern: bool) -> Result<SortedFiles, Error> {
        let listed = |name: &&str| ListedFile {
            name: format!("s3://calls/{name}"),
            key: (*name).to_owned(),
            bytes: Some(u64::from(!name.starts_with("empty"))),
        };
        let files = names.iter().map(listed).collect();
        let place = "s3://calls/".to_owned();
        let place = if is_pattern {
            ListedPlace::Pattern(place)
        } else {
            ListedPlace::Folder(place)
        };
        sort_listed(files, &place, &|_, _| FileDecision::Read)
    }

    #[test]
    fn the_rules_are_those_of_a_folder() {
        let names = [
            "calls-10.csv",
            "calls-9.csv.gz",
            "readme.pdf",
            ".hidden.csv",
            "b.csv.part",
            "empty.csv",
        ];
        let found = sorted(&names, false).unwrap();
        let keys: Vec<&str> = found.wanted.iter().map(|file| &*file.key).collect();
        assert_eq!(keys, ["calls-9.csv.gz", "calls-10.csv"]);
        let told: Vec<&str> = found.unread.iter().map(|unread| &*unread.name).collect();
        assert_eq!(told, ["s3://calls/empty.csv", "s3://calls/readme.pdf"]);
        // A pattern asks for what it matches, whatever its extension.
        assert_eq!(sorted(&["CALLS", "a.pdf"], true).unwrap().wanted.len(), 2);
    }

    #[test]
    fn where_nothing_is_an_export_it_is_said_what_lies_there() {
        let error = sorted(&["readme.pdf"], false).unwrap_err().to_string();
        assert!(error.contains("s3://calls/readme.pdf"), "{error}");
        assert!(matches!(
            sorted(&["empty.csv"], false),
            Err(Error::Empty { .. })
        ));
        assert!(sorted(&[], true).is_err());
    }
}
