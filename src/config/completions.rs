//! Completions for a shell: their text, and the file from which the shell reads them.

use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Error;
use super::args::Arguments;

/// The name of the program, as it is typed.
const PROGRAM: &str = "capturi-import";

/// Where the completions of a shell belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletionsFile {
    /// The file.
    pub path: PathBuf,
    /// What the user must do before the shell reads it, beside opening a new one.
    pub needs: Option<String>,
}

/// The completions for a shell.
pub fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), PROGRAM, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The file of this user that the shell reads completions from.
pub fn completions_file(shell: Shell) -> Result<CompletionsFile, Error> {
    place(shell, &folder)
}

/// A variable that names a folder, if it is set and absolute.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn folder(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    path.filter(|path| path.is_absolute())
}

fn place(shell: Shell, folder: &dyn Fn(&str) -> Option<PathBuf>) -> Result<CompletionsFile, Error> {
    let home = || folder("HOME").ok_or(Error::NoHome);
    // https://specifications.freedesktop.org/basedir-spec
    let base = |variable, usual: &str| match folder(variable) {
        Some(named) => Ok(named),
        None => home().map(|home| home.join(usual)),
    };
    let (path, needs) = match shell {
        Shell::Bash => {
            let completions = match folder("BASH_COMPLETION_USER_DIR") {
                Some(named) => named,
                None => base("XDG_DATA_HOME", ".local/share")?.join("bash-completion"),
            };
            let needs = "Bash reads it where the package bash-completion is installed.";
            let path = completions.join("completions").join(PROGRAM);
            (path, Some(needs.to_owned()))
        }
        Shell::Fish => {
            let config = base("XDG_CONFIG_HOME", ".config")?;
            (
                config.join(format!("fish/completions/{PROGRAM}.fish")),
                None,
            )
        }
        Shell::Zsh => {
            let completions = base("ZDOTDIR", "")?.join(".zfunc");
            let needs = format!(
                "Zsh reads it if .zshrc has this line before `compinit`: fpath=({} $fpath)",
                completions.display()
            );
            (completions.join(format!("_{PROGRAM}")), Some(needs))
        }
        other => {
            return Err(Error::NoCompletionsFolder {
                shell: other.to_string(),
            });
        }
    };
    Ok(CompletionsFile { path, needs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_has_its_place_below_the_home_folder() {
        let home = |variable: &str| (variable == "HOME").then(|| PathBuf::from("/home/ida"));
        for (shell, path) in [
            (
                Shell::Bash,
                "/home/ida/.local/share/bash-completion/completions/capturi-import",
            ),
            (
                Shell::Fish,
                "/home/ida/.config/fish/completions/capturi-import.fish",
            ),
            (Shell::Zsh, "/home/ida/.zfunc/_capturi-import"),
        ] {
            assert_eq!(place(shell, &home).unwrap().path, PathBuf::from(path));
        }
        let elsewhere = |_: &str| Some(PathBuf::from("/srv/x"));
        let fish = place(Shell::Fish, &elsewhere).unwrap();
        let path = "/srv/x/fish/completions/capturi-import.fish";
        assert_eq!(fish.path, PathBuf::from(path));
    }

    #[test]
    fn a_shell_without_a_folder_and_a_user_without_a_home_are_told() {
        let home = |_: &str| Some(PathBuf::from("/home/ida"));
        assert!(matches!(
            place(Shell::Elvish, &home),
            Err(Error::NoCompletionsFolder { .. })
        ));
        assert!(matches!(place(Shell::Fish, &|_| None), Err(Error::NoHome)));
    }
}
