//! What answers over HTTP say of an object: its size, its tag, its bytes; the same for every store.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::header::{
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED,
    RETRY_AFTER,
};
use reqwest::{Response, header};

use super::error::SourceError;
use super::object::{ByteRange, ObjectBody, ObjectState, ObjectTag};
use super::public_only::PrivateHost;
use crate::api::RetryAfter;

/// How long an answer may stand still.
const STANDSTILL: Duration = Duration::from_secs(30);

/// The headers that ask for bytes of an object, and with a tag only for the object that has it.
pub(super) fn range_headers(range: ByteRange, tag: Option<&str>) -> Vec<(HeaderName, String)> {
    let range = range.header().map(|range| (header::RANGE, range));
    let tag = tag.map(|tag| (header::IF_MATCH, format!("\"{tag}\"")));
    range.into_iter().chain(tag).collect()
}

/// A request that got no answer, or not all of it. The words hold no URL: its query may be a signature.
pub(super) fn broken(error: &reqwest::Error) -> SourceError {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    while let Some(source) = cause.source() {
        cause = source;
        if let Some(private) = cause.downcast_ref::<PrivateHost>() {
            return SourceError::Refused(private.to_string());
        }
    }
    let host = error.url().and_then(|url| url.host_str());
    let host = host.map_or_else(String::new, |host| format!("{host}: "));
    if error.is_connect() && cause.to_string().contains("certificate") {
        return SourceError::Credentials(format!(
            "{host}{cause}; --store-ca-bundle names an authority of your own"
        ));
    }
    let what = if error.is_dns() {
        format!("{host}the name cannot be resolved")
    } else if error.source().is_some() {
        format!("{host}{cause}")
    } else {
        format!("{host}the connection broke")
    };
    SourceError::broken(what)
}

/// An answer after which another try may work.
pub(super) fn passing(what: String, headers: &HeaderMap, is_throttle: bool) -> SourceError {
    let wish = headers.get(RETRY_AFTER);
    let wish = wish.and_then(|value| value.to_str().ok());
    let wait = wish.and_then(RetryAfter::parse);
    SourceError::Passing {
        what,
        wait: wait.map(|wait| wait.from_now(SystemTime::now())),
        is_throttle,
    }
}

/// All of an answer as text; an error when it is longer than it can be.
pub(super) async fn text(response: Response, limit: usize) -> Result<String, SourceError> {
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = standing_still(chunks.next()).await? {
        let chunk = chunk.map_err(|error| broken(&error))?;
        if body.len() + chunk.len() > limit {
            return Err(SourceError::Refused("the answer is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    // One name that is no text must not hide all others.
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Waits for something that comes over a connection; an error when nothing comes.
pub(super) async fn standing_still<T>(next: impl Future<Output = T>) -> Result<T, SourceError> {
    let next = tokio::time::timeout(STANDSTILL, next).await;
    next.map_err(|_| SourceError::broken("no byte came for 30 s"))
}

/// Sends a request and waits for the head of its answer.
pub(super) async fn sent(
    answer: impl Future<Output = reqwest::Result<Response>>,
) -> Result<Response, SourceError> {
    standing_still(answer)
        .await?
        .map_err(|error| broken(&error))
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// What the headers say of the object; its size is that of the body.
pub(super) fn object_state(headers: &HeaderMap) -> Result<ObjectState, SourceError> {
    let bytes = number(headers, &CONTENT_LENGTH);
    let bytes = bytes.ok_or_else(|| SourceError::Refused("the store tells no size".to_owned()))?;
    Ok(ObjectState {
        bytes,
        ..state_without_size(headers)
    })
}

fn state_without_size(headers: &HeaderMap) -> ObjectState {
    let text = |name: &HeaderName| headers.get(name)?.to_str().ok();
    let modified = text(&LAST_MODIFIED).and_then(|text| httpdate::parse_http_date(text).ok());
    ObjectState {
        bytes: 0,
        tag: text(&ETAG).and_then(ObjectTag::parse),
        modified: modified.unwrap_or(SystemTime::UNIX_EPOCH),
        cold: None,
    }
}

/// The whole size in `bytes 0-99/1234`, and where the bytes begin.
fn content_range(headers: &HeaderMap) -> Option<PartOf> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    Some(PartOf {
        from: range.split_once('-')?.0.trim().parse().ok()?,
        size: size.trim().parse().ok()?,
    })
}

struct PartOf {
    from: u64,
    size: u64,
}

/// The bytes of a successful answer, from where they were asked for: a store that ignores the range
/// sends all of it, and what comes before is left out.
pub(super) fn body_stream(response: Response, range: ByteRange) -> Result<ObjectBody, SourceError> {
    let headers = response.headers();
    let part = content_range(headers);
    let bytes = match &part {
        Some(part) => part.size,
        None => object_state(headers)?.bytes,
    };
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.map(str::to_owned);
    let begins = part.map_or(0, |part| part.from);
    if begins > range.from {
        return Err(SourceError::Refused(
            "the store sent other bytes than asked for".to_owned(),
        ));
    }
    let state = ObjectState {
        bytes,
        ..state_without_size(headers)
    };
    let chunks = futures::stream::unfold(response, async |mut response| {
        let chunk = match standing_still(response.chunk()).await {
            Ok(Ok(None)) => return None,
            Ok(Ok(Some(chunk))) => Ok(chunk),
            Ok(Err(error)) => Err(broken(&error)),
            Err(error) => Err(error),
        };
        Some((chunk, response))
    });
    let mut before = range.from - begins;
    let chunks = chunks.filter_map(move |chunk| {
        let chunk = match chunk {
            Ok(mut chunk) => {
                let skipped = before.min(chunk.len() as u64);
                before -= skipped;
                let rest = chunk.split_off(usize::try_from(skipped).unwrap_or(usize::MAX));
                (!rest.is_empty()).then_some(Ok::<Bytes, SourceError>(rest))
            }
            Err(error) => Some(Err(error)),
        };
        futures::future::ready(chunk)
    });
    Ok(ObjectBody {
        state,
        kind,
        stream: Box::pin(chunks),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_tells_the_size_of_the_whole() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_RANGE, "bytes 5-9/1234".parse().unwrap());
        let part = content_range(&headers).unwrap();
        assert_eq!((part.from, part.size), (5, 1234));
        headers.insert(CONTENT_RANGE, "bytes 5-9/*".parse().unwrap());
        assert!(content_range(&headers).is_none());
    }
}
