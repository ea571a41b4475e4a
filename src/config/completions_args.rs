//! The arguments of `completions`.

use clap::Args;
use clap_complete::Shell;

use super::Error;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell; with --install, that of this session if omitted.
    #[arg(value_enum, required_unless_present = "install")]
    pub shell: Option<Shell>,
    /// Write them to the file that the shell reads, and print its name.
    #[arg(long)]
    pub install: bool,
}

impl CompletionsArgs {
    /// The shell that was named, else that of this session.
    pub fn shell(&self) -> Result<Shell, Error> {
        self.shell.or_else(Shell::from_env).ok_or(Error::NoShell)
    }
}
