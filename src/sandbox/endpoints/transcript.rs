//! What was said. Speech is not recognised here, so whatever a transcript says is invented, and says so.

use hyper::StatusCode;
use hyper::http::request::Parts;
use serde_json::json;

use super::read::{unknown_conversation, without_version};
use crate::sandbox::auth::query;
use crate::sandbox::response::ServerAnswer;
use crate::sandbox::shared::Shared;

/// What nobody said, by whom.
const INVENTED: [(&str, &str); 2] = [
    ("Speaker 1", "Invented by the sandbox: nobody said this."),
    ("Speaker 2", "Invented by the sandbox as well."),
];

/// `GET /integrations/conversations/{uid}/transcript`: of a conversation whose recording has come.
pub(in crate::sandbox) fn transcript(shared: &Shared, parts: &Parts, uid: &str) -> ServerAnswer {
    if let Some(refusal) = without_version(parts) {
        return refusal;
    }
    let format = query(parts, "format").unwrap_or_default();
    let state = shared.state();
    let found = state.by_uid_text(uid);
    let has_audio = match found.and_then(|index| state.conversations.get(index)) {
        Some(conversation) => !conversation.uploads.is_empty(),
        None => return unknown_conversation(),
    };
    match format.as_str() {
        "Text" | "Json" if !has_audio => ServerAnswer::bare(StatusCode::NO_CONTENT),
        "Text" | "" => {
            let lines = INVENTED.map(|(who, what)| format!("{who}: {what}"));
            ServerAnswer::text(StatusCode::OK, lines.join("\n"))
        }
        "Json" => {
            let pieces = INVENTED.map(|(who, what)| json!({"speaker": who, "text": what}));
            ServerAnswer::json(StatusCode::OK, &json!(pieces))
        }
        _ => ServerAnswer::problem(StatusCode::BAD_REQUEST, "format must be Text or Json"),
    }
}

#[cfg(test)]
mod tests {
    use crate::sandbox::test_support::{Given, form};

    #[tokio::test]
    async fn a_transcript_is_there_once_the_recording_is() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        let path = format!("/integrations/conversations/{uid}/transcript");
        let transcript = format!("{path}?api-version=1.0&format=Json");
        assert_eq!(given.get(&transcript).await.status, 204);
        given.upload(&uid, form(b"abc")).await;
        let told = given.get(&transcript).await;
        assert_eq!(told.status, 200);
        assert!(told.text.contains("nobody said this"), "{}", told.text);
        let odd = transcript.replace("Json", "Song");
        assert_eq!(given.get(&odd).await.status, 400);
    }
}
