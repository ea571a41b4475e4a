//! A draft for tests.

use super::draft::Draft;
use super::field::Field;
use crate::domain::Value;

/// A draft with every required field in order, and no other.
pub(crate) fn draft() -> Draft<'static> {
    let mut draft = Draft::new();
    for (field, text) in [
        (Field::ExternalIdentity, "call-1"),
        (Field::AgentId, "7"),
        (Field::AgentName, "Testine Prøvesen"),
        (Field::AgentEmail, "testine@example.com"),
        (Field::Customer, "+4512345678"),
        (Field::DateTime, "2024-03-15T09:12:03+01:00"),
        (Field::Subject, "Faktura"),
    ] {
        draft.set(field, Value::Text(text.into()));
    }
    draft
}
