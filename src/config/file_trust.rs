//! Whether a settings file that nobody named may decide where the token goes, and about files.
//!
//! `capturi-import.toml` is read from the current folder, which may be an unpacked delivery. There it
//! may set paces and formats; what decides about programs, tokens, hosts, certificates, plain HTTP,
//! private notes and the files that are read and written counts only where nobody but the user could have
//! written it.

use std::path::Path;

/// Settings that decide where the token goes, which program is started, who reaches the sandbox, and
/// which files are read and written: all that name a file, and more.
const DECISIVE: [&str; 36] = [
    "agents",
    "allow-http",
    "allow-private",
    "allow-remote",
    "audio",
    "base-url",
    "ca-bundle",
    "faults",
    "fetch-secret-command",
    "fetch-secret-file",
    "key",
    "from",
    // Sent to, or started.
    "heartbeat",
    // Deletes reports.
    "keep",
    "ledger",
    "lookup",
    "mapping",
    "merge",
    // Who may watch.
    "metrics-addr",
    "metrics-file",
    "metrics-token-file",
    "notify",
    "only",
    "out",
    // A part alone would look like the whole.
    "shard",
    // What is private is sent, and cannot be taken back.
    "private-notes",
    "read-token-file",
    "read-url",
    "sign",
    // May name a program.
    "ssh-config",
    "store-ca-bundle",
    "to",
    "token-command",
    "token-file",
    "token-out",
    // Starts a program on recordings that may come from the same hand.
    "transcode",
];

/// Whether this setting needs a file that only the user can write.
pub(super) fn is_decisive(name: &str) -> bool {
    DECISIVE.contains(&name.replace('_', "-").as_str())
}

/// Why somebody else could have written the file, in words that go on a sentence about it; `None`
/// where nobody could.
#[cfg(unix)]
pub fn doubt(file: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;

    let real = match file.canonicalize() {
        Ok(real) => real,
        Err(error) => return Some(format!("it cannot be looked at ({error})")),
    };
    let folder = real.parent().unwrap_or(Path::new("/"));
    // A link in a folder of others may be exchanged, wherever it points.
    let beside = file.parent().filter(|folder| *folder != Path::new(""));
    let beside = beside.unwrap_or(Path::new("."));
    let user = rustix::process::geteuid().as_raw();
    [
        (real.as_path(), "it"),
        (folder, "its folder"),
        (beside, "its folder"),
    ]
    .into_iter()
    .find_map(|(path, name)| match path.metadata() {
        Err(error) => Some(format!("{name} cannot be looked at ({error})")),
        Ok(found) if found.uid() != user && found.uid() != 0 => {
            Some(format!("{name} belongs to another user"))
        }
        Ok(found) if found.mode() & 0o022 != 0 => Some(format!("other users can write to {name}")),
        Ok(_) => None,
    })
}

/// Why somebody else could have written the file; here nobody can tell.
#[cfg(not(unix))]
pub fn doubt(_file: &Path) -> Option<String> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_a_file_and_a_folder_that_nobody_else_can_write_are_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("capturi-import.toml");
        fs::write(&file, "").unwrap();
        for (file_mode, folder_mode, why) in [
            (0o600, 0o700, None),
            (0o644, 0o755, None),
            (0o664, 0o700, Some("write to it")),
            (0o602, 0o700, Some("write to it")),
            (0o600, 0o775, Some("its folder")),
            (0o600, 0o1777, Some("its folder")),
        ] {
            fs::set_permissions(&file, Permissions::from_mode(file_mode)).unwrap();
            fs::set_permissions(folder.path(), Permissions::from_mode(folder_mode)).unwrap();
            let found = doubt(&file);
            match why {
                None => assert_eq!(found, None, "{file_mode:o} {folder_mode:o}"),
                Some(why) => assert!(
                    found.unwrap().contains(why),
                    "{file_mode:o} {folder_mode:o}"
                ),
            }
        }
    }

    #[test]
    fn a_link_is_judged_by_where_it_stands_and_where_it_points() {
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        let real = folder.path().join("real.toml");
        fs::write(&real, "").unwrap();
        let link = open.join("capturi-import.toml");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(doubt(&link).is_some());
        assert!(doubt(&folder.path().join("nothing")).is_some());
    }

    #[test]
    fn every_setting_that_names_a_file_is_decisive() {
        fn look(command: &clap::Command, found: &mut usize) {
            for arg in command.get_arguments() {
                let kind = arg.get_value_parser().type_id();
                let is_file = kind == std::any::TypeId::of::<std::path::PathBuf>()
                    || kind == std::any::TypeId::of::<(String, std::path::PathBuf)>();
                let name = arg.get_long().filter(|name| *name != "config");
                if let Some(name) = name.filter(|_| is_file) {
                    *found += 1;
                    assert!(is_decisive(name), "{name}");
                }
            }
            command.get_subcommands().for_each(|sub| look(sub, found));
        }
        let mut found = 0;
        look(
            &<crate::config::Arguments as clap::CommandFactory>::command(),
            &mut found,
        );
        assert!(found > 10, "{found}");
    }

    #[test]
    fn what_decides_where_the_token_goes_is_decisive_however_it_is_written() {
        assert!(is_decisive("base-url") && is_decisive("token_command"));
        assert!(is_decisive("transcode") && is_decisive("private_notes"));
        assert!(!is_decisive("rate"));
    }
}
