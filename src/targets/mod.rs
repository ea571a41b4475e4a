//! One folder for each thing that can be imported: what becomes of its records, and which requests it
//! takes. A further target is a folder here that implements `pipeline::ImportTarget` and
//! `delivery::Deliver`.

mod call;
mod case;
mod content_hash;

pub use call::{
    CallDelivery, CallDeliveryOptions, CallJob, CallOrigins, CallTarget, InspectionOptions,
    OddFormats, ReadBackOptions, RecordingPresence, RecordingUpload, StatedLength, Step,
    is_another_call, next_step,
};
pub use case::{
    CaseAtServer, CaseDelivery, CaseDeliveryOptions, CaseJob, CaseRow, CaseSpread, CaseTarget,
};
