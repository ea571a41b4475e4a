//! A value of a draft or a call, where it lies.

/// A text, where it lies.
#[derive(Debug, Clone, Copy)]
pub(super) enum TextPlace<'a> {
    /// In the record, or as long as the record is there.
    Record(&'a str),
    /// By its place among the texts that were made.
    Made(u32),
}

/// A value, where it lies. The numbers are places among what was made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entry<'a> {
    Broken,
    Text(TextPlace<'a>),
    Time(TextPlace<'a>, u32),
    Number(TextPlace<'a>),
    Bool(bool),
    /// From the first to before the second.
    Labels(u32, u32),
    /// The same.
    Segments(u32, u32),
}
