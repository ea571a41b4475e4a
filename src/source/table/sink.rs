//! What takes the cells of a row while it is scanned.

/// Takes the cells of a row as they are found.
pub(in crate::source) trait Sink {
    /// The next bytes of the current cell.
    fn piece(&mut self, bytes: &[u8]);
    /// What the file says of the current cell, with its quotes and the blanks before its end.
    #[inline]
    fn written(&mut self, _cell: &[u8]) {}
    /// The current cell is complete.
    fn end_cell(&mut self);
}

/// Counts cells and keeps nothing.
#[derive(Debug, Default)]
pub(in crate::source) struct Count(pub(in crate::source) usize);

impl Sink for Count {
    fn piece(&mut self, _: &[u8]) {}
    fn end_cell(&mut self) {
        self.0 += 1;
    }
}
