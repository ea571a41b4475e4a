//! Which address is which call.

use hyper::Method;
use percent_encoding::percent_decode_str;

use super::faults::rules::Operation;

/// The three shapes of a conversation that the server has known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireVersion {
    V1,
    V2,
    V3,
}

impl WireVersion {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}

/// A call of the API, with what its path said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Create(WireVersion),
    UploadByUid(String),
    UploadByIdentity(String),
    AddMessage,
    PutCase,
    AppendMessage,
    PatchCase(String),
    ListDelta,
    ListFull,
    ReadConversation(String),
    Transcript(String),
    PatchMetadata(String),
    MagicLink,
}

impl Endpoint {
    /// How the counters call it.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Create(WireVersion::V1) => "POST /v1/conversation",
            Self::Create(WireVersion::V2) => "POST /v2/conversation",
            Self::Create(WireVersion::V3) => "POST /v3/conversation",
            Self::UploadByUid(_) => "POST /v1/audio/{uid}",
            Self::UploadByIdentity(_) => "POST /v1/audio/external/{externalIdentity}",
            Self::AddMessage => "PUT /v1/case/messages",
            Self::PutCase => "PUT /v1/case",
            Self::AppendMessage => "POST /v1/case/messages",
            Self::PatchCase(_) => "PATCH /v1/case/{externalID}",
            Self::ListDelta => "POST /integrations/conversations/list-delta",
            Self::ListFull => "POST /integrations/conversations/list-full",
            Self::Transcript(_) => "GET /integrations/conversations/{uid}/transcript",
            Self::ReadConversation(_) => "GET /integrations/conversations/{uid}",
            Self::PatchMetadata(_) => "PATCH /integrations/conversations/{uid}/metadata",
            Self::MagicLink => "POST /v1/dev/magic-link",
        }
    }

    /// Whether its body is a JSON object.
    pub(super) fn takes_json(&self) -> bool {
        !matches!(
            self,
            Self::UploadByUid(_)
                | Self::UploadByIdentity(_)
                | Self::ReadConversation(_)
                | Self::Transcript(_)
        )
    }

    /// What the vendor's own client calls its JSON.
    pub(super) fn content_type(&self) -> &'static str {
        match self {
            Self::PatchMetadata(_) => "application/json-patch+json",
            _ => "application/json",
        }
    }

    /// The word by which faults select it.
    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Create(_) => Operation::Create,
            Self::UploadByUid(_) | Self::UploadByIdentity(_) => Operation::Upload,
            Self::AddMessage | Self::PutCase | Self::AppendMessage | Self::PatchCase(_) => {
                Operation::Case
            }
            Self::ListDelta
            | Self::ListFull
            | Self::Transcript(_)
            | Self::ReadConversation(_)
            | Self::PatchMetadata(_)
            | Self::MagicLink => Operation::Read,
        }
    }
}

/// Pages of the sandbox itself, which the real server does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnPage {
    Page,
    State,
    Reset,
}

/// Where a request line leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Api(Endpoint),
    Own(OwnPage),
    /// The path exists, with the methods in the text only.
    WrongMethod(String),
    /// A segment of the path is not percent-encoded UTF-8.
    BadPath,
    Nowhere,
}

/// Finds the route of a path that is still percent-encoded: an encoded `/` is part of an id, a
/// plain one divides.
pub(super) fn find(method: &Method, path: &str) -> Route {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    if let Some((wanted, own)) = own(&segments) {
        return if *method == wanted {
            Route::Own(own)
        } else {
            Route::WrongMethod(wanted.to_string())
        };
    }
    let Ok(candidates) = candidates(&segments) else {
        return Route::BadPath;
    };
    if candidates.is_empty() {
        return Route::Nowhere;
    }
    let methods: Vec<_> = candidates
        .iter()
        .map(|(method, _)| method.as_str())
        .collect();
    let methods = methods.join(", ");
    candidates
        .into_iter()
        .find(|(wanted, _)| wanted == method)
        .map_or(Route::WrongMethod(methods), |(_, endpoint)| {
            Route::Api(endpoint)
        })
}

/// Whether a path is one of the sandbox's own pages, whatever the method.
pub(super) fn is_page(path: &str) -> bool {
    own(&path.split('/').skip(1).collect::<Vec<_>>()).is_some()
}

fn own(segments: &[&str]) -> Option<(Method, OwnPage)> {
    match segments {
        [""] => Some((Method::GET, OwnPage::Page)),
        ["__state"] => Some((Method::GET, OwnPage::State)),
        ["__reset"] => Some((Method::POST, OwnPage::Reset)),
        _ => None,
    }
}

