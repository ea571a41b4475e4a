//! Which page of version 2 a sandbox keeps to, as it is typed.

/// Which page of version 2 a sandbox keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum V2PageArg {
    /// `teamId`, `teamName`, `conversationSegments`.
    Old,
    /// `team`, `cutAudio`.
    New,
    /// The names of both.
    #[default]
    Both,
}
