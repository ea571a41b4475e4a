//! Creating a conversation: what each version demands of its body.

use std::collections::HashSet;

use hyper::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::sandbox::body_check::{BodyFinding, Fields};
use crate::sandbox::options::{SandboxOptions, UnknownFields};
use crate::sandbox::response::ServerAnswer;
use crate::sandbox::route::WireVersion;
use crate::sandbox::shared::Shared;
use crate::sandbox::state::StoredConversation;
use crate::sandbox::v2_page::V2Page;

/// Answers a create call. Either the whole body is right and kept, or nothing is.
pub(in crate::sandbox) fn create(
    shared: &Shared,
    version: WireVersion,
    object: &Map<String, Value>,
    body: String,
) -> ServerAnswer {
    let checked = check(version, object, &shared.options);
    let (identity, date_time) = match checked {
        Ok(checked) => checked,
        Err(findings) => return refuse(version, &findings),
    };
    let uid = Uuid::new_v4();
    let page = page(version, &shared.options);
    let created = Timestamp::now();
    let kept = shared.state().add(StoredConversation {
        uid,
        identity: identity.into(),
        version,
        date_time,
        created,
        last_changed: created,
        audio_added: None,
        body: body.into_boxed_str(),
        lost: page
            .map(|page| page.lost(object))
            .unwrap_or_default()
            .into(),
        team: page.and_then(|page| page.team_uid(object)),
        metadata: Map::new(),
        uploads: Vec::new(),
    });
    if kept.is_err() {
        let text = "A conversation with this externalIdentity exists already";
        return ServerAnswer::text(StatusCode::CONFLICT, text);
    }
    let name = match version {
        WireVersion::V1 | WireVersion::V2 => "UID",
        WireVersion::V3 => "uid",
    };
    ServerAnswer::json(StatusCode::OK, &json!({ name: uid.to_string() }))
}

/// The field that carries the organisation's own key.
pub(in crate::sandbox) fn identity_field(version: WireVersion) -> &'static str {
    match version {
        WireVersion::V1 => "externalId",
        WireVersion::V2 | WireVersion::V3 => "externalIdentity",
    }
}

/// Version 3 answers in JSON and the older ones in text: the documentation allows both, so a
/// client must be able to show either.
fn refuse(version: WireVersion, findings: &[BodyFinding]) -> ServerAnswer {
    let texts: Vec<_> = findings.iter().map(BodyFinding::text).collect();
    match version {
        WireVersion::V1 | WireVersion::V2 => {
            ServerAnswer::text(StatusCode::BAD_REQUEST, texts.join("\n"))
        }
        WireVersion::V3 => ServerAnswer::json(
            StatusCode::BAD_REQUEST,
            &json!({ "message": "The conversation is not valid", "errors": texts }),
        ),
    }
}

/// The identity and the time of a body that is right, or all that is wrong with it.
fn check<'o>(
    version: WireVersion,
    object: &'o Map<String, Value>,
    options: &SandboxOptions,
) -> Result<(&'o str, Timestamp), Vec<BodyFinding>> {
    let unknown = options.unknown_fields;
    let mut fields = Fields::new(object);
    let read = match version {
        WireVersion::V1 => read_v1(&mut fields),
        WireVersion::V2 | WireVersion::V3 => read_current(&mut fields, version, options),
    };
    let findings = fields.finish(unknown);
    match read {
        Some(read) if findings.is_empty() => Ok(read),
        _ => Err(in_order(version, findings)),
    }
}

/// Version 3 looks at all required fields before it looks at anything else.
fn in_order(version: WireVersion, findings: Vec<BodyFinding>) -> Vec<BodyFinding> {
    let (required, others): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|finding| matches!(finding, BodyFinding::Required(_)));
    if version == WireVersion::V3 && !required.is_empty() {
        return required;
    }
    required.into_iter().chain(others).collect()
}

