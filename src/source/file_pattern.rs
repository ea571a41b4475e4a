//! The files that a pattern such as `exports/*/calls-?.csv` means. Names that are no text match by
//! what can be read of them: a file may be called anything.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

use glob::Pattern;

use super::Error;

/// Folders below one another that `**` goes into.
const DEEPEST: usize = 64;

/// Why a pattern could not be followed.
#[derive(Debug)]
pub(super) enum PatternFailure {
    /// It is none.
    Pattern,
    /// A folder on the way cannot be listed.
    Folder(io::Error),
}

impl PatternFailure {
    /// The failure as one of this argument.
    pub(super) fn into_error(self, argument: &OsStr) -> Error {
        let argument = argument.to_string_lossy().into_owned();
        match self {
            PatternFailure::Pattern => Error::NoInput {
                argument,
                reason: "not a valid pattern".to_owned(),
            },
            PatternFailure::Folder(source) => Error::io(&argument, source),
        }
    }
}

/// What is there and matches, folders included. `**` stands for any number of folders; a name that begins
/// with a dot must be asked for with its dot.
pub(super) fn matching(pattern: &Path) -> Result<Vec<PathBuf>, PatternFailure> {
    let mut reached = vec![PathBuf::new()];
    for step in pattern.components() {
        let mut next = Vec::new();
        for base in &reached {
            follow(base, step, &mut next)?;
        }
        reached = next;
    }
    reached.retain(|path| std::fs::symlink_metadata(path).is_ok());
    Ok(reached)
}

fn follow(base: &Path, step: Component<'_>, next: &mut Vec<PathBuf>) -> Result<(), PatternFailure> {
    let Component::Normal(name) = step else {
        next.push(base.join(step));
        return Ok(());
    };
    let text = name.to_string_lossy();
    if text == "**" {
        return below(base, DEEPEST, next);
    }
    if !text.contains(['*', '?', '[']) {
        next.push(base.join(name));
        return Ok(());
    }
    let wanted = Pattern::new(&text).map_err(|_| PatternFailure::Pattern)?;
    for name in names(base)? {
        let text = name.to_string_lossy();
        let is_asked_for = !text.starts_with('.') || wanted.as_str().starts_with('.');
        if is_asked_for && wanted.matches(&text) {
            next.push(base.join(&name));
        }
    }
    Ok(())
}

/// The folder and all folders below it, without hidden ones and without following links.
fn below(base: &Path, depth: usize, next: &mut Vec<PathBuf>) -> Result<(), PatternFailure> {
    next.push(base.to_owned());
    if depth == 0 {
        return Ok(());
    }
    for name in names(base)? {
        let path = base.join(&name);
        let is_folder = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        if is_folder && !name.to_string_lossy().starts_with('.') {
            below(&path, depth - 1, next)?;
        }
    }
    Ok(())
}

/// The names in a folder, in order; none where there is no such folder.
fn names(folder: &Path) -> Result<Vec<std::ffi::OsString>, PatternFailure> {
    let here = Path::new(".");
    let folder = if folder.as_os_str().is_empty() {
        here
    } else {
        folder
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(PatternFailure::Folder(error)),
    };
    let names: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
    let mut names = names.map_err(PatternFailure::Folder)?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(home: &Path, pattern: &str) -> Vec<String> {
        let paths = matching(&home.join(pattern)).unwrap();
        paths
            .iter()
            .map(|path| {
                path.strip_prefix(home)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    }

    #[test]
    fn a_pattern_means_what_it_means_in_a_shell() {
        let home = tempfile::tempdir().unwrap();
        for name in [
            "a/1.csv",
            "a/2.csv",
            "b/1.csv",
            "b/c/3.csv",
            ".d/4.csv",
            "b/.5.csv",
        ] {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        for (pattern, paths) in [
            ("*/1.csv", vec!["a/1.csv", "b/1.csv"]),
            ("a/[2-9].csv", vec!["a/2.csv"]),
            ("?/*.csv", vec!["a/1.csv", "a/2.csv", "b/1.csv"]),
            (
                "**/*.csv",
                vec!["a/1.csv", "a/2.csv", "b/1.csv", "b/c/3.csv"],
            ),
            ("b/.*", vec!["b/.5.csv"]),
            ("*/none.csv", vec![]),
            ("a/1.csv/*", vec![]),
        ] {
            assert_eq!(found(home.path(), pattern), paths, "{pattern}");
        }
        assert!(matching(Path::new("[")).is_err());
    }

    #[cfg(unix)]
    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_name_of_a_file_and_no_pattern_ends_the_program(
            name in prop::collection::vec(1_u8..=255, 1..12),
            pattern in prop::collection::vec(prop_oneof![Just(b'*'), Just(b'?'), Just(b'['), 1_u8..=255], 1..12),
        ) {
            use std::os::unix::ffi::OsStrExt as _;
            let home = tempfile::tempdir().unwrap();
            let name: Vec<u8> = name.into_iter().filter(|byte| *byte != b'/').collect();
            let path = home.path().join(OsStr::from_bytes(&name));
            let is_there = std::fs::write(&path, "x").is_ok();
            let _ = matching(&home.path().join(OsStr::from_bytes(&pattern)));
            let all = matching(&home.path().join("*")).unwrap();
            if is_there && !name.starts_with(b".") {
                prop_assert_eq!(all, vec![path]);
            }
        }
    }
}
