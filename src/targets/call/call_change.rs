//! A change of a call that is in place.

use super::changed_fields::ChangedFields;
use crate::api::CustomProperties;
use crate::domain::call::{Call, Field};
use crate::domain::{ChangedRecord, Policy};
use crate::ledger::{CallState, CreateState, SentFields};

/// What changes of a call that is in place.
#[derive(Debug, Clone)]
pub struct CallChange {
    /// The conversation.
    pub uid: String,
    /// The custom properties that are no longer what was sent.
    pub fields: Vec<Field>,
    /// What the server has.
    pub sent: SentFields,
    /// What it is to have.
    pub now: SentFields,
    /// The fingerprint of what the server has; of no record while an earlier change is in doubt.
    pub fingerprint: u128,
}

impl CallChange {
    /// The change that can be sent: of a conversation that we made, and of which nothing but custom
    /// properties is another than it was.
    pub(in crate::targets) fn of(
        known: &CallState,
        changed: &ChangedFields,
        policy: Policy,
    ) -> Option<CallChange> {
        let CreateState::Done {
            uid: Some(uid),
            is_adopted: false,
        } = &known.create
        else {
            return None;
        };
        let ChangedFields { sent, now, fields } = changed;
        let is_custom = |field: &Field| field.is_custom();
        let is_wanted = policy.changed == ChangedRecord::Send;
        (is_wanted && !fields.is_empty() && fields.iter().all(is_custom)).then(|| CallChange {
            uid: uid.clone(),
            fields: fields.clone(),
            sent: sent.clone(),
            now: now.clone(),
            fingerprint: known.fingerprint,
        })
    }

    /// The properties as they are to be: text, number, or null for one that is gone.
    pub(in crate::targets) fn properties(&self, call: &Call<'_>) -> CustomProperties {
        let values = self.fields.iter().map(|field| (*field, call.get(*field)));
        CustomProperties::new(values)
    }
}
