//! Which recording belongs to a call.
//!
//! A look-up goes from certain to less certain and stops at the first step that finds anything, so
//! that a better match always wins and two equal ones are reported instead of chosen from. It reads
//! nothing but the index: no file is opened and no path is made of what an export says.

mod find;
pub(super) mod grade;
mod query;
mod result;
mod steps;
#[cfg(test)]
mod tests;

pub use find::find;
pub use result::{FoundBy, Owned, RecordingSearch, SearchResult, SearchStep, Unusable};
