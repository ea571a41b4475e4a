//! The four calls about cases, and how a case is written as JSON.

use bytes::Bytes;
use reqwest::Method;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use crate::api::Error;
use crate::api::client::{Client, segment};
use crate::api::transport::{ANSWER_LIMIT, read};
use crate::domain::case::{Case, Contact, Message};

/// The body of `PUT /v1/case`: a case with these messages.
pub fn whole_case(case: &Case, messages: &[&Message]) -> Bytes {
    let messages = messages.iter().copied().map(MessageBody::from).collect();
    json(&CaseBody {
        messages: Some(messages),
        ..CaseBody::from(case)
    })
}

/// The body of `PUT /v1/case/messages`: one message, and the case's own fields anew.
pub fn case_with_message(case: &Case, message: &Message) -> Bytes {
    json(&CaseBody {
        message: Some(MessageBody::from(message)),
        ..CaseBody::from(case)
    })
}

/// The body of `POST /v1/case/messages`: one message for a case that is there.
pub fn message_only(case: &Case, message: &Message) -> Bytes {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct MessageOnly<'a> {
        case_uid: &'a str,
        message: MessageBody<'a>,
    }
    json(&MessageOnly {
        case_uid: &case.uid,
        message: message.into(),
    })
}

/// The body of `PATCH /v1/case/{externalID}`: those of the case's own fields that it can change. What the case
/// does not have goes out empty, since what is absent stays as it was.
pub fn case_fields(case: &Case) -> Bytes {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Changes<'a> {
        updated: &'a str,
        subject: &'a str,
        inbox: &'a str,
        status: &'a str,
        tags: &'a [String],
        #[serde(serialize_with = "custom_fields")]
        custom_fields: &'a [(Box<str>, String)],
    }
    json(&Changes {
        updated: &case.updated,
        subject: &case.subject,
        inbox: case.inbox.as_deref().unwrap_or_default(),
        status: case.status.as_deref().unwrap_or_default(),
        tags: &case.tags,
        custom_fields: &case.custom,
    })
}

/// Writing texts to memory cannot fail; were it to, the server refuses an empty body.
fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).unwrap_or_default().into()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CaseBody<'a> {
    case_uid: &'a str,
    source: &'a str,
    created: &'a str,
    updated: &'a str,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
    #[serde(
        skip_serializing_if = "<[_]>::is_empty",
        serialize_with = "custom_fields"
    )]
    custom_fields: &'a [(Box<str>, String)],
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<MessageBody<'a>>>,
}

impl<'a> From<&'a Case> for CaseBody<'a> {
    fn from(case: &'a Case) -> Self {
        CaseBody {
            case_uid: &case.uid,
            source: &case.source,
            created: &case.created,
            updated: &case.updated,
            subject: &case.subject,
            inbox: case.inbox.as_deref(),
            status: case.status.as_deref(),
            priority: case.priority.as_deref(),
            tags: &case.tags,
            custom_fields: &case.custom,
            message: None,
            messages: None,
        }
    }
}

fn custom_fields<S: Serializer>(
    fields: &&[(Box<str>, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct CustomField<'a> {
        name: &'a str,
        value: &'a str,
    }
    let mut list = serializer.serialize_seq(Some(fields.len()))?;
    for (name, value) in *fields {
        list.serialize_element(&CustomField { name, value })?;
    }
    list.end()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageBody<'a> {
    message_uid: &'a str,
    created: &'a str,
    direction: &'static str,
    from: ContactBody<'a>,
    to: Vec<ContactBody<'a>>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attachments: &'a [String],
}

impl<'a> From<&'a Message> for MessageBody<'a> {
    fn from(message: &'a Message) -> Self {
        MessageBody {
            message_uid: &message.uid,
            created: &message.created,
            direction: message.direction.name(),
            from: (&message.from).into(),
            to: message.to.iter().map(ContactBody::from).collect(),
            text: &message.text,
            subject: message.subject.as_deref(),
            kind: message.kind.as_deref(),
            attachments: &message.attachments,
        }
    }
}

#[derive(Serialize)]
struct ContactBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    email: &'a str,
}

impl<'a> From<&'a Contact> for ContactBody<'a> {
    fn from(contact: &'a Contact) -> Self {
        ContactBody {
            id: contact.id.as_deref(),
            name: &contact.name,
            email: &contact.email,
        }
    }
}

/// `PUT /v1/case` with a body of [`whole_case`]: overwrites what is there.
pub async fn put_case(client: &Client, body: Bytes) -> Result<(), Error> {
    send_case(client, Method::PUT, case_path(client, ""), body).await
}

/// `PUT /v1/case/messages` with a body of [`case_with_message`]. Sent twice it may add twice.
pub async fn put_message(client: &Client, body: Bytes) -> Result<(), Error> {
    let path = case_path(client, "/messages");
    send_case(client, Method::PUT, path, body).await
}

