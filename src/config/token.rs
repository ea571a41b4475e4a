//! Where the token comes from: the environment or a file, never a flag's value, which every user
//! of the machine could read in the process list.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::small_file::{self, LONGEST_TOKEN};
use super::token_command;

/// The variable that holds the token.
pub(super) const VARIABLE: &str = "CAPTURI_API_TOKEN";

/// The variable that holds the token of the read API, where it is another one.
pub(super) const READ_VARIABLE: &str = "CAPTURI_READ_TOKEN";

/// The variable that holds the secret of a source of recordings.
pub(super) const FETCH_VARIABLE: &str = "CAPTURI_FETCH_SECRET";

/// The variable that holds the token of a sandbox.
pub(super) const SANDBOX_VARIABLE: &str = "CAPTURI_SANDBOX_TOKEN";

/// The variable that holds the token of those who watch a run.
pub(super) const METRICS_VARIABLE: &str = "CAPTURI_METRICS_TOKEN";

/// The variable that holds what messages about a run are signed with.
pub(super) const NOTIFY_VARIABLE: &str = "CAPTURI_NOTIFY_SECRET";

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Neither the variable nor a file was given.
    #[error("no token: set {VARIABLE}, or use --token-file or --token-command")]
    Missing,
    /// The program that was to write it did not.
    #[error("no token from --token-command: {0}")]
    Command(String),
    /// The file cannot be read.
    #[error("the token file {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is open to others.
    #[error("the token file {} can be read by other users (mode {mode:03o}); chmod 600 makes it private", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// There is nothing in it.
    #[error("the token from {origin} is empty")]
    Empty {
        /// The file or the variable.
        origin: String,
    },
}

/// Reads the token. A file that was named wins over a program, and that over the variable.
pub(super) fn read(file: Option<&Path>, command: Option<&str>) -> Result<SecretString, TokenError> {
    match (file, command) {
        (None, Some(command)) => {
            let line = token_command::run(command).map_err(TokenError::Command)?;
            token(&line, "--token-command").map(Some)
        }
        _ => find(file, VARIABLE),
    }?
    .ok_or(TokenError::Missing)
}

/// Where a token that was read is, and who may read it there.
pub(super) fn place(file: Option<&Path>, command: Option<&str>) -> String {
    match (file, command) {
        (Some(file), _) => format!("{}, readable by its owner only", file.display()),
        (None, Some(_)) => "written by the program of --token-command".to_owned(),
        (None, None) => {
            format!("in {VARIABLE}, readable by every program that this user starts there")
        }
    }
}

/// Reads the secret of a source of recordings; `None` where none is given.
pub(super) fn read_for_fetching(
    file: Option<&Path>,
    command: Option<&str>,
) -> Result<Option<SecretString>, TokenError> {
    match (file, command) {
        (None, Some(command)) => {
            let line = token_command::run(command).map_err(TokenError::Command)?;
            token(&line, "--fetch-secret-command").map(Some)
        }
        _ => find(file, FETCH_VARIABLE),
    }
}

/// Reads the token of the read API; `None` when it has none of its own.
pub(super) fn read_for_reading(file: Option<&Path>) -> Result<Option<SecretString>, TokenError> {
    find(file, READ_VARIABLE)
}

/// Reads the token of those who watch a run; `None` when there is none.
pub(super) fn read_for_metrics(file: Option<&Path>) -> Result<Option<SecretString>, TokenError> {
    find(file, METRICS_VARIABLE)
}

/// Reads what messages about a run are signed with; `None` when they are not.
pub(super) fn read_for_notifying() -> Result<Option<SecretString>, TokenError> {
    find(None, NOTIFY_VARIABLE)
}

/// Reads the token of a sandbox; `None` when it is to make one.
pub(super) fn read_for_sandbox() -> Result<Option<SecretString>, TokenError> {
    find(None, SANDBOX_VARIABLE)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn find(file: Option<&Path>, variable: &str) -> Result<Option<SecretString>, TokenError> {
    let (text, origin) = match file {
        Some(path) => (read_file(path)?, path.display().to_string()),
        None => match std::env::var(variable) {
            Ok(text) => (text, variable.to_owned()),
            Err(_) => return Ok(None),
        },
    };
    token(&text, &origin).map(Some)
}

/// Whether a variable holds the token.
pub(super) fn is_in_variable() -> bool {
    is_set(VARIABLE)
}

/// Whether a variable holds the token of a sandbox.
pub(super) fn is_in_sandbox_variable() -> bool {
    is_set(SANDBOX_VARIABLE)
}

/// Whether a variable holds the token of the read API.
pub(super) fn is_in_read_variable() -> bool {
    is_set(READ_VARIABLE)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

fn token(text: &str, origin: &str) -> Result<SecretString, TokenError> {
    let token = text.trim();
    if token.is_empty() {
        let origin = origin.to_owned();
        return Err(TokenError::Empty { origin });
    }
    Ok(SecretString::from(token))
}

fn read_file(path: &Path) -> Result<String, TokenError> {
    let unreadable = |source| TokenError::Unreadable {
        path: path.to_owned(),
        source,
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path)
            .map_err(unreadable)?
            .permissions()
            .mode()
            & 0o777;
        if mode & 0o077 != 0 && !is_credential(path, mode, credentials_folder().as_deref()) {
            return Err(TokenError::Exposed {
                path: path.to_owned(),
                mode,
            });
        }
    }
    small_file::read_text(path, LONGEST_TOKEN).map_err(unreadable)
}

/// Where systemd puts the credentials of a service.
#[cfg(unix)]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn credentials_folder() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

/// Whether the file is one that systemd hands to this service alone. It is root's, and an access list lets
/// the service's user read it, which shows as a bit of the group.
#[cfg(unix)]
fn is_credential(path: &Path, mode: u32, folder: Option<&Path>) -> bool {
    let below = || {
        let folder = folder?.canonicalize().ok()?;
        Some(path.canonicalize().ok()?.starts_with(folder))
    };
    mode | 0o740 == 0o740 && below().unwrap_or(false)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "abc\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            read(Some(&path), None),
            Err(TokenError::Exposed { mode: 0o644, .. })
        ));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(Some(&path), None).unwrap().expose_secret(), "abc");
        std::fs::write(&path, " \n").unwrap();
        assert!(matches!(
            read(Some(&path), None),
            Err(TokenError::Empty { .. })
        ));
        assert!(matches!(
            read(Some(Path::new("/no/such")), None),
            Err(TokenError::Unreadable { .. })
        ));
    }

    #[test]
    fn only_below_the_folder_of_credentials_may_a_group_read_it() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = folder.path().join("token");
        std::fs::write(&path, "abc").unwrap();
        assert!(is_credential(&path, 0o440, Some(folder.path())));
        assert!(!is_credential(&path, 0o444, Some(folder.path())));
        assert!(!is_credential(&path, 0o460, Some(folder.path())));
        assert!(!is_credential(&path, 0o440, Some(other.path())));
        assert!(!is_credential(&path, 0o440, None));
        let outside = folder.path().join("../token");
        assert!(!is_credential(&outside, 0o440, Some(folder.path())));
    }

    #[test]
    fn a_program_may_write_it() {
        let token = read(None, Some("printf 'abc\\n'")).unwrap();
        assert_eq!(token.expose_secret(), "abc");
        let empty = read(None, Some("printf ''"));
        assert!(matches!(empty, Err(TokenError::Empty { .. })));
        let failed = read(None, Some("false"));
        assert!(matches!(failed, Err(TokenError::Command(_))));
    }
}
