//! A conversation as the reading API tells it.

use serde_json::{Map, Value, json};

use crate::sandbox::route::WireVersion;
use crate::sandbox::state::StoredConversation;

/// A conversation as the reading API tells it. Recordings are neither decoded nor recognised here:
/// the duration stays 0, and one that has arrived counts as processed; of somebody who refused, it is
/// deleted after that.
pub(super) fn picture(conversation: &StoredConversation) -> Value {
    let fields = conversation.fields();
    let field = |name: &str| fields.get(name).cloned().unwrap_or(Value::Null);
    let (subject, customer) = match conversation.version {
        WireVersion::V1 => ("title", "phoneNumber"),
        WireVersion::V2 | WireVersion::V3 => ("subject", "customer"),
    };
    let is_processed = conversation.audio_added.is_some();
    let has_consent = fields.get("hasConsent").and_then(Value::as_bool);
    let has_consent = has_consent.unwrap_or(true);
    json!({
        "uid": conversation.uid.to_string(),
        "externalIdentity": conversation.identity,
        "state": if is_processed { "Success" } else { "Created" },
        "dateTime": conversation.date_time.to_string(),
        "lastChanged": conversation.last_changed.to_string(),
        "duration": 0,
        "hasAudio": is_processed && has_consent,
        "hasConsent": has_consent,
        "deleted": false,
        "source": "api",
        "teamUid": conversation.team.map(|uid| uid.to_string()),
        "userUid": null,
        "details": {"speakerCount": null},
        "metrics": metrics(conversation),
        "subject": field(subject),
        "customer": field(customer),
        "labels": fields.get("labels").cloned().unwrap_or_else(|| json!([])),
        "status": field("status"),
        "metadata": metadata(conversation, &fields),
    })
}

/// When what was there. A recording is processed as soon as it has come.
fn metrics(conversation: &StoredConversation) -> Value {
    let created = conversation.created.to_string();
    let heard = conversation.audio_added.map(|at| at.to_string());
    json!({
        "created": created,
        "dataAdded": created,
        "metadataAdded": created,
        "audioAdded": heard,
        "processingDone": heard,
    })
}

/// The custom properties as they were created, under the later ones.
fn metadata(conversation: &StoredConversation, fields: &Map<String, Value>) -> Map<String, Value> {
    let mut metadata = Map::new();
    for (name, value) in fields {
        let name = match (conversation.version, name.as_str()) {
            (WireVersion::V1, "outcome") => "customProp1",
            (WireVersion::V1, "outcomeReason") => "customProp2",
            (WireVersion::V1, "caseId") => "customProp3",
            (_, name) if name.starts_with("customProp") || name.starts_with("customNumberProp") => {
                name
            }
            _ => continue,
        };
        metadata.insert(name.to_owned(), value.clone());
    }
    metadata.extend(conversation.metadata.clone());
    metadata
}
