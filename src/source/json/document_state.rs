//! Where in a document the reader stands.

/// Where in the text the reader stands.
#[derive(Debug, Clone)]
pub(super) enum DocumentState {
    /// At the beginning of a line, and every line is a record.
    Lines,
    /// Between documents.
    Top,
    /// In an array of records, inside these closing brackets.
    Array { open: Vec<u8>, expect: Expect },
    /// Behind the last record.
    Done,
}

/// What may come next in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// A value or the end: just after the bracket.
    First,
    /// A comma or the end.
    Comma,
    /// A value: after a comma.
    Value,
}
