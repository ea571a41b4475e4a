//! The cells of a row by their position.

/// The cells of a row, by their position.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'b> {
    pub(super) text: &'b str,
    /// Where the first cell begins.
    pub(super) start: usize,
    /// Where each of them ends.
    pub(super) ends: &'b [u32],
    /// The words of the export for nothing.
    pub(super) nulls: &'b [String],
}

impl<'b> Cells<'b> {
    /// The cell at `index`; `None` where the row has none.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'b str> {
        let end = *self.ends.get(index)? as usize;
        let start = match index.checked_sub(1) {
            None => self.start,
            Some(before) => self.ends[before] as usize + 1,
        };
        self.text.get(start..end)
    }
    /// What the cell at `index` says; `None` for nothing, and for a word that stands for nothing.
    #[inline]
    pub fn said(&self, index: usize) -> Option<&'b str> {
        let text = self.get(index)?;
        let says_nothing = text.is_empty() || self.nulls.iter().any(|null| null == text);
        (!says_nothing).then_some(text)
    }
}
