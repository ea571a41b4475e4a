//! The words in which a run tells what happens, from the first file that is opened to the reason why it
//! ends. Everything that happens is one [`Event`]; who reads, decides and sends emits them, and who
//! reports listens. Nothing here reads, sends or prints.

mod counts;
mod customers;
mod event;
mod extent;
mod matched;
mod outcome;
mod record_end;
mod sending_state;
mod stop;
mod totals;

pub use counts::{CallsByAgent, CallsByDay};
pub use customers::{Customers, DominantCustomer};
pub use event::Event;
pub use extent::ExportExtent;
pub use matched::{BETWEEN_RECORDINGS, Matched};
pub use outcome::{Delivered, DeliveryKind, NOT_SELECTED, Outcome, Tally, WITHDRAWN};
pub use record_end::{FurtherRow, RecordEnd};
pub use sending_state::{AnswerClass, AnswerCounts, LimitedBy, SendingState};
pub use stop::{StopReason, StopSignal};
pub use totals::{CallCount, CallFacts, ConsentCounts, DeferredFacts, Totals};
