//! How certain it is that a recording belongs to a call.

/// How certain it is that a recording belongs to a call, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grade {
    /// It has the whole name that is asked for first; its extension may differ.
    Exact,
    /// A pattern captured in its name what the record says.
    Pattern,
    /// Anything else: a wildcard, other letters or separators, fewer folders, a further template.
    Inexact,
}

impl Grade {
    /// In lists for people and programs.
    pub const fn name(self) -> &'static str {
        match self {
            Grade::Exact => "exact",
            Grade::Pattern => "pattern",
            Grade::Inexact => "inexact",
        }
    }
}