fn read_v1<'a>(fields: &mut Fields<'a>) -> Option<(&'a str, Timestamp)> {
    let identity = fields.required_text("externalId");
    for name in ["agentId", "agentName", "agentEmail", "phoneNumber", "title"] {
        fields.required_text(name);
    }
    let date_time = read_v1_time(fields);
    for name in ["outcome", "outcomeReason", "caseId"] {
        fields.text(name);
    }
    fields.whole("numberOfSpeakers", 1, 2);
    fields.one_of("agentAudioChannel", &["left", "right"]);
    fields.truth("hasConsent");
    read_labels(fields);
    Some((identity?, date_time?))
}

/// The time has been seen under both spellings, but never under both at once.
fn read_v1_time(fields: &mut Fields<'_>) -> Option<Timestamp> {
    let spellings = (fields.value("datetime"), fields.value("dateTime"));
    match spellings {
        (Some(_), Some(_)) => {
            fields.refuse("datetime", "and dateTime must not both be sent");
            None
        }
        (None, Some(_)) => fields.required_time("dateTime"),
        _ => fields.required_time("datetime"),
    }
}

fn read_current<'a>(
    fields: &mut Fields<'a>,
    version: WireVersion,
    options: &SandboxOptions,
) -> Option<(&'a str, Timestamp)> {
    let identity = fields.required_text("externalIdentity");
    for name in ["agentId", "agentName", "agentEmail", "customer", "subject"] {
        fields.required_text(name);
    }
    let date_time = fields.required_time("dateTime");
    fields.text("customerCompany");
    fields.text_not_blank("status");
    fields.truth("hasConsent");
    fields.one_of("audioChannels", &["Mono1Speaker", "Mono2Speaker", "Stereo"]);
    fields.whole("salesPersonAudioChannel", 1, 2);
    read_labels(fields);
    read_custom(fields);
    let unknown = options.unknown_fields;
    let page = page(version, options);
    for name in ["team", "teamName", "teamId"] {
        if is_read(fields, version, page, name) {
            fields.text(name);
        }
    }
    for name in ["cutAudio", "conversationSegments"] {
        if is_read(fields, version, page, name) {
            read_segments(fields, name, unknown);
        }
    }
    Some((identity?, date_time?))
}

/// The page that names the fields of a body, which the oldest version does not have.
fn page(version: WireVersion, options: &SandboxOptions) -> Option<V2Page> {
    match version {
        WireVersion::V1 => None,
        WireVersion::V2 => Some(options.v2_page),
        WireVersion::V3 => Some(V2Page::New),
    }
}

/// Whether a field that not all pages have is looked at. Version 2 knows the names of its other page, too, and
/// passes them over.
fn is_read(
    fields: &mut Fields<'_>,
    version: WireVersion,
    page: Option<V2Page>,
    name: &str,
) -> bool {
    let has = page.is_some_and(|page| page.has(name));
    if !has && version == WireVersion::V2 {
        fields.value(name);
    }
    has
}

fn read_labels(fields: &mut Fields<'_>) {
    let Some(labels) = fields.texts("labels") else {
        return;
    };
    let mut seen = HashSet::new();
    if !labels.iter().all(|label| seen.insert(*label)) {
        fields.refuse("labels", "must not hold a label twice");
    }
}

/// The ten texts and ten numbers that an organisation can give a meaning.
pub(in crate::sandbox) fn read_custom(fields: &mut Fields<'_>) {
    for number in 1..=10 {
        fields.text(&format!("customProp{number}"));
        fields.number(&format!("customNumberProp{number}"));
    }
}

