//! Taking a recording: a form with one file, which is hashed while it passes and never kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::{Stream, stream};
use hyper::StatusCode;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use hyper::http::request::Parts;
use multer::{Constraints, Field, Multipart, SizeLimit};
use sha2::{Digest, Sha256};

use crate::sandbox::dropped::{BodyError, Dropped};
use crate::sandbox::options::UnknownFields;
use crate::sandbox::request::Payload;
use crate::sandbox::response::ServerAnswer;
use crate::sandbox::shared::Shared;
use crate::sandbox::snapshot::ReceivedUpload;
use crate::sandbox::state::ServerState;

/// The text parts of the form and what they may say.
const TEXT_PARTS: [(&str, &[&str]); 3] = [
    ("spokenLanguage", &["da-DK", "en-US"]),
    ("stereoConfig", &["AgentChannelOne", "AgentChannelTwo"]),
    ("monoConfig", &["AgentOnly", "CustomerOnly", "TwoSpeakers"]),
];

/// A text part is one word; this is generous and keeps the rest out of memory.
const TEXT_LIMIT: u64 = 1024;

/// What a form may take beyond its file: boundaries, headers and text parts.
const FORM_MARGIN: u64 = 64 * 1024;

/// What may be read of a form without finding its parts. A client that sends another boundary
/// than it announced would otherwise have all of its recording searched again for each piece.
const READ_AHEAD: u64 = 4 * 1024 * 1024;

/// How the path names the conversation.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) enum UploadAddress<'a> {
    Uid(&'a str),
    Identity(&'a str),
}

impl UploadAddress<'_> {
    fn find(self, state: &ServerState) -> Option<usize> {
        match self {
            Self::Uid(uid) => state.by_uid_text(uid),
            Self::Identity(identity) => state.by_identity(identity),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Uid(_) => "uid",
            Self::Identity(_) => "external",
        }
    }
}

/// Answers an upload. The recording counts only when the whole form has arrived and is right.
pub(in crate::sandbox) async fn upload(
    shared: &Shared,
    parts: &Parts,
    target: UploadAddress<'_>,
    mut payload: Payload,
) -> Result<ServerAnswer, Dropped> {
    let known = target.find(&shared.state()).is_some();
    let read = match before_reading(parts, known) {
        Ok(boundary) => read_form(shared, &mut payload, boundary).await,
        Err(refusal) => Err(NotTaken::Refused(refusal)),
    };
    let refusal = match read {
        Ok(upload) => return Ok(keep(shared, target, upload)),
        Err(NotTaken::Refused(refusal)) => refusal,
        Err(NotTaken::Dropped(dropped)) => return Err(dropped),
    };
    let drained = payload.drain(shared.drain_limit()).await?;
    Ok(drained.closing(refusal))
}

/// Why a form was not taken.
enum NotTaken {
    Refused(ServerAnswer),
    Dropped(Dropped),
}

impl NotTaken {
    fn invalid(why: impl Into<String>) -> Self {
        Self::Refused(ServerAnswer::text(StatusCode::BAD_REQUEST, why))
    }
}

fn unknown_conversation() -> ServerAnswer {
    ServerAnswer::text(StatusCode::NOT_FOUND, "There is no such conversation")
}

/// What can be refused by the headers alone; otherwise the form's boundary.
fn before_reading(parts: &Parts, known: bool) -> Result<String, ServerAnswer> {
    if !known {
        return Err(unknown_conversation());
    }
    let content_type = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    multer::parse_boundary(content_type.unwrap_or_default()).map_err(|_| {
        ServerAnswer::text(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The content type must be multipart/form-data with a boundary",
        )
    })
}

fn too_large(most: u64) -> ServerAnswer {
    let text = format!("A recording has at most {most} bytes");
    ServerAnswer::text(StatusCode::PAYLOAD_TOO_LARGE, text)
}

/// The file of a form, once it has passed.
struct File {
    sha256: String,
    bytes: u64,
    filename: String,
    content_type: String,
}

