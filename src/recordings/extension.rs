//! What the name of a file says about its content.

use super::container::Container;
use super::spelling::split_extension;

/// A file name's ending: which content to expect and how to announce it to the server.
struct AudioExtension {
    extension: &'static str,
    content_type: &'static str,
    containers: &'static [Container],
}

const fn kind(
    extension: &'static str,
    content_type: &'static str,
    containers: &'static [Container],
) -> AudioExtension {
    AudioExtension {
        extension,
        content_type,
        containers,
    }
}

/// Every ending that counts as a recording. `wav49` and `sln` are Asterisk's, `vox` Dialogic's.
const KINDS: &[AudioExtension] = &[
    kind("wav", "audio/wav", &[Container::Wav]),
    kind("mp3", "audio/mpeg", &[Container::Mpeg]),
    kind("ogg", "audio/ogg", &[Container::Ogg]),
    kind("opus", "audio/ogg", &[Container::Ogg]),
    kind("m4a", "audio/mp4", &[Container::Mp4]),
    kind("mp4", "audio/mp4", &[Container::Mp4]),
    kind("flac", "audio/flac", &[Container::Flac]),
    kind("gsm", "audio/gsm", &[Container::Gsm, Container::Wav]),
    kind("wma", "audio/x-ms-wma", &[Container::Asf]),
    kind("aac", "audio/aac", &[Container::Adts]),
    kind("wave", "audio/wav", &[Container::Wav]),
    kind("wav49", "audio/wav", &[Container::Wav]),
    kind("rf64", "audio/wav", &[Container::Wav]),
    kind("w64", "audio/x-w64", &[Container::Wave64]),
    kind("oga", "audio/ogg", &[Container::Ogg]),
    kind("spx", "audio/ogg", &[Container::Ogg]),
    kind("mp2", "audio/mpeg", &[Container::Mpeg]),
    kind("mpga", "audio/mpeg", &[Container::Mpeg]),
    kind("m4b", "audio/mp4", &[Container::Mp4]),
    kind("3gp", "audio/3gpp", &[Container::Mp4]),
    kind("au", "audio/basic", &[Container::Au]),
    kind("snd", "audio/basic", &[Container::Au]),
    kind("ulaw", "audio/basic", &[]),
    kind("amr", "audio/amr", &[Container::Amr]),
    kind("webm", "audio/webm", &[Container::Matroska]),
    kind("weba", "audio/webm", &[Container::Matroska]),
    kind("mka", "audio/x-matroska", &[Container::Matroska]),
    kind("aif", "audio/aiff", &[Container::Aiff]),
    kind("aiff", "audio/aiff", &[Container::Aiff]),
    kind("aifc", "audio/aiff", &[Container::Aiff]),
    kind("caf", "audio/x-caf", &[Container::Caf]),
    kind("alaw", "application/octet-stream", &[]),
    kind("sln", "application/octet-stream", &[]),
    kind("g729", "application/octet-stream", &[]),
    kind("vox", "application/octet-stream", &[]),
    kind("pgp", "application/octet-stream", &[]),
    kind("gpg", "application/octet-stream", &[]),
];

fn of_extension(extension: &str) -> Option<&'static AudioExtension> {
    // What is encrypted says nothing of its content.
    let extension = extension.rsplit('.').next().unwrap_or(extension);
    KINDS
        .iter()
        .find(|kind| kind.extension.eq_ignore_ascii_case(extension))
}

fn of_name(name: &str) -> Option<&'static AudioExtension> {
    of_extension(split_extension(name).1?)
}

/// Whether a file of this extension (without the dot, any case) counts as a recording.
pub fn is_audio_extension(extension: &str) -> bool {
    of_extension(extension).is_some()
}

/// The content type to upload a file of this name with; `application/octet-stream` when its ending
/// says nothing.
pub fn content_type(name: &str) -> &'static str {
    of_name(name).map_or("application/octet-stream", |kind| kind.content_type)
}

/// Whether the ending of `name` promises sound without any header.
pub(super) fn promises_no_header(name: &str) -> bool {
    of_name(name).is_some_and(|kind| kind.containers.is_empty())
}

/// Whether the ending of `name` promises something else than `found`. An ending that promises
/// nothing is never wrong.
pub(super) fn contradicts(name: &str, found: Container) -> bool {
    of_name(name)
        .is_some_and(|kind| !kind.containers.is_empty() && !kind.containers.contains(&found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_follows_the_ending_in_any_case() {
        assert_eq!(content_type("2024/A.WAV"), "audio/wav");
        assert_eq!(content_type("a.wav.mp3"), "audio/mpeg");
        assert_eq!(content_type("a.opus"), "audio/ogg");
        assert_eq!(content_type("a"), "application/octet-stream");
        assert_eq!(content_type(".mp3"), "application/octet-stream");
    }

    #[test]
    fn an_ending_that_promises_nothing_is_never_wrong() {
        assert!(contradicts("a.wav", Container::Mpeg));
        assert!(!contradicts("a.wav", Container::Wav));
        assert!(!contradicts("a.bin", Container::Wav));
        assert!(!contradicts("a.sln", Container::Wav));
    }
}
