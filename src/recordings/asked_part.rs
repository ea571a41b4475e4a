//! The parts of a name that a mapping asks for.

/// A part of a name that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedPart<'a> {
    /// Text of the mapping.
    Text(&'a str),
    /// What the record says.
    Value(&'a str),
    /// Any text.
    Wildcard,
}

/// A name as people read it, with `*` for any text.
pub(super) fn shown(name: &[AskedPart<'_>]) -> String {
    let parts = name.iter().map(|part| match part {
        AskedPart::Text(text) | AskedPart::Value(text) => *text,
        AskedPart::Wildcard => "*",
    });
    parts.collect()
}
