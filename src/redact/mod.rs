//! What must not be told: the one place that takes tokens and people out of words of others.
//!
//! Two jobs are done here. A [`Redactor`] knows word for word what a request said, and takes it out of
//! the answer, whichever way a server writes it. [`mask`] knows nothing of the request: it takes out what
//! looks like an address, a number or an id, so that the ledger may keep the message. The first works
//! where an answer comes in, the second where one is written down.

mod encodings;
mod mask;
mod needle;
mod redactor;
mod view;

pub use mask::mask;
pub use redactor::Redactor;
