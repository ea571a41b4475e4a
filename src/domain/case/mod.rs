//! The words of a help desk and their rules: a case (a mail or chat ticket), its messages, and the
//! people who write them.
//!
//! Drafts are what a mapping made of a record; [`Case::new`] and [`Message::new`] are the only ways
//! from a draft to something that may be sent, and they report every fault at once. What cases and
//! calls share (values, problems, places) is `call`'s. Nothing here knows where a record came from
//! or how a case is written to the wire.

mod check;
mod draft;
mod field;
mod violations;

pub use check::{Case, Contact, Direction, Message};
pub use draft::{CaseDraft, MessageDraft};
pub use field::{CaseField, CasePath, ContactField, MessageField};
pub use violations::CaseViolation;
