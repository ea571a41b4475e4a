//! Cause and cure of every code, for `explain` and for the reports.

use super::Code;

/// What a code means and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// One sentence without the value: what the program saw.
    pub title: &'static str,
    /// How such records come about.
    pub cause: &'static str,
    /// What to do: in the export, in the mapping, or by a flag.
    pub cure: &'static str,
}

/// The explanation of `code`.
pub fn explain(code: Code) -> Explanation {
    let _ = code;
    Explanation {
        title: "",
        cause: "",
        cure: "",
    }
}
