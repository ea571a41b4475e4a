//! Cases (mail and chat tickets) and their messages.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::check::{Fields, Finding};
use super::server::UnknownFields;
use super::service::Shared;

/// How many custom fields a case may have.
const CUSTOM_FIELDS: usize = 10;

/// What the body of a call must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// The case and one `message`.
    WithOneMessage,
    /// The case and its `messages`.
    WithAllMessages,
    /// The uid of a case and one `message`; the case's own fields are optional.
    MessageOnly,
    /// Those of the case's own fields that change.
    Change,
}

/// `PUT /v1/case/messages`: one message more, and the case's own fields anew.
pub(super) fn add_message(shared: &Shared, object: &Map<String, Value>) -> Answer {
    let checked = check(object, Shape::WithOneMessage, shared.unknown_fields());
    let uid = match checked {
        Ok(uid) => uid,
        Err(refusal) => return refusal,
    };
    let mut state = shared.state();
    let case = state.case_or_new(uid);
    case.fields = own_fields(object);
    case.messages.extend(object.get("message").cloned());
    done()
}

/// `PUT /v1/case`: the case with all its messages, in place of what was there.
pub(super) fn put(shared: &Shared, object: &Map<String, Value>) -> Answer {
    let checked = check(object, Shape::WithAllMessages, shared.unknown_fields());
    let uid = match checked {
        Ok(uid) => uid,
        Err(refusal) => return refusal,
    };
    let messages = object.get("messages").and_then(Value::as_array);
    let mut state = shared.state();
    let case = state.case_or_new(uid);
    case.fields = own_fields(object);
    case.messages = messages.cloned().unwrap_or_default();
    done()
}

/// `POST /v1/case/messages`: one message more for a case that exists.
pub(super) fn append_message(shared: &Shared, object: &Map<String, Value>) -> Answer {
    let checked = check(object, Shape::MessageOnly, shared.unknown_fields());
    let uid = match checked {
        Ok(uid) => uid,
        Err(refusal) => return refusal,
    };
    match shared.state().case(uid) {
        Some(case) => {
            case.messages.extend(object.get("message").cloned());
            done()
        }
        None => no_such_case(),
    }
}

/// `PATCH /v1/case/{externalID}`: the fields that are present, and no others.
pub(super) fn patch(shared: &Shared, uid: &str, object: &Map<String, Value>) -> Answer {
    if let Err(refusal) = check(object, Shape::Change, shared.unknown_fields()) {
        return refusal;
    }
    let named = object.get("caseUid");
    if named.is_some_and(|named| named.as_str() != Some(uid)) {
        let text = "caseUid must be the case of the address";
        return Answer::text(StatusCode::BAD_REQUEST, text);
    }
    match shared.state().case(uid) {
        Some(case) => {
            case.fields.extend(own_fields(object));
            done()
        }
        None => no_such_case(),
    }
}

fn done() -> Answer {
    Answer::json(StatusCode::OK, &json!({}))
}

fn no_such_case() -> Answer {
    Answer::text(StatusCode::NOT_FOUND, "There is no such case")
}

/// The case without what is a message or belongs to one.
fn own_fields(object: &Map<String, Value>) -> Map<String, Value> {
    let own = object
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "message" | "messages"));
    own.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The uid of the case in a body that is right (empty in a change that does not repeat it), or
/// the refusal.
fn check(
    object: &Map<String, Value>,
    shape: Shape,
    unknown: UnknownFields,
) -> Result<&str, Answer> {
    let mut fields = Fields::new(object);
    let uid = match shape {
        Shape::Change => fields.text_not_blank("caseUid"),
        _ => fields.required_text("caseUid"),
    };
    read_own(&mut fields, shape, unknown);
    match shape {
        Shape::WithOneMessage | Shape::MessageOnly => read_one_message(&mut fields, unknown),
        Shape::WithAllMessages => read_all_messages(&mut fields, unknown),
        Shape::Change => {}
    }
    let findings = fields.finish(unknown);
    if findings.is_empty() {
        return Ok(uid.unwrap_or_default());
    }
    let texts: Vec<_> = findings.iter().map(Finding::text).collect();
    Err(Answer::text(StatusCode::BAD_REQUEST, texts.join("\n")))
}

