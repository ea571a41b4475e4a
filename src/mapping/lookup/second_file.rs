//! Files that a mapping names beside itself: tables of `[lookup]`, and that of agents.
//!
//! A mapping may come from somebody else. It reads what lies in its own folder and below, and nothing
//! that a link leads out of it: the rest of the machine is the operator's to name.

use std::path::{Path, PathBuf};

/// A file that is read beside the exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) struct SecondFile {
    /// As it is told.
    pub(in crate::mapping) name: PathBuf,
    /// Where it is opened.
    pub(in crate::mapping) path: PathBuf,
}

impl SecondFile {
    /// The file that the operator named, wherever it lies.
    pub(in crate::mapping) fn of_operator(path: &Path) -> SecondFile {
        SecondFile {
            name: path.to_owned(),
            path: path.to_owned(),
        }
    }

    /// The file that a mapping in `dir` names; `flag` names it from elsewhere. The error says why it
    /// cannot be read.
    pub(in crate::mapping) fn of_mapping(
        file: &str,
        dir: Option<&Path>,
        flag: &str,
    ) -> Result<SecondFile, String> {
        let dir = dir.filter(|dir| *dir != Path::new(""));
        let folder = dir.unwrap_or(Path::new("."));
        let name = dir.map_or_else(|| PathBuf::from(file), |dir| dir.join(file));
        let real = |path: &Path| path.canonicalize().map_err(|error| error.to_string());
        let (path, folder) = (real(&name)?, real(folder)?);
        if path.starts_with(&folder) {
            Ok(SecondFile { name, path })
        } else {
            Err(format!(
                "the file is outside the folder of the mapping; name it with {flag}"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_reads_below_its_own_folder_only() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("mapping");
        std::fs::create_dir_all(folder.join("tables")).unwrap();
        for file in ["secret", "mapping/a.csv", "mapping/tables/b.csv"] {
            std::fs::write(root.path().join(file), "id").unwrap();
        }
        let find = |file: &str| SecondFile::of_mapping(file, Some(&folder), "--lookup");
        for inside in ["a.csv", "tables/b.csv", "tables/../a.csv"] {
            assert_eq!(find(inside).unwrap().name, folder.join(inside), "{inside}");
        }
        let secret = root.path().join("secret");
        for outside in ["../secret", "..", "/etc/passwd", secret.to_str().unwrap()] {
            let why = find(outside).unwrap_err();
            assert!(why.contains("--lookup"), "{outside}: {why}");
        }
        assert!(find("nowhere.csv").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed_and_one_inside_is() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("mapping");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(root.path().join("secret"), "id").unwrap();
        std::fs::write(folder.join("a.csv"), "id").unwrap();
        symlink(root.path().join("secret"), folder.join("out.csv")).unwrap();
        symlink(root.path(), folder.join("up")).unwrap();
        symlink("a.csv", folder.join("in.csv")).unwrap();
        let find = |file: &str| SecondFile::of_mapping(file, Some(&folder), "--lookup");
        assert!(find("out.csv").is_err() && find("up/secret").is_err());
        assert_eq!(
            find("in.csv").unwrap().path,
            folder.join("a.csv").canonicalize().unwrap()
        );
    }
}