fn read_segments(fields: &mut Fields<'_>, name: &str, unknown: UnknownFields) {
    for (index, segment) in fields.list(name).unwrap_or_default().iter().enumerate() {
        let place = format!("{name}[{index}]");
        fields.below(&place, segment, unknown, |segment| {
            for (name, least) in [("startSeconds", 0), ("durationSeconds", 1)] {
                if segment.value(name).is_none() {
                    segment.miss(name);
                }
                segment.whole(name, least, i64::MAX);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::options::SandboxOptions;
    use crate::sandbox::test_support::{Given, TOKEN, conversation, send, with, without};

    fn v1(identity: &str) -> Value {
        json!({
            "externalId": identity,
            "agentId": "17",
            "agentName": "Ada Example",
            "agentEmail": "ada@example.com",
            "phoneNumber": "+4570123456",
            "datetime": "2024-05-01T09:30:00+02:00",
            "title": "A test call",
        })
    }

    fn v3(identity: &str) -> Value {
        conversation(identity)
    }

    /// Everything that version 2 knows.
    fn full(identity: &str) -> Value {
        let mut body = conversation(identity);
        for (name, value) in [
            ("customerCompany", json!("Example Ltd")),
            ("labels", json!(["a", "b"])),
            ("status", json!("closed")),
            ("hasConsent", json!(false)),
            ("audioChannels", json!("Mono2Speaker")),
            ("salesPersonAudioChannel", json!(2)),
            ("teamId", json!("t1")),
            ("teamName", json!("Team")),
            (
                "conversationSegments",
                json!([{"startSeconds": 0, "durationSeconds": 1}]),
            ),
        ] {
            body = with(body, name, value);
        }
        for number in 1..=10 {
            body = with(body, &format!("customProp{number}"), json!("x"));
            body = with(body, &format!("customNumberProp{number}"), json!(1.5));
        }
        body
    }

    /// Each of these bodies is refused with a text that names its field, and leaves nothing.
    async fn all_are_refused(version: &str, bodies: Vec<(&str, Value)>) {
        let given = Given::sandbox().await;
        for (name, body) in bodies {
            let reply = given.create(version, &body).await;
            assert_eq!(reply.status, 400, "{name} in {body}");
            assert!(reply.text.contains(name), "{name}: {}", reply.text);
        }
        assert!(given.sandbox.snapshot().conversations.is_empty());
    }

    #[tokio::test]
    async fn every_version_answers_with_its_own_spelling_of_uid() {
        let given = Given::sandbox().await;
        for (version, body, name) in [
            ("v1", v1("a"), "UID"),
            ("v2", conversation("b"), "UID"),
            ("v3", v3("c"), "uid"),
        ] {
            let reply = given.create(version, &body).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            let answer = reply.json();
            assert_eq!(answer.as_object().map(Map::len), Some(1));
            let uid = answer[name].as_str().expect("a uid");
            assert!(Uuid::try_parse(uid).is_ok());
            let snapshot = given.sandbox.snapshot();
            let kept = snapshot.conversations.last().expect("one");
            assert_eq!((kept.uid.as_str(), kept.version.as_str()), (uid, version));
        }
    }

    #[tokio::test]
    async fn every_documented_field_is_taken_and_kept_as_it_came() {
        let given = Given::sandbox().await;
        let body = full("a");
        assert_eq!(given.create("v2", &body).await.status, 200);
        let snapshot = given.sandbox.snapshot();
        let kept = snapshot.conversation("a").expect("kept");
        assert_eq!(Value::Object(kept.fields.clone()), body);

        let body = v3("b");
        let body = with(body, "team", json!("Team"));
        let cut = json!([{"startSeconds": 3, "durationSeconds": 4}]);
        let body = with(body, "cutAudio", cut);
        assert_eq!(given.create("v3", &body).await.status, 200);

        let mut body = v1("c");
        for (name, value) in [
            ("numberOfSpeakers", json!(2)),
            ("outcome", json!("sold")),
            ("outcomeReason", json!("price")),
            ("caseId", json!("77")),
            ("agentAudioChannel", json!("left")),
            ("labels", json!(["a"])),
            ("hasConsent", json!(true)),
        ] {
            body = with(body, name, value);
        }
        assert_eq!(given.create("v1", &body).await.status, 200);
    }

    #[tokio::test]
    async fn long_numbers_arrive_digit_by_digit() {
        let given = Given::sandbox().await;
        let body = conversation("a").to_string();
        let body = body.replacen('{', "{\"customNumberProp1\":1234567890123456789.10,", 1);
        let request = given
            .request(reqwest::Method::POST, "/v2/conversation")
            .header("content-type", "application/json")
            .body(body);
        assert_eq!(send(request).await.status, 200);
        let kept = given.sandbox.snapshot().conversations.remove(0);
        let number = kept.fields["customNumberProp1"].to_string();
        assert_eq!(number, "1234567890123456789.10");
    }

    #[tokio::test]
    async fn a_required_field_must_be_there_and_not_blank() {
        for (version, whole) in [("v1", v1("a")), ("v2", conversation("a")), ("v3", v3("a"))] {
            let names: Vec<String> = whole.as_object().expect("object").keys().cloned().collect();
            let mut bodies = Vec::new();
            for name in &names {
                bodies.push((name.as_str(), without(whole.clone(), name)));
                for value in [json!(""), json!(" \t"), json!(7), Value::Null] {
                    bodies.push((name.as_str(), with(whole.clone(), name, value)));
                }
            }
            all_are_refused(version, bodies).await;
        }
    }

    #[tokio::test]
    async fn an_optional_field_must_have_its_type() {
        let mut bodies = Vec::new();
        for (name, value) in [
            ("customerCompany", json!(1)),
            ("labels", json!("a")),
            ("labels", json!(["a", null])),
            ("labels", json!(["a", 1])),
            ("labels", json!(["a", "b", "a"])),
            ("status", json!("")),
            ("status", json!("  ")),
            ("status", json!(true)),
            ("hasConsent", json!("true")),
            ("hasConsent", json!(1)),
            ("hasConsent", Value::Null),
            ("audioChannels", json!("stereo")),
            ("audioChannels", json!(1)),
            ("salesPersonAudioChannel", json!(0)),
            ("salesPersonAudioChannel", json!(3)),
            ("salesPersonAudioChannel", json!("1")),
            ("salesPersonAudioChannel", json!(1.5)),
            ("teamId", json!(3)),
            ("teamName", json!(3)),
            ("customProp1", json!(3)),
            ("customProp10", Value::Null),
            ("customNumberProp1", json!("3")),
            ("customNumberProp10", Value::Null),
            ("dateTime", json!("2024-05-01T09:30:00")),
            ("dateTime", json!("01-05-2024 09:30")),
        ] {
            bodies.push((name, with(conversation("a"), name, value)));
        }
        all_are_refused("v2", bodies).await;
    }

    #[tokio::test]
    async fn a_segment_has_a_start_and_a_length() {
        let mut bodies = Vec::new();
        for value in [
            json!({}),
            json!([1]),
            json!([{"startSeconds": 0}]),
            json!([{"durationSeconds": 1}]),
            json!([{"startSeconds": -1, "durationSeconds": 1}]),
            json!([{"startSeconds": 0, "durationSeconds": 0}]),
            json!([{"startSeconds": 0.5, "durationSeconds": 1}]),
            json!([{"startSeconds": "0", "durationSeconds": 1}]),
            json!([{"startSeconds": 0, "durationSeconds": 1, "end": 2}]),
        ] {
            let name = "conversationSegments";
            bodies.push((name, with(conversation("a"), name, value.clone())));
        }
        all_are_refused("v2", bodies).await;
        let cut = json!([{"startSeconds": 0, "durationSeconds": 0}]);
        all_are_refused("v3", vec![("cutAudio", with(v3("a"), "cutAudio", cut))]).await;
    }

    #[tokio::test]
    async fn version_2_takes_the_names_of_both_of_its_pages() {
        let given = Given::sandbox().await;
        let segments = json!([{"startSeconds": 0, "durationSeconds": 1}]);
        let mut body = conversation("a");
        for (name, value) in [
            ("teamName", json!("x")),
            ("team", json!("x")),
            ("conversationSegments", segments.clone()),
            ("cutAudio", segments),
        ] {
            body = with(body, name, value);
        }
        assert_eq!(given.create("v2", &body).await.status, 200);
    }

    #[tokio::test]
    async fn version_2_passes_over_the_names_of_the_page_that_it_does_not_keep_to() {
        let body = |identity: &str, pairs: &[(&str, Value)]| {
            let mut body = conversation(identity);
            for (name, value) in pairs {
                body = with(body, name, value.clone());
            }
            body
        };
        let cut = json!([{"startSeconds": 0, "durationSeconds": 1}]);
        for (v2_page, lost) in [
            (V2Page::Old, vec!["cutAudio"]),
            (V2Page::New, vec!["teamId", "teamName"]),
            (V2Page::Both, vec![]),
        ] {
            let given = Given::options(SandboxOptions {
                v2_page,
                ..SandboxOptions::new(TOKEN)
            })
            .await;
            let names = [
                ("teamId", json!("t")),
                ("teamName", json!("x")),
                ("cutAudio", cut.clone()),
            ];
            for identity in ["a", "b"] {
                let reply = given.create("v2", &body(identity, &names)).await;
                assert_eq!(reply.status, 200, "{}", reply.text);
            }
            let snapshot = given.sandbox.snapshot();
            assert_eq!(snapshot.conversation("a").expect("kept").lost, lost);
            let counts = lost.iter().map(|name| ((*name).to_owned(), 2));
            assert_eq!(snapshot.lost, counts.collect(), "{v2_page:?}");
            // Version 3 has one page.
            let v3 = given
                .create("v3", &body("c", &[("teamName", json!("x"))]))
                .await;
            assert_eq!(v3.status, 400, "{v2_page:?}");
        }
    }

    #[tokio::test]
    async fn only_names_of_the_page_are_looked_at() {
        for (v2_page, taken, refused) in [
            (V2Page::Old, "team", "teamName"),
            (V2Page::New, "conversationSegments", "cutAudio"),
        ] {
            let given = Given::options(SandboxOptions {
                v2_page,
                ..SandboxOptions::new(TOKEN)
            })
            .await;
            for (name, status) in [(taken, 200), (refused, 400)] {
                let body = with(conversation(name), name, json!(3));
                assert_eq!(given.create("v2", &body).await.status, status, "{name}");
            }
        }
    }

    #[tokio::test]
    async fn a_field_of_another_version_is_unknown() {
        let segments = json!([{"startSeconds": 0, "durationSeconds": 1}]);
        let v2 = |name, value| (name, with(conversation("a"), name, value));
        all_are_refused(
            "v2",
            vec![
                v2("externalId", json!("a")),
                v2("customProp11", json!("x")),
                v2("customprop1", json!("x")),
                v2("outcome", json!("x")),
            ],
        )
        .await;
        all_are_refused(
            "v3",
            vec![
                v2("teamName", json!("x")),
                v2("teamId", json!("x")),
                v2("conversationSegments", segments),
            ],
        )
        .await;
        all_are_refused(
            "v1",
            vec![
                ("subject", with(v1("a"), "subject", json!("x"))),
                ("customProp1", with(v1("a"), "customProp1", json!("x"))),
            ],
        )
        .await;
    }

    #[tokio::test]
    async fn the_old_shape_has_its_own_rules() {
        let mut bodies = Vec::new();
        for (name, value) in [
            ("numberOfSpeakers", json!(3)),
            ("numberOfSpeakers", json!("1")),
            ("agentAudioChannel", json!("both")),
            ("agentAudioChannel", json!(1)),
            ("outcome", json!(1)),
            ("labels", json!(["a", "a"])),
            ("hasConsent", json!("no")),
            ("dateTime", json!("2024-05-01T09:30:00Z")),
        ] {
            bodies.push((name, with(v1("a"), name, value)));
        }
        all_are_refused("v1", bodies).await;
        let given = Given::sandbox().await;
        let other = with(
            without(v1("b"), "datetime"),
            "dateTime",
            json!("2024-05-01T09:30:00Z"),
        );
        assert_eq!(given.create("v1", &other).await.status, 200);
    }

    #[tokio::test]
    async fn version_3_speaks_of_required_fields_first_and_version_2_of_everything() {
        let given = Given::sandbox().await;
        let bad = with(without(conversation("a"), "subject"), "status", json!(""));
        let v2 = given.create("v2", &bad).await;
        assert!(v2.text.contains("subject") && v2.text.contains("status"));
        let v3 = given.create("v3", &bad).await.json();
        assert_eq!(v3["errors"], json!(["subject is required"]));
    }

    #[tokio::test]
    async fn unknown_fields_can_be_let_through() {
        let given = Given::options(SandboxOptions {
            unknown_fields: UnknownFields::Ignore,
            ..SandboxOptions::new(TOKEN)
        })
        .await;
        let body = with(conversation("a"), "somethingNew", json!(1));
        assert_eq!(given.create("v2", &body).await.status, 200);
        let body = with(conversation("b"), "status", json!(""));
        assert_eq!(given.create("v2", &body).await.status, 400);
    }

    #[tokio::test]
    async fn an_identity_is_taken_once_in_all_versions() {
        let given = Given::sandbox().await;
        assert_eq!(given.create("v2", &conversation("a")).await.status, 200);
        assert_eq!(given.create("v2", &full("a")).await.status, 409);
        assert_eq!(given.create("v3", &v3("a")).await.status, 409);
        assert_eq!(given.create("v1", &v1("a")).await.status, 409);
        assert_eq!(given.create("v2", &conversation("A")).await.status, 200);
        let snapshot = given.sandbox.snapshot();
        assert_eq!(snapshot.conversations.len(), 2);
        let kept = snapshot.conversation("a").expect("kept");
        assert_eq!(kept.creates, 4);
        assert_eq!(Value::Object(kept.fields.clone()), conversation("a"));
    }

    #[tokio::test]
    async fn an_invalid_body_is_refused_before_its_identity_is_looked_at() {
        let given = Given::sandbox().await;
        given.created("a").await;
        let bad = with(conversation("a"), "status", json!(""));
        assert_eq!(given.create("v2", &bad).await.status, 400);
    }

    #[tokio::test]
    async fn what_is_no_json_object_is_refused() {
        let given = Given::sandbox().await;
        let twice = conversation("a")
            .to_string()
            .replacen('{', "{\"subject\":\"x\",", 1);
        for body in ["", "{", "[]", "null", "\"a\"", "{\"a\":}", twice.as_str()] {
            let request = given
                .request(reqwest::Method::POST, "/v2/conversation")
                .header("content-type", "application/json")
                .body(body.to_owned());
            assert_eq!(send(request).await.status, 400, "{body}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_not_called_json_is_refused() {
        let given = Given::sandbox().await;
        let body = conversation("a").to_string();
        for (content_type, status) in [
            ("text/plain", 415),
            ("application/json; charset=latin1", 415),
            ("application/jsonp", 415),
            ("Application/JSON;charset=UTF-8", 200),
        ] {
            let request = given
                .request(reqwest::Method::POST, "/v2/conversation")
                .header("content-type", content_type)
                .body(body.clone());
            assert_eq!(send(request).await.status, status, "{content_type}");
        }
        let untyped = given
            .request(reqwest::Method::POST, "/v2/conversation")
            .body(body);
        assert_eq!(send(untyped).await.status, 415);
    }

    #[tokio::test]
    async fn an_endless_json_body_is_too_large() {
        let given = Given::sandbox().await;
        let body = with(
            conversation("a"),
            "subject",
            Value::String("x".repeat(17 * 1024 * 1024)),
        );
        assert_eq!(given.create("v2", &body).await.status, 413);
    }
}
