//! Cases (mail and chat tickets) and their messages.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::sandbox::body_check::{Fields, refusal};
use crate::sandbox::options::UnknownFields;
use crate::sandbox::response::ServerAnswer;
use crate::sandbox::shared::Shared;

/// How many custom fields a case may have.
const CUSTOM_FIELDS: usize = 10;

/// What the body of a call must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CaseCall {
    /// The case and one `message`.
    WithOneMessage,
    /// The case and its `messages`.
    WithAllMessages,
    /// The uid of a case and one `message`; the case's own fields are optional.
    MessageOnly,
    /// Those of the case's own fields that can change.
    Change,
}

/// `PUT /v1/case/messages`: one message more, and the case's own fields anew.
pub(in crate::sandbox) fn add_message(
    shared: &Shared,
    object: &Map<String, Value>,
) -> ServerAnswer {
    let checked = check(object, CaseCall::WithOneMessage, shared.unknown_fields());
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
pub(in crate::sandbox) fn put(shared: &Shared, object: &Map<String, Value>) -> ServerAnswer {
    let checked = check(object, CaseCall::WithAllMessages, shared.unknown_fields());
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
pub(in crate::sandbox) fn append_message(
    shared: &Shared,
    object: &Map<String, Value>,
) -> ServerAnswer {
    let checked = check(object, CaseCall::MessageOnly, shared.unknown_fields());
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
pub(in crate::sandbox) fn patch(
    shared: &Shared,
    uid: &str,
    object: &Map<String, Value>,
) -> ServerAnswer {
    if let Err(refusal) = check(object, CaseCall::Change, shared.unknown_fields()) {
        return refusal;
    }
    match shared.state().case(uid) {
        Some(case) => {
            let about_the_request = ["externalUid", "onlyUpdateCustomFields"];
            let changes = own_fields(object).into_iter();
            let changes = changes.filter(|(name, _)| !about_the_request.contains(&name.as_str()));
            for (name, value) in changes {
                // What is sent as gone is gone; what is not sent stays.
                if value == "" || value.as_array().is_some_and(Vec::is_empty) {
                    case.fields.remove(&name);
                } else {
                    case.fields.insert(name, value);
                }
            }
            if let Some(messages) = object.get("messages").and_then(Value::as_array) {
                case.messages.clone_from(messages);
            }
            done()
        }
        None => no_such_case(),
    }
}

fn done() -> ServerAnswer {
    ServerAnswer::json(StatusCode::OK, &json!({}))
}

fn no_such_case() -> ServerAnswer {
    ServerAnswer::text(StatusCode::NOT_FOUND, "There is no such case")
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
    shape: CaseCall,
    unknown: UnknownFields,
) -> Result<&str, ServerAnswer> {
    let mut fields = Fields::new(object);
    let uid = match shape {
        CaseCall::Change => fields.text_not_blank("externalUid"),
        _ => fields.required_text("caseUid"),
    };
    read_own(&mut fields, shape, unknown);
    match shape {
        CaseCall::WithOneMessage | CaseCall::MessageOnly => read_one_message(&mut fields, unknown),
        CaseCall::WithAllMessages => read_all_messages(&mut fields, unknown),
        CaseCall::Change => {
            fields.truth("onlyUpdateCustomFields");
            if object.contains_key("messages") {
                read_all_messages(&mut fields, unknown);
            }
        }
    }
    match refusal(&fields.finish(unknown)) {
        Some(refusal) => Err(refusal),
        None => Ok(uid.unwrap_or_default()),
    }
}

fn read_own(fields: &mut Fields<'_>, shape: CaseCall, unknown: UnknownFields) {
    let complete = matches!(shape, CaseCall::WithOneMessage | CaseCall::WithAllMessages);
    // A change does not have the others.
    let (texts, times): (&[_], &[_]) = match shape {
        CaseCall::Change => (&["subject"], &["updated"]),
        _ => (&["source", "subject"], &["created", "updated"]),
    };
    for name in texts {
        if complete {
            fields.required_text(name);
        } else {
            fields.text_not_blank(name);
        }
    }
    for name in times {
        if complete {
            fields.required_time(name);
        } else {
            fields.time(name);
        }
    }
    for name in ["inbox", "status"] {
        fields.text(name);
    }
    if shape != CaseCall::Change {
        fields.text("priority");
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

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::*;
    use crate::sandbox::test_support::{Given, with, without};

    fn case(uid: &str) -> Value {
        json!({
            "caseUid": uid,
            "source": "mail",
            "created": "2024-05-01T09:30:00Z",
            "updated": "2024-05-01T09:31:00Z",
            "subject": "A test case",
        })
    }

    fn message(uid: &str) -> Value {
        json!({
            "messageUid": uid,
            "created": "2024-05-01T09:30:00Z",
            "direction": "Inbound",
            "from": {"name": "Bo Example", "email": "bo@example.com"},
            "to": [{"name": "Desk", "email": "desk@example.com"}],
            "text": "Hello",
        })
    }

    fn one(uid: &str, message_uid: &str) -> Value {
        with(case(uid), "message", message(message_uid))
    }

    fn all(uid: &str, messages: &[&str]) -> Value {
        let messages: Vec<_> = messages.iter().map(|uid| message(uid)).collect();
        with(case(uid), "messages", json!(messages))
    }

    async fn call(given: &Given, line: &str, body: &Value) -> u16 {
        let (method, path) = line.split_once(' ').expect("a method");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        given.json(method, path, body).await.status
    }

    fn message_uids(given: &Given, uid: &str) -> Vec<String> {
        let snapshot = given.sandbox.snapshot();
        let case = snapshot.case(uid).expect("a case");
        let uids = case.messages.iter().map(|each| each["messageUid"].as_str());
        uids.map(|uid| uid.expect("a uid").to_owned()).collect()
    }

    #[tokio::test]
    async fn messages_gather_and_the_case_is_overwritten() {
        let given = Given::sandbox().await;
        let put = "PUT /v1/case/messages";
        let first = with(one("c", "1"), "priority", json!("high"));
        assert_eq!(call(&given, put, &first).await, 200);
        let second = with(one("c", "2"), "subject", json!("Later"));
        assert_eq!(call(&given, put, &second).await, 200);
        assert_eq!(message_uids(&given, "c"), ["1", "2"]);
        let snapshot = given.sandbox.snapshot();
        let kept = &snapshot.case("c").expect("a case").fields;
        assert_eq!(
            Value::Object(kept.clone()),
            with(case("c"), "subject", json!("Later"))
        );
    }

    #[tokio::test]
    async fn a_whole_case_replaces_what_was_there() {
        let given = Given::sandbox().await;
        let put = "PUT /v1/case";
        assert_eq!(call(&given, put, &all("c", &["1", "2"])).await, 200);
        assert_eq!(call(&given, put, &all("c", &["3"])).await, 200);
        assert_eq!(message_uids(&given, "c"), ["3"]);
    }

    #[tokio::test]
    async fn a_message_alone_needs_a_case_that_exists() {
        let given = Given::sandbox().await;
        let post = "POST /v1/case/messages";
        let body = json!({"caseUid": "c", "message": message("2")});
        assert_eq!(call(&given, post, &body).await, 404);
        call(&given, "PUT /v1/case", &all("c", &["1"])).await;
        assert_eq!(call(&given, post, &body).await, 200);
        assert_eq!(message_uids(&given, "c"), ["1", "2"]);
        let snapshot = given.sandbox.snapshot();
        let kept = &snapshot.case("c").expect("a case").fields;
        assert_eq!(Value::Object(kept.clone()), case("c"));
    }

    #[tokio::test]
    async fn a_patch_changes_what_it_names() {
        let given = Given::sandbox().await;
        let body = json!({"status": "closed"});
        let path = "PATCH /v1/case/2024%2Fc";
        assert_eq!(call(&given, path, &body).await, 404);
        call(&given, "PUT /v1/case", &all("2024/c", &["1"])).await;
        assert_eq!(call(&given, path, &body).await, 200);
        let snapshot = given.sandbox.snapshot();
        let kept = &snapshot.case("2024/c").expect("a case").fields;
        assert_eq!(
            Value::Object(kept.clone()),
            with(case("2024/c"), "status", json!("closed"))
        );
        assert_eq!(message_uids(&given, "2024/c"), ["1"]);
        let tagged = json!({"tags": ["a"], "customFields": [{"name": "n", "value": "v"}]});
        assert_eq!(call(&given, path, &tagged).await, 200);
        let gone = json!({"status": "", "tags": [], "customFields": []});
        assert_eq!(call(&given, path, &gone).await, 200);
        let snapshot = given.sandbox.snapshot();
        let kept = &snapshot.case("2024/c").expect("a case").fields;
        assert_eq!(Value::Object(kept.clone()), case("2024/c"));
        for body in [
            json!({"caseUid": "2024/c"}),
            json!({"priority": "high"}),
            json!({"source": "mail"}),
            json!({"created": "2024-05-01T09:30:00Z"}),
            json!({"messages": []}),
            json!({"subject": " "}),
            json!({"updated": "yesterday"}),
        ] {
            assert_eq!(call(&given, path, &body).await, 400, "{body}");
        }
    }

    #[tokio::test]
    async fn a_case_that_is_not_as_documented_is_refused() {
        let given = Given::sandbox().await;
        let mut bodies = Vec::new();
        for name in ["caseUid", "source", "created", "updated", "subject"] {
            bodies.push(without(one("c", "1"), name));
            bodies.push(with(one("c", "1"), name, json!(" ")));
        }
        bodies.push(without(one("c", "1"), "message"));
        let eleven: Vec<_> = (0..11)
            .map(|each| json!({"name": format!("n{each}"), "value": "x"}))
            .collect();
        for (name, value) in [
            ("created", json!("2024-05-01")),
            ("inbox", json!(1)),
            ("status", json!(false)),
            ("priority", json!(2)),
            ("tags", json!("a")),
            ("tags", json!([1])),
            ("customFields", json!(eleven)),
            ("customFields", json!([{"value": "x"}])),
            ("customFields", json!([{"name": "a b", "value": "x"}])),
            ("customFields", json!([{"name": "æ", "value": "x"}])),
            ("customFields", json!([{"name": "a", "value": 1}])),
            ("message", json!("text")),
            ("messages", json!([])),
            ("colour", json!("red")),
        ] {
            bodies.push(with(one("c", "1"), name, value));
        }
        for body in bodies {
            let status = call(&given, "PUT /v1/case/messages", &body).await;
            assert_eq!(status, 400, "{body}");
        }
        for body in [case("c"), all("c", &[]), one("c", "1")] {
            assert_eq!(call(&given, "PUT /v1/case", &body).await, 400, "{body}");
        }
        assert!(given.sandbox.snapshot().cases.is_empty());
    }

    #[tokio::test]
    async fn custom_fields_may_be_ten_and_empty() {
        let given = Given::sandbox().await;
        let ten: Vec<_> = (0..10)
            .map(|each| json!({"name": format!("n{each}"), "value": ""}))
            .collect();
        let body = with(one("c", "1"), "customFields", json!(ten));
        assert_eq!(call(&given, "PUT /v1/case/messages", &body).await, 200);
    }

    #[tokio::test]
    async fn a_message_that_is_not_as_documented_is_refused() {
        let given = Given::sandbox().await;
        let mut messages = Vec::new();
        for name in ["messageUid", "created", "direction", "from", "to", "text"] {
            messages.push(without(message("1"), name));
        }
        for (name, value) in [
            ("messageUid", json!("")),
            ("created", json!("2024-05-01 09:30")),
            ("direction", json!("inbound")),
            ("text", json!(" ")),
            ("subject", json!(1)),
            ("type", json!(1)),
            ("attachments", json!("a.pdf")),
            ("to", json!([])),
            ("to", json!({"name": "a", "email": "b"})),
            ("to", json!([{"name": "a"}])),
            ("from", json!("bo@example.com")),
            ("from", json!({"name": "Bo Example"})),
            ("from", json!({"name": "", "email": "bo@example.com"})),
            ("from", json!({"name": "a", "email": "b", "phone": "c"})),
            ("extra", json!(1)),
            // The agent of an outbound message needs an id.
            ("direction", json!("Outbound")),
        ] {
            messages.push(with(message("1"), name, value));
        }
        for message in messages {
            let body = with(case("c"), "message", message.clone());
            let status = call(&given, "PUT /v1/case/messages", &body).await;
            assert_eq!(status, 400, "{message}");
            let body = with(case("c"), "messages", json!([message]));
            assert_eq!(call(&given, "PUT /v1/case", &body).await, 400);
        }
        let from = json!({"name": "Ada Example", "email": "ada@example.com", "id": "17"});
        let outbound = with(message("1"), "direction", json!("Outbound"));
        let outbound = with(outbound, "from", from);
        let body = with(case("c"), "message", outbound);
        assert_eq!(call(&given, "PUT /v1/case/messages", &body).await, 200);
    }
}