/// Everything that a path offers, by method.
fn candidates(segments: &[&str]) -> Result<Vec<(Method, Endpoint)>, BadSegment> {
    Ok(match segments {
        ["v1", "conversation"] => vec![(Method::POST, Endpoint::Create(WireVersion::V1))],
        ["v2", "conversation"] => vec![(Method::POST, Endpoint::Create(WireVersion::V2))],
        ["v3", "conversation"] => vec![(Method::POST, Endpoint::Create(WireVersion::V3))],
        ["v1", "audio", uid] if !uid.is_empty() => {
            vec![(Method::POST, Endpoint::UploadByUid(decode(uid)?))]
        }
        ["v1", "audio", "external", identity] if !identity.is_empty() => {
            vec![(Method::POST, Endpoint::UploadByIdentity(decode(identity)?))]
        }
        ["v1", "case"] => vec![(Method::PUT, Endpoint::PutCase)],
        // The same path is also a case whose id is "messages", for the one method that takes ids.
        ["v1", "case", "messages"] => vec![
            (Method::PUT, Endpoint::AddMessage),
            (Method::POST, Endpoint::AppendMessage),
            (Method::PATCH, Endpoint::PatchCase("messages".to_owned())),
        ],
        ["v1", "case", id] if !id.is_empty() => {
            vec![(Method::PATCH, Endpoint::PatchCase(decode(id)?))]
        }
        ["integrations", "conversations", "list-delta"] => {
            vec![(Method::POST, Endpoint::ListDelta)]
        }
        ["integrations", "conversations", "list-full"] => {
            vec![(Method::POST, Endpoint::ListFull)]
        }
        ["integrations", "conversations", uid, "transcript"] if !uid.is_empty() => {
            vec![(Method::GET, Endpoint::Transcript(decode(uid)?))]
        }
        ["integrations", "conversations", uid] if !uid.is_empty() => {
            vec![(Method::GET, Endpoint::ReadConversation(decode(uid)?))]
        }
        ["integrations", "conversations", uid, "metadata"] if !uid.is_empty() => {
            vec![(Method::PATCH, Endpoint::PatchMetadata(decode(uid)?))]
        }
        ["v1", "dev", "magic-link"] => vec![(Method::POST, Endpoint::MagicLink)],
        _ => Vec::new(),
    })
}

/// A segment with a `%` that begins no byte, or whose bytes are no UTF-8.
struct BadSegment;

fn decode(segment: &str) -> Result<String, BadSegment> {
    let stray = segment.split('%').skip(1).any(|rest| {
        !rest
            .as_bytes()
            .get(..2)
            .is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    });
    if stray {
        return Err(BadSegment);
    }
    percent_decode_str(segment)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| BadSegment)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn api(method: &Method, path: &str) -> Option<Endpoint> {
        match find(method, path) {
            Route::Api(endpoint) => Some(endpoint),
            _ => None,
        }
    }

    #[test]
    fn an_encoded_slash_is_part_of_the_identity() {
        assert_eq!(
            api(&Method::POST, "/v1/audio/external/2024%2F05%20%C3%A6+b"),
            Some(Endpoint::UploadByIdentity("2024/05 æ+b".to_owned()))
        );
    }

    #[test]
    fn a_plain_slash_divides() {
        assert_eq!(
            find(&Method::POST, "/v1/audio/external/2024/05"),
            Route::Nowhere
        );
    }

    #[test]
    fn a_stray_percent_sign_is_a_bad_path() {
        for path in [
            "/v1/audio/external/50%",
            "/v1/audio/external/50%zz",
            "/v1/audio/external/%ff",
            "/v1/case/%C3",
        ] {
            assert_eq!(find(&Method::PATCH, path), Route::BadPath, "{path}");
        }
    }

    #[test]
    fn a_known_path_with_another_method_names_its_methods() {
        assert_eq!(
            find(&Method::GET, "/v2/conversation"),
            Route::WrongMethod("POST".to_owned())
        );
        assert_eq!(
            find(&Method::DELETE, "/v1/case/messages"),
            Route::WrongMethod("PUT, POST, PATCH".to_owned())
        );
        assert_eq!(
            find(&Method::GET, "/__reset"),
            Route::WrongMethod("POST".to_owned())
        );
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in [
            "/v4/conversation",
            "/v2/conversation/",
            "/v1/audio/",
            "/v1/audio",
            "//",
            "*",
            "/v1/audio/external/",
        ] {
            assert_eq!(find(&Method::POST, path), Route::Nowhere, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic(path in "\\PC{0,60}") {
            let _ = find(&Method::POST, &path);
            let _ = find(&Method::POST, &format!("/v1/audio/external/{path}"));
        }
    }
}
