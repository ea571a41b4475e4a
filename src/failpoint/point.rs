//! The places that a test can choose.

/// A place that the program comes by, over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A step of making or opening a ledger has been taken.
    LedgerOpens,
    /// A group of facts is about to be written.
    CommitBegins,
    /// It is on the disk, and nobody has been told.
    CommitEnds,
    /// The log is about to be folded into the ledger, or has been.
    LedgerCloses,
    /// The intent is durable, and the request is about to leave.
    RequestLeaves,
    /// A piece of a recording has been handed to the connection.
    BodyLeaves,
    /// The server has answered, and the answer has not been read.
    AnswerArrives,
    /// The answer is known, and nothing has been done about it.
    AnswerIsRead,
    /// A fact is about to be handed to the ledger.
    FactIsDue,
}
