//! What must not be told: the one place that takes tokens and people out of words of others.
//!
//! Two jobs are done here. A [`Redactor`] knows word for word what a request said, and takes it out of
//! the answer, whichever way a server writes it. [`mask`] knows nothing of the request: it takes out what
//! looks like an address, a number or an id, so that the ledger may keep the message. The first works
//! where an answer comes in, the second where one is written down.

mod budget;
mod encodings;
mod mask;
mod misread;
mod needle;
mod phone;
mod redactor;
mod spelled;
mod spelling;
mod view;
mod vocabulary;
mod words;

pub use mask::mask;
pub use redactor::Redactor;

/// At most so many bytes of a text, up to the end of a letter.
pub fn beginning(text: &str, most: usize) -> &str {
    let mut ends = (0..=most.min(text.len())).rev();
    let end = ends.find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_ends_with_a_letter() {
        for (most, expected) in [(0, ""), (1, "a"), (2, "a"), (3, "aæ"), (9, "aæ")] {
            assert_eq!(beginning("aæ", most), expected);
        }
    }
}
