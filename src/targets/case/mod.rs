//! The cases of a help desk: from records to what is to be sent, and from there to the destination.

mod assemble;
mod cut_row;
mod deliver;
mod delivery;
mod facts;
mod import;
mod job;
mod plan;
mod progress;
mod proposal;
mod read_message;
mod requests;
mod scoped_record;
mod target;
mod worker;

pub use deliver::CaseDelivery;
pub use delivery::CaseDeliveryOptions;
pub use job::{CaseAtServer, CaseJob, CaseRow, CaseSpread};
pub use target::CaseTarget;