fn read_own(fields: &mut Fields<'_>, shape: Shape, unknown: UnknownFields) {
    let complete = matches!(shape, Shape::WithOneMessage | Shape::WithAllMessages);
    for name in ["source", "subject"] {
        if complete {
            fields.required_text(name);
        } else {
            fields.text_not_blank(name);
        }
    }
    for name in ["created", "updated"] {
        if complete {
            fields.required_time(name);
        } else {
            fields.time(name);
        }
    }
    for name in ["inbox", "status", "priority"] {
        fields.text(name);
    }
    fields.texts("tags");
    read_custom_fields(fields, unknown);
}

fn read_custom_fields(fields: &mut Fields<'_>, unknown: UnknownFields) {
    let items = fields.list("customFields").unwrap_or_default();
    if items.len() > CUSTOM_FIELDS {
        let why = format!("must not hold more than {CUSTOM_FIELDS}");
        fields.refuse("customFields", &why);
    }
    for (index, item) in items.iter().enumerate() {
        let place = format!("customFields[{index}]");
        fields.below(&place, item, unknown, |field| {
            let name = field.required_text("name").unwrap_or("x");
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                field.refuse("name", "must hold letters a to z and digits only");
            }
            // Empty values are documented as ignored, so they are no mistake.
            field.text("value");
        });
    }
}

fn read_one_message(fields: &mut Fields<'_>, unknown: UnknownFields) {
    match fields.value("message") {
        Some(message) => read_message(fields, "message", message, unknown),
        None => fields.miss("message"),
    }
}

fn read_all_messages(fields: &mut Fields<'_>, unknown: UnknownFields) {
    if fields.value("messages").is_none() {
        fields.miss("messages");
    }
    let Some(messages) = fields.list("messages") else {
        return;
    };
    if messages.is_empty() {
        fields.refuse("messages", "must hold at least one message");
    }
    for (index, message) in messages.iter().enumerate() {
        read_message(fields, &format!("messages[{index}]"), message, unknown);
    }
}

fn read_message<'a>(
    fields: &mut Fields<'a>,
    place: &str,
    message: &'a Value,
    unknown: UnknownFields,
) {
    fields.below(place, message, unknown, |message| {
        message.required_text("messageUid");
        message.required_time("created");
        message.required_text("text");
        message.text("subject");
        message.text("type");
        message.list("attachments");
        if message.value("direction").is_none() {
            message.miss("direction");
        }
        let direction = message.one_of("direction", &["Inbound", "Outbound"]);
        read_sender(message, direction == Some("Outbound"), unknown);
        read_recipients(message, unknown);
    });
}

/// The sender of an outbound message is an agent and must say which one.
fn read_sender(message: &mut Fields<'_>, is_agent: bool, unknown: UnknownFields) {
    let Some(from) = message.value("from") else {
        message.miss("from");
        return;
    };
    message.below("from", from, unknown, |contact| {
        read_contact(contact);
        if is_agent {
            contact.required_text("id");
        }
    });
}

fn read_recipients(message: &mut Fields<'_>, unknown: UnknownFields) {
    if message.value("to").is_none() {
        message.miss("to");
    }
    let Some(contacts) = message.list("to") else {
        return;
    };
    if contacts.is_empty() {
        message.refuse("to", "must hold at least one contact");
    }
    for (index, contact) in contacts.iter().enumerate() {
        message.below(&format!("to[{index}]"), contact, unknown, read_contact);
    }
}

fn read_contact(contact: &mut Fields<'_>) {
    contact.required_text("name");
    contact.required_text("email");
    contact.text("id");
}
