//! A call in the ledger.

pub(super) mod apply;
pub(super) mod audio_rows;
pub(super) mod cache;
pub(super) mod checkpoint;
pub(super) mod content_key;
pub(super) mod content_rows;
pub(super) mod evidence_rows;
pub(super) mod fact;
pub(super) mod origin_rows;
pub(super) mod progress;
pub(super) mod record_origin;
pub(super) mod rows;
pub(super) mod sent_content;
pub(super) mod sent_fields;
pub(super) mod state;
pub(super) mod status;
pub(super) mod summary;
