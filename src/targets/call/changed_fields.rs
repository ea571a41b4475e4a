//! Which fields of a record are no longer what the server has of its call, by the hashes that the ledger
//! keeps of them.

use super::target::CallTarget;
use crate::api;
use crate::domain::call::{Call, Field};
use crate::ledger::{Error, LedgerReader};

/// The fields that changed since the call was sent, in wire order; `None` where the ledger does not know what
/// was sent.
pub(in crate::targets) fn changed_fields(
    reader: &LedgerReader,
    target: &CallTarget,
    call: &Call<'_>,
) -> Result<Option<Vec<Field>>, Error> {
    let sent = reader.sent_fields(&[call.identity()])?;
    let Some(sent) = sent.into_iter().flatten().next() else {
        return Ok(None);
    };
    let key = reader.content_key()?;
    let is_sent = |field: Field| api::has_field(field, target.version);
    let mut changed = sent.fields_that_differ(&key.sent_fields(call, is_sent));
    // What is settled from the recording was not said by the record.
    changed.retain(|field| *field != Field::AudioChannels);
    Ok(Some(changed))
}