async fn read_form(
    shared: &Shared,
    payload: &mut Payload,
    boundary: String,
) -> Result<ReceivedUpload, NotTaken> {
    let form = MultipartForm {
        most: shared.options.max_audio,
        taken: AtomicU64::new(0),
    };
    let bytes = bytes_of(payload, &form.taken);
    let limits = SizeLimit::new().whole_stream(form.most.saturating_add(FORM_MARGIN));
    let limits = Constraints::new().size_limit(limits);
    let mut parts = Multipart::with_constraints(bytes, boundary, limits);
    let mut file = None;
    let mut texts = BTreeMap::new();
    while let Some(mut part) = parts
        .next_field()
        .await
        .map_err(|error| form.broken(error))?
    {
        let name = part_name(&part)?;
        if name == "data" {
            if file.is_some() {
                return Err(NotTaken::invalid("There must be one part data only"));
            }
            file = Some(read_file(&mut part, &form).await?);
            continue;
        }
        let text = read_text(&mut part, &name, &form, shared.unknown_fields()).await?;
        if texts.insert(name.clone(), text).is_some() {
            return Err(NotTaken::invalid(format!("The part {name} is there twice")));
        }
    }
    let file = file.ok_or_else(|| NotTaken::invalid("The part data is required"))?;
    Ok(ReceivedUpload {
        sha256: file.sha256,
        bytes: file.bytes,
        filename: file.filename,
        content_type: file.content_type,
        addressed_by: String::new(),
        parts: texts,
    })
}

/// Why the bytes of a form end early.
#[derive(Debug, thiserror::Error)]
enum UnreadBody {
    #[error(transparent)]
    Broken(BodyError),
    #[error("its parts cannot be told apart")]
    Lost,
}

/// The bytes of a form, as long as its parts are found in them.
fn bytes_of<'a>(
    payload: &'a mut Payload,
    taken: &'a AtomicU64,
) -> impl Stream<Item = Result<Bytes, UnreadBody>> + Send + 'a {
    stream::unfold((payload, 0_u64), move |(payload, read)| async move {
        let next = payload.next().await?;
        let read = read + next.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let ahead = read.saturating_sub(taken.load(Ordering::Relaxed));
        let next = match next {
            Ok(_) if ahead > READ_AHEAD => Err(UnreadBody::Lost),
            next => next.map_err(UnreadBody::Broken),
        };
        Some((next, (payload, read)))
    })
}

/// A form under way.
struct MultipartForm {
    /// The largest recording, in bytes.
    most: u64,
    /// How much of the body was found to be the content of parts.
    taken: AtomicU64,
}

impl MultipartForm {
    async fn next_piece(&self, part: &mut Field<'_>) -> Result<Option<Bytes>, NotTaken> {
        let piece = part.chunk().await.map_err(|error| self.broken(error))?;
        let length = piece.as_ref().map_or(0, |piece| piece.len() as u64);
        self.taken.fetch_add(length, Ordering::Relaxed);
        Ok(piece)
    }

    /// What a failure to read means: the client is gone, the form too large or malformed.
    fn broken(&self, error: multer::Error) -> NotTaken {
        let error = match error {
            multer::Error::StreamSizeExceeded { .. } => {
                return NotTaken::Refused(too_large(self.most));
            }
            multer::Error::StreamReadFailed(cause) => match cause.downcast::<UnreadBody>() {
                Ok(cause) => match *cause {
                    UnreadBody::Broken(cause) => {
                        return NotTaken::Dropped(Dropped::Unreadable(cause));
                    }
                    UnreadBody::Lost => UnreadBody::Lost.to_string(),
                },
                Err(cause) => cause.to_string(),
            },
            error => error.to_string(),
        };
        NotTaken::invalid(format!("The form cannot be read: {error}"))
    }
}

/// The name of a part that is `form-data` with a name.
fn part_name(part: &Field<'_>) -> Result<String, NotTaken> {
    let disposition = part
        .headers()
        .get(CONTENT_DISPOSITION)
        .map(|value| value.as_bytes().to_ascii_lowercase())
        .unwrap_or_default();
    if disposition.split(|byte| *byte == b';').next() != Some(b"form-data") {
        return Err(NotTaken::invalid(
            "Every part needs the disposition form-data",
        ));
    }
    match part.name() {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        _ => Err(NotTaken::invalid("Every part needs a name")),
    }
}

async fn read_file(part: &mut Field<'_>, form: &MultipartForm) -> Result<File, NotTaken> {
    let filename = part.file_name().unwrap_or_default().to_owned();
    if filename.trim().is_empty() {
        return Err(NotTaken::invalid("The part data needs a file name"));
    }
    let Some(content_type) = part.content_type().map(ToString::to_string) else {
        return Err(NotTaken::invalid("The part data needs a content type"));
    };
    let mut hash = Sha256::new();
    let mut bytes = 0_u64;
    while let Some(piece) = form.next_piece(part).await? {
        bytes += piece.len() as u64;
        if bytes > form.most {
            return Err(NotTaken::Refused(too_large(form.most)));
        }
        hash.update(&piece);
    }
    if bytes == 0 {
        return Err(NotTaken::invalid("The part data is empty"));
    }
    Ok(File {
        sha256: hexadecimal(&hash.finalize()),
        bytes,
        filename,
        content_type,
    })
}

