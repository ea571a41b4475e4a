//! What a program that is started is told of this process: nothing but what it was given.
//!
//! The environment of this process may hold tokens, and a program that reads what others wrote
//! (`ffmpeg`) is the last that should have them.

use std::ffi::{OsStr, OsString};
use std::process::Command;

/// The variables that programs started by this one get, and no others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgramEnvironment(Vec<(OsString, OsString)>);

impl ProgramEnvironment {
    /// Variables that every program needs in order to be found and to write temporary files.
    pub const NAMES: [&str; 5] = ["PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT"];

    /// An environment of these variables.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        ProgramEnvironment(variables.into_iter().collect())
    }

    /// A command for `program` that inherits no other variable.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear();
        command.envs(self.0.iter().map(|(name, value)| (name, value)));
        command
    }
}
