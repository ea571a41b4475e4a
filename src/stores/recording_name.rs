//! What a recording is called that has no name but its URL.

use std::path::Path;

use url::Url;

use crate::recordings::is_audio_extension;

/// The name of a recording at a URL, for people and for the upload: its last part, with the ending of
/// what the source sends where it has none. Never the query, which may be a signature.
pub(super) fn name_of(url: &str, kind: Option<&str>) -> String {
    let parsed = Url::parse(url.trim()).ok();
    let last = parsed.as_ref().and_then(|url| {
        let mut parts = url.path_segments()?;
        parts.rfind(|part| !part.is_empty()).map(str::to_owned)
    });
    let name = last.unwrap_or_else(|| "recording".to_owned());
    let name = percent_encoding::percent_decode_str(&name)
        .decode_utf8_lossy()
        .into_owned();
    let is_plain = |char: char| !char.is_control() && char != '/' && char != '\\';
    let name: String = name
        .chars()
        .filter(|&char| is_plain(char))
        .take(200)
        .collect();
    let extension = Path::new(&name)
        .extension()
        .and_then(|extension| extension.to_str());
    if extension.is_some_and(|extension| is_audio_extension(&extension.to_lowercase())) {
        return name;
    }
    let kind = kind
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let ending = match kind.to_ascii_lowercase().as_str() {
        "audio/mpeg" | "audio/mp3" | "audio/mpeg3" | "audio/x-mpeg" => "mp3",
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "wav",
        "audio/ogg" | "application/ogg" => "ogg",
        "audio/flac" | "audio/x-flac" => "flac",
        "audio/mp4" | "audio/x-m4a" | "audio/m4a" | "audio/aac" => "m4a",
        _ => return name,
    };
    format!("{name}.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_called_by_the_end_of_its_url_and_never_by_its_query() {
        for (url, kind, name) in [
            (
                "https://example.com/r/RE12.mp3?sig=secret",
                None,
                "RE12.mp3",
            ),
            (
                "https://example.com/r/RE12/",
                Some("audio/x-wav; rate=8000"),
                "RE12.wav",
            ),
            ("https://example.com/r/a%20b", Some("audio/mpeg"), "a b.mp3"),
            ("https://example.com/a%2Fb%00c", None, "abc"),
            ("https://example.com", Some("audio/mpeg"), "recording.mp3"),
            ("no url", Some("text/html"), "recording"),
        ] {
            assert_eq!(name_of(url, kind), name, "{url}");
        }
    }
}
