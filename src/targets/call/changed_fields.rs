//! Which fields of a record are no longer what the server has of its call, by the hashes that the ledger
//! keeps of them.

use super::target::CallTarget;
use crate::api;
use crate::domain::call::{Call, Field};
use crate::ledger::{Error, LedgerReader, SentFields};

/// What the server has of a call, and which fields of its record are another by now.
pub(in crate::targets) struct ChangedFields {
    /// What the server has.
    pub(in crate::targets) sent: SentFields,
    /// What it would have once these fields were changed.
    pub(in crate::targets) now: SentFields,
    /// In wire order.
    pub(in crate::targets) fields: Vec<Field>,
}

/// The fields that changed since the call was sent; `None` where the ledger does not know what was sent.
pub(in crate::targets) fn changed_fields(
    reader: &LedgerReader,
    target: &CallTarget,
    call: &Call<'_>,
) -> Result<Option<ChangedFields>, Error> {
    let sent = reader.sent_fields(&[call.identity()])?;
    let Some(sent) = sent.into_iter().flatten().next() else {
        return Ok(None);
    };
    let key = reader.content_key()?;
    let is_sent = |field: Field| api::has_field(field, target.version);
    let record = key.sent_fields(call, is_sent);
    let mut fields = sent.fields_that_differ(&record);
    // What is settled from the recording was not said by the record.
    fields.retain(|field| *field != Field::AudioChannels);
    let now = sent.with_changed(&record, &fields);
    Ok(Some(ChangedFields { sent, now, fields }))
}
