//! The recordings beside an export, as far as a proposal looks at them.

use std::fmt;

/// The recordings below a folder.
pub struct ListedRecordings<'r> {
    /// Their names, as paths from the folder.
    pub names: &'r [String],
    /// How many seconds one of them lasts, if its header says so.
    pub seconds: &'r dyn Fn(&str) -> Option<f64>,
}

impl fmt::Debug for ListedRecordings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names.len();
        f.debug_struct("ListedRecordings")
            .field("names", &names)
            .finish_non_exhaustive()
    }
}