/// `POST /v1/case/messages` with a body of [`message_only`]. Sent twice it may add twice.
pub async fn append_message(client: &Client, body: Bytes) -> Result<(), Error> {
    let path = case_path(client, "/messages");
    send_case(client, Method::POST, path, body).await
}

/// `PATCH /v1/case/{externalID}` with a body of [`case_fields`].
pub async fn patch_case(client: &Client, uid: &str, body: Bytes) -> Result<(), Error> {
    let path = case_path(client, &format!("/{}", segment(uid)?));
    send_case(client, Method::PATCH, path, body).await
}

fn case_path(client: &Client, tail: &str) -> String {
    format!("{}{tail}", client.case.path())
}

/// An answer that breaks off is no success.
async fn send_case(
    client: &Client,
    method: Method,
    path: String,
    body: Bytes,
) -> Result<(), Error> {
    let mut url = client.case.clone();
    url.set_path(&path);
    let request = client.json_request(method, url, body)?;
    let exchange = async {
        let response = client.send(request).await?;
        let status = response.status().as_u16();
        let body = read(response, ANSWER_LIMIT).await?;
        // What these calls answer is not documented, so anything will do but half an answer.
        let is_json = body.trim_ascii_start().starts_with(b"{");
        if is_json && serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err() {
            return Err(Error::Unreadable { status });
        }
        Ok(())
    };
    tokio::time::timeout(client.timeout, exchange)
        .await
        .unwrap_or(Err(Error::TimedOut(client.timeout)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::case::Direction;

    fn contact(id: Option<&str>) -> Contact {
        Contact {
            id: id.map(str::to_owned),
            name: "Testine".to_owned(),
            email: "testine@example.com".to_owned(),
        }
    }

    fn case() -> Case {
        Case {
            uid: "1/1".to_owned(),
            source: "email".to_owned(),
            created: "2024-03-15T08:00:00Z".to_owned(),
            updated: "2024-03-16T08:00:00Z".to_owned(),
            updated_at: Timestamp::UNIX_EPOCH,
            subject: "Æ".to_owned(),
            inbox: None,
            status: Some("closed".to_owned()),
            priority: None,
            tags: vec!["a".to_owned()],
            custom: vec![("product".into(), "X".to_owned())],
        }
    }

    fn message() -> Message {
        Message {
            uid: "5".to_owned(),
            created: "2024-03-15T08:00:00Z".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            direction: Direction::Outbound,
            text: "a\u{2028}b".to_owned(),
            subject: None,
            kind: Some("Comment".to_owned()),
            attachments: Vec::new(),
            from: contact(Some("8001")),
            to: vec![contact(None)],
        }
    }

    const FIELDS: &str = concat!(
        r#""caseUid":"1/1","source":"email","created":"2024-03-15T08:00:00Z","#,
        r#""updated":"2024-03-16T08:00:00Z","subject":"Æ","status":"closed","tags":["a"],"#,
        r#""customFields":[{"name":"product","value":"X"}]"#
    );
    const MESSAGE: &str = concat!(
        r#"{"messageUid":"5","created":"2024-03-15T08:00:00Z","direction":"Outbound","#,
        r#""from":{"id":"8001","name":"Testine","email":"testine@example.com"},"#,
        r#""to":[{"name":"Testine","email":"testine@example.com"}],"#,
        "\"text\":\"a\u{2028}b\",\"type\":\"Comment\"}"
    );

    #[test]
    fn a_case_is_written_as_the_page_says_and_what_is_absent_is_left_out() {
        let (case, message) = (case(), message());
        assert_eq!(
            whole_case(&case, &[&message]),
            format!("{{{FIELDS},\"messages\":[{MESSAGE}]}}")
        );
        assert_eq!(
            case_with_message(&case, &message),
            format!("{{{FIELDS},\"message\":{MESSAGE}}}")
        );
        assert_eq!(
            message_only(&case, &message),
            format!("{{\"caseUid\":\"1/1\",\"message\":{MESSAGE}}}")
        );
    }

    #[test]
    fn a_change_carries_what_can_change_and_says_what_is_gone() {
        let changes = concat!(
            r#"{"updated":"2024-03-16T08:00:00Z","subject":"Æ","inbox":"","status":"closed","#,
            r#""tags":["a"],"customFields":[{"name":"product","value":"X"}]}"#
        );
        assert_eq!(case_fields(&case()), changes);
        let bare = Case {
            tags: Vec::new(),
            custom: Vec::new(),
            status: None,
            ..case()
        };
        let gone = concat!(
            r#"{"updated":"2024-03-16T08:00:00Z","subject":"Æ","inbox":"","status":"","#,
            r#""tags":[],"customFields":[]}"#
        );
        assert_eq!(case_fields(&bare), gone);
    }
}
