//! Which page of version 2 a sandbox keeps to, as it is typed.

use crate::sandbox::V2Page;

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

impl From<V2PageArg> for V2Page {
    fn from(page: V2PageArg) -> V2Page {
        match page {
            V2PageArg::Old => V2Page::Old,
            V2PageArg::New => V2Page::New,
            V2PageArg::Both => V2Page::Both,
        }
    }
}
