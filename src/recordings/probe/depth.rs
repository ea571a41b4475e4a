//! How far a recording is read.

/// How much of a recording is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Its header and what it points at.
    Header,
    /// All of it where the header does not tell its length.
    Length,
}
