//! Cause and cure of every code, for `explain` and for the reports.
//!
//! Facts stand in the messages of problems; advice stands here and nowhere else, so that it has one
//! voice. A text has the name of its code, and a new code does not compile until it has its texts.

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

macro_rules! texts {
    ($( $code:ident $title:literal $cause:literal $cure:literal ),+ $(,)?) => {
        $(
            #[expect(non_upper_case_globals, reason = "the name of its code")]
            pub(in crate::domain) const $code: Explanation =
                Explanation { title: $title, cause: $cause, cure: $cure };
        )+
    };
}

mod of_deliveries;
mod of_exports;
mod of_recordings;
mod of_values;

/// The texts of all codes, by their names.
pub(in crate::domain) mod texts {
    pub(in crate::domain) use super::of_deliveries::*;
    pub(in crate::domain) use super::of_exports::*;
    pub(in crate::domain) use super::of_recordings::*;
    pub(in crate::domain) use super::of_values::*;
}
