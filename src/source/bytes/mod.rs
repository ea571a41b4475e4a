//! From a file to text.
//!
//! Opens, unpacks, counts and decodes. Whatever the encoding, the other rooms of `source` see UTF-8 in
//! a window that moves on ([`Feed`]), with bytes that did not decode as marks that no UTF-8 holds. A
//! cut archive is an end with a reason; an exploding one is an error.

mod codepage;
mod encoding;
mod evidence;
mod feed;
mod markup;
mod members;
mod stream;
pub(in crate::source) mod zip;

pub(in crate::source) use encoding::{Charset, Evidence, byte_order_mark, detect, unmark};
pub(in crate::source) use evidence::of_whole;
pub(in crate::source) use feed::{Feed, mark_length};
pub use stream::Progress;
pub(in crate::source) use stream::Stream;
