//! The answers of S3 that are XML: parts of a list, and refusals.

use std::time::SystemTime;

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::error::SourceError;
use super::object::{ListedObject, ObjectPage, ObjectState, ObjectTag, UnlistedObject};

/// Classes of which an object must be restored before it can be read: the S3 user guide, "Storage
/// classes". `GLACIER_IR` is read at once.
const COLD: [&str; 2] = ["GLACIER", "DEEP_ARCHIVE"];

/// The answer to `ListObjectsV2`, by the S3 API reference.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListBucketResult {
    encoding_type: Option<String>,
    #[serde(default)]
    is_truncated: bool,
    next_continuation_token: Option<String>,
    #[serde(default)]
    contents: Vec<Contents>,
}

/// One object of a list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contents {
    key: String,
    size: Option<String>,
    #[serde(rename = "ETag")]
    tag: Option<String>,
    last_modified: Option<String>,
    storage_class: Option<String>,
}

/// A refusal.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct S3Refusal {
    code: Option<String>,
}

/// Reads a part of a list. Keys come without `prefix`; what cannot be read is named.
pub(super) fn page(xml: &str, prefix: &str) -> Result<ObjectPage, SourceError> {
    // The library takes any root for the one that it is asked for, and a login page for an empty list.
    let list = Some(xml).filter(|xml| xml.contains("<ListBucketResult"));
    let list: Option<ListBucketResult> = list.and_then(|xml| quick_xml::de::from_str(xml).ok());
    let list = list.ok_or_else(|| SourceError::broken("the answer is no whole list of S3"))?;
    let is_encoded = list.encoding_type.as_deref() == Some("url");
    let mut page = ObjectPage {
        requests: 1,
        ..ObjectPage::default()
    };
    for entry in list.contents {
        let key = decoded(&entry.key, is_encoded);
        let below = key.as_deref().and_then(|key| key.strip_prefix(prefix));
        match below.and_then(|key| Some((key, state(&entry)?))) {
            // What consoles leave for a folder.
            Some((key, state)) if key.is_empty() || (key.ends_with('/') && state.bytes == 0) => {}
            Some((key, state)) => page.objects.push(ListedObject {
                key: key.to_owned(),
                state,
            }),
            None => page.unlisted.push(UnlistedObject {
                name: entry.key,
                why: "its entry in the list cannot be read".to_owned(),
            }),
        }
    }
    match list.next_continuation_token {
        Some(next) if list.is_truncated => page.next = Some(next),
        _ if list.is_truncated => {
            let what = "the list goes on, but does not say where".to_owned();
            return Err(SourceError::Refused(what));
        }
        _ => {}
    }
    Ok(page)
}

/// The key behind `encoding-type=url`, which writes a blank as `+`.
fn decoded(key: &str, is_encoded: bool) -> Option<String> {
    if !is_encoded {
        return Some(key.to_owned());
    }
    let key = key.replace('+', " ");
    let decoded = percent_decode_str(&key).decode_utf8();
    decoded.ok().map(String::from)
}

fn state(entry: &Contents) -> Option<ObjectState> {
    let at: Timestamp = entry.last_modified.as_deref()?.trim().parse().ok()?;
    let class = entry.storage_class.as_deref().unwrap_or_default().trim();
    Some(ObjectState {
        bytes: entry.size.as_deref()?.trim().parse().ok()?,
        tag: entry.tag.as_deref().and_then(ObjectTag::parse),
        modified: SystemTime::from(Timestamp::from_second(at.as_second()).ok()?),
        cold: COLD.contains(&class).then(|| class.to_owned()),
    })
}

/// The `<Code>` of a refusal, if it looks like one.
pub(super) fn error_code(xml: &str) -> Option<String> {
    let refusal: S3Refusal = quick_xml::de::from_str(xml).ok()?;
    let is_plain = |code: &String| {
        (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    refusal.code.filter(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(inner: &str) -> String {
        format!("<?xml version=\"1.0\"?><ListBucketResult>{inner}</ListBucketResult>")
    }

    fn entry(key: &str, class: &str) -> String {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2024-05-01T10:00:00.123Z</LastModified>\
             <ETag>&quot;abc&quot;</ETag><Size>7</Size><StorageClass>{class}</StorageClass></Contents>"
        )
    }

    #[test]
    fn keys_come_out_as_they_are() {
        for (encoded, key) in [
            ("calls/a.wav", "a.wav"),
            ("calls/a%2F%2Fb.wav", "a//b.wav"),
            ("calls/a+b%2B1%25.wav", "a b+1%.wav"),
            ("calls/%01.wav", "\u{1}.wav"),
            ("calls/%C3%A6.wav", "æ.wav"),
        ] {
            let xml = list(&format!(
                "<EncodingType>url</EncodingType>{}",
                entry(encoded, "STANDARD")
            ));
            let page = page(&xml, "calls/").unwrap();
            assert_eq!(page.objects[0].key, key);
        }
        let xml = list(&entry("calls/a+b &amp; c%20.wav", "STANDARD"));
        assert_eq!(
            page(&xml, "calls/").unwrap().objects[0].key,
            "a+b & c%20.wav"
        );
    }

    #[test]
    fn cold_objects_are_known_and_time_has_whole_seconds() {
        let xml = list(&(entry("a.wav", "GLACIER") + &entry("b.wav", "GLACIER_IR")));
        let page = page(&xml, "").unwrap();
        let cold: Vec<_> = page
            .objects
            .iter()
            .map(|one| one.state.cold.as_deref())
            .collect();
        assert_eq!(cold, [Some("GLACIER"), None]);
        let state = &page.objects[0].state;
        assert_eq!(
            (state.bytes, state.tag.clone()),
            (7, ObjectTag::parse("abc"))
        );
        let at = state
            .modified
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        assert_eq!((at.as_secs(), at.subsec_nanos()), (1_714_557_600, 0));
    }

    #[test]
    fn a_list_that_is_not_whole_is_none() {
        assert!(page("<ListBucketResult><Contents>", "").is_err());
        assert!(page("<!DOCTYPE html><html></html>", "").is_err());
        assert!(page("", "").is_err());
        assert!(page(&list("<IsTruncated>true</IsTruncated>"), "").is_err());
        let xml =
            list("<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>");
        assert_eq!(page(&xml, "").unwrap().next.as_deref(), Some("t"));
    }

    #[test]
    fn what_cannot_be_read_is_named_and_folders_are_passed_over() {
        let broken = "<Contents><Key>a.wav</Key><Size>x</Size></Contents>";
        let folder = entry("calls/", "STANDARD").replace("<Size>7", "<Size>0");
        let page = page(&list(&format!("{broken}{folder}")), "").unwrap();
        assert_eq!(page.unlisted[0].name, "a.wav");
        assert!(page.objects.is_empty());
    }

    #[test]
    fn the_code_of_a_refusal_is_a_word() {
        let xml = "<Error><Code>SlowDown</Code><Message>m</Message></Error>";
        assert_eq!(error_code(xml).as_deref(), Some("SlowDown"));
        assert_eq!(error_code("<Error><Code>a b</Code></Error>"), None);
        assert_eq!(error_code("<html"), None);
        assert_eq!(error_code(""), None);
    }
}
