//! Bytes that are no text in the encoding of their file.

use super::encoding::unmark;

/// `bytes` with one U+FFFD for each run that is no text.
pub(in crate::source) fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let marked = chunk.valid().is_empty() && text.ends_with(char::REPLACEMENT_CHARACTER);
        if !chunk.invalid().is_empty() && !marked {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

/// Which byte of `bytes` does not decode; `at` bytes before it do.
pub(in crate::source) fn undecodable_message(bytes: &[u8], at: usize) -> String {
    let byte = unmark(&bytes[at..]).unwrap_or(bytes[at]);
    let character = String::from_utf8_lossy(&bytes[..at]).chars().count() + 1;
    format!("the byte 0x{byte:02X} at character {character} is no text in the file's encoding")
}
