//! From a file to text.
//!
//! Opens, unpacks, counts and decodes. Whatever the encoding, the other folders of `source` see UTF-8 in
//! a window that moves on ([`TextBuffer`]), with bytes that did not decode as marks that no UTF-8 holds. A
//! cut archive is an end with a reason; an exploding one is an error.

mod codepage;
mod encoding;
mod gzip_members;
mod stream;
mod text_buffer;
mod undecodable;
mod whole_file;
mod xml_lexer;
mod xml_limits;
pub(in crate::source) mod zip_limits;

pub(in crate::source) use encoding::{Charset, EncodingEvidence, byte_order_mark, detect, unmark};
pub use stream::BytesRead;
pub(in crate::source) use stream::InputStream;
pub(in crate::source) use text_buffer::{TextBuffer, mark_length};
pub(in crate::source) use undecodable::{lossy, undecodable_message};
pub(in crate::source) use whole_file::of_whole;