async fn read_text(
    part: &mut Field<'_>,
    name: &str,
    form: &MultipartForm,
    unknown: UnknownFields,
) -> Result<String, NotTaken> {
    let choices = TEXT_PARTS.iter().find(|(known, _)| *known == name);
    if choices.is_none() && unknown == UnknownFields::Refuse {
        let text = format!("{name} is not a part of this form");
        return Err(NotTaken::invalid(text));
    }
    if part.file_name().is_some() {
        let text = format!("The part {name} must be a text and not a file");
        return Err(NotTaken::invalid(text));
    }
    let mut bytes = Vec::new();
    while let Some(piece) = form.next_piece(part).await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > TEXT_LIMIT {
            return Err(NotTaken::invalid(format!("The part {name} is too long")));
        }
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| NotTaken::invalid(format!("The part {name} is not UTF-8")))?;
    match choices {
        Some((_, choices)) if !choices.contains(&text.as_str()) => {
            let text = format!("The part {name} must be one of {}", choices.join(", "));
            Err(NotTaken::invalid(text))
        }
        _ => Ok(text),
    }
}

/// The conversation may have been forgotten by a reset while its recording was under way.
fn keep(shared: &Shared, target: UploadAddress<'_>, upload: ReceivedUpload) -> ServerAnswer {
    let mut state = shared.state();
    let found = target.find(&state);
    let Some(conversation) = found.and_then(|index| state.conversations.get_mut(index)) else {
        return unknown_conversation();
    };
    let now = jiff::Timestamp::now();
    conversation.last_changed = now;
    conversation.audio_added.get_or_insert(now);
    conversation.uploads.push(ReceivedUpload {
        addressed_by: target.name().to_owned(),
        ..upload
    });
    ServerAnswer::done()
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]));
    digits.collect()
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use reqwest::multipart::{Form, Part};

    use super::*;
    use crate::sandbox::options::SandboxOptions;
    use crate::sandbox::test_support::{Given, TOKEN, conversation, file, form, send};

    /// The hash of the three bytes `abc`, from the standard.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn uploads(given: &Given, identity: &str) -> Vec<ReceivedUpload> {
        let snapshot = given.sandbox.snapshot();
        let found = snapshot.conversation(identity).expect("created");
        found.uploads.clone()
    }

    #[tokio::test]
    async fn a_recording_is_kept_as_its_hash_and_what_was_said_about_it() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        let form = form(b"abc")
            .text("spokenLanguage", "da-DK")
            .text("stereoConfig", "AgentChannelTwo")
            .text("monoConfig", "TwoSpeakers");
        let reply = given.upload(&uid, form).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let parts = [
            ("spokenLanguage", "da-DK"),
            ("stereoConfig", "AgentChannelTwo"),
            ("monoConfig", "TwoSpeakers"),
        ];
        let parts = parts.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            uploads(&given, "a"),
            [ReceivedUpload {
                sha256: ABC.to_owned(),
                bytes: 3,
                filename: "call.wav".to_owned(),
                content_type: "audio/wav".to_owned(),
                addressed_by: "uid".to_owned(),
                parts: BTreeMap::from(parts),
            }]
        );
    }

    #[tokio::test]
    async fn an_identity_with_a_slash_is_found_by_its_encoded_form() {
        let given = Given::sandbox().await;
        given.created("2024/05 æ+%").await;
        let key = "external/2024%2F05%20%C3%A6+%25";
        let reply = given.upload(key, form(b"abc")).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(uploads(&given, "2024/05 æ+%")[0].addressed_by, "external");
    }

    #[tokio::test]
    async fn a_second_upload_is_taken_and_counted() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        assert_eq!(given.upload(&uid, form(b"abc")).await.status, 200);
        assert_eq!(given.upload("external/a", form(b"abcd")).await.status, 200);
        let sizes: Vec<_> = uploads(&given, "a").iter().map(|each| each.bytes).collect();
        assert_eq!(sizes, [3, 4]);
    }

    #[tokio::test]
    async fn an_unknown_conversation_has_no_recordings() {
        let given = Given::sandbox().await;
        given.created("a").await;
        for key in [
            "00000000-0000-4000-8000-000000000000",
            "a",
            "external",
            "external/b",
            "external/A",
        ] {
            let reply = given.upload(key, form(b"abc")).await;
            assert_eq!(reply.status, 404, "{key}");
        }
        assert!(uploads(&given, "a").is_empty());
    }

    #[tokio::test]
    async fn a_form_that_is_not_as_documented_is_refused() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        let bare = |name: &'static str| Part::bytes(b"abc".as_slice()).file_name(name);
        let forms = vec![
            ("no file", Form::new()),
            ("another name", Form::new().part("file", file(b"abc"))),
            ("two files", form(b"abc").part("data", file(b"abc"))),
            ("a text as file", Form::new().text("data", "abc")),
            ("no type", Form::new().part("data", bare("call.wav"))),
            ("blank file name", {
                let part = bare(" ").mime_str("audio/wav").expect("a type");
                Form::new().part("data", part)
            }),
            ("empty file", form(b"")),
            ("unknown part", form(b"abc").text("language", "da-DK")),
            ("a part twice", {
                form(b"abc")
                    .text("monoConfig", "AgentOnly")
                    .text("monoConfig", "AgentOnly")
            }),
            ("language", form(b"abc").text("spokenLanguage", "da")),
            ("stereo", form(b"abc").text("stereoConfig", "Left")),
            ("mono", form(b"abc").text("monoConfig", "agentOnly")),
            ("blank text", form(b"abc").text("monoConfig", "")),
            ("endless text", {
                form(b"abc").text("monoConfig", "x".repeat(2000))
            }),
            ("a file as text", {
                let part = Part::text("AgentOnly").file_name("mono.txt");
                form(b"abc").part("monoConfig", part)
            }),
        ];
        for (name, form) in forms {
            let reply = given.upload(&uid, form).await;
            assert_eq!(reply.status, 400, "{name}: {}", reply.text);
        }
        assert!(uploads(&given, "a").is_empty());
    }

    #[tokio::test]
    async fn unknown_parts_can_be_let_through_as_long_as_they_are_short() {
        let given = Given::options(SandboxOptions {
            unknown_fields: UnknownFields::Ignore,
            ..SandboxOptions::new(TOKEN)
        })
        .await;
        let uid = given.created("a").await;
        let reply = given.upload(&uid, form(b"abc").text("language", "da"));
        assert_eq!(reply.await.status, 200);
        assert_eq!(uploads(&given, "a")[0].parts["language"], "da");
        let long = form(b"abc").text("language", "x".repeat(2000));
        assert_eq!(given.upload(&uid, long).await.status, 400);
    }

    #[tokio::test]
    async fn a_body_that_is_no_form_is_refused() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        let path = format!("/v1/audio/{uid}");
        for content_type in [
            "audio/wav",
            "multipart/form-data",
            "multipart/mixed; boundary=x",
        ] {
            let request = given
                .request(Method::POST, &path)
                .header("content-type", content_type)
                .body("abc");
            assert_eq!(send(request).await.status, 415, "{content_type}");
        }
    }

    #[tokio::test]
    async fn a_form_that_ends_too_early_or_is_malformed_is_refused() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        let path = format!("/v1/audio/{uid}");
        let head = "--x\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.wav\"\r\n\
                    Content-Type: audio/wav\r\n\r\nabc";
        for body in [
            String::new(),
            "--x".to_owned(),
            head.to_owned(),
            format!("{head}\r\n--x"),
            format!("{head}\r\n--y--\r\n"),
            format!("{head}\r\n--x--\r\n").replace("form-data", "attachment"),
            format!("{head}\r\n--x--\r\n").replace("name=\"data\"; ", ""),
        ] {
            let request = given
                .request(Method::POST, &path)
                .header("content-type", "multipart/form-data; boundary=x")
                .body(body.clone());
            assert_eq!(send(request).await.status, 400, "{body}");
        }
        assert!(uploads(&given, "a").is_empty());
        let request = given
            .request(Method::POST, &path)
            .header("content-type", "multipart/form-data; boundary=x")
            .body(format!("{head}\r\n--x--\r\n"));
        assert_eq!(send(request).await.status, 200);
        assert_eq!(uploads(&given, "a")[0].sha256, ABC);
    }

    #[tokio::test]
    async fn a_form_without_its_boundary_is_refused_long_before_its_end() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        let request = given
            .request(Method::POST, &format!("/v1/audio/{uid}"))
            .header("content-type", "multipart/form-data; boundary=x")
            .body(vec![b'-'; 60_000_000]);
        let reply = send(request).await;
        assert_eq!(reply.status, 400);
        assert!(reply.text.contains("told apart"), "{}", reply.text);
    }

    #[tokio::test]
    async fn a_client_that_goes_away_in_the_middle_leaves_nothing() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        let host = given.host();
        let request = format!(
            "POST /v1/audio/{uid} HTTP/1.1\r\nhost: {host}\r\nauthorization: {TOKEN}\r\n\
             content-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n\r\n\
             --x\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.wav\"\r\n\
             Content-Type: audio/wav\r\n\r\nabc"
        );
        let address = given.sandbox.address();
        {
            use std::io::Write;
            let mut stream = std::net::TcpStream::connect(address).expect("a connection");
            stream.write_all(request.as_bytes()).expect("written");
        }
        // The loss shows as soon as the server has read to the end of what was sent.
        loop {
            let snapshot = given.sandbox.snapshot();
            let count = snapshot.endpoints.get("POST /v1/audio/{uid}");
            if count.is_some_and(|count| count.dropped == 1) {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert!(uploads(&given, "a").is_empty());
    }

    #[tokio::test]
    async fn a_refusal_reaches_a_client_that_sends_to_the_end_before_it_listens() {
        let given = Given::sandbox().await;
        let body = "-".repeat(20_000_000);
        for (token, status) in [(TOKEN, 404), ("wrong", 401)] {
            let head = given.upload_head(token, body.len());
            let (answer, orderly) = given.raw(head + &body).await;
            let line = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(&line), "{answer}");
            assert!(orderly, "{status}");
        }
    }

    #[tokio::test]
    async fn a_recording_over_the_limit_is_too_large() {
        let given = Given::options(SandboxOptions {
            max_audio: 1000,
            ..SandboxOptions::new(TOKEN)
        })
        .await;
        let uid = given.created("a").await;
        let reply = given.upload(&uid, form(&[7; 1001])).await;
        assert_eq!(reply.status, 413, "{}", reply.text);
        let reply = given.upload(&uid, form(&vec![7; 3_000_000])).await;
        assert_eq!(reply.status, 413, "{}", reply.text);
        assert!(uploads(&given, "a").is_empty());
        assert_eq!(given.upload(&uid, form(&[7; 1000])).await.status, 200);
        assert_eq!(uploads(&given, "a")[0].bytes, 1000);
    }

    #[tokio::test]
    async fn an_upload_of_unknown_length_is_measured_while_it_comes() {
        let given = Given::options(SandboxOptions {
            max_audio: 1000,
            ..SandboxOptions::new(TOKEN)
        })
        .await;
        let uid = given.created("a").await;
        for (pieces, status) in [(10, 200), (11, 413), (2000, 413)] {
            let pieces = (0..pieces).map(|_| Ok::<_, std::io::Error>(vec![7_u8; 100]));
            let body = reqwest::Body::wrap_stream(stream::iter(pieces));
            let part = Part::stream(body).file_name("a.wav");
            let part = part.mime_str("audio/wav").expect("a type");
            let reply = given.upload(&uid, Form::new().part("data", part)).await;
            assert_eq!(reply.status, status, "{}", reply.text);
        }
        assert_eq!(uploads(&given, "a").len(), 1);
    }

    #[tokio::test]
    async fn uploads_at_once_are_kept_apart() {
        let given = Given::sandbox().await;
        let names: Vec<_> = (0..20_u8).map(|each| format!("call-{each}")).collect();
        for name in &names {
            given.create("v2", &conversation(name)).await;
        }
        let sends = names.iter().enumerate().map(|(place, name)| {
            let bytes = vec![u8::try_from(place).expect("small"); 200_000 + place];
            let key = format!("external/{name}");
            let given = &given;
            async move { given.upload(&key, form(&bytes)).await.status }
        });
        let statuses = futures::future::join_all(sends).await;
        assert!(statuses.iter().all(|status| *status == 200));
        for (place, name) in names.iter().enumerate() {
            let uploads = uploads(&given, name);
            let bytes = vec![u8::try_from(place).expect("small"); 200_000 + place];
            assert_eq!(uploads.len(), 1);
            assert_eq!(uploads[0].sha256, hexadecimal(&Sha256::digest(&bytes)));
        }
    }
}
