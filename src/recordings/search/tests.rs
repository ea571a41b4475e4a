use std::fs;
use std::path::Path;

use proptest::prelude::*;
use regex::Regex;
use tempfile::TempDir;

use crate::recordings::search::*;
use crate::recordings::{
    AskedPart, CaptureKey, ClaimStatus, Claimant, Claims, Grade, Index, IndexError, IndexOptions,
    NameLikeness, Naming, OpenRecording, build_index,
};

/// A folder with these files, each as long as its own name and 100 bytes.
fn folder(files: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, vec![b'x'; 100 + file.len()]).unwrap();
    }
    dir
}

fn index(root: &Path) -> Index {
    build_index(root, &IndexOptions::default()).unwrap()
}

/// The parts of a name in which everything but wildcards is what a record says.
fn parts(name: &str) -> Vec<AskedPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(at) = rest.find(['*', '?']) {
        let (value, tail) = rest.split_at(at);
        parts.extend((!value.is_empty()).then_some(AskedPart::Value(value)));
        parts.push(if tail.starts_with('*') {
            AskedPart::Wildcard
        } else {
            AskedPart::Text("?")
        });
        rest = &tail[1..];
    }
    parts.extend((!rest.is_empty()).then_some(AskedPart::Value(rest)));
    parts
}

/// A URL in a column: nothing in it is a wildcard.
fn url(url: &str) -> Vec<AskedPart<'_>> {
    vec![AskedPart::Value(url)]
}

fn ask<'a>(
    names: &'a [Vec<AskedPart<'a>>],
    keys: &'a [CaptureKey],
    identity: &'a str,
) -> RecordingSearch<'a> {
    RecordingSearch {
        names,
        keys,
        identity,
        record: identity,
        owned: None,
    }
}

/// What a single name finds: the names of the files, or the reason in brackets.
fn named(index: &Index, name: &str) -> String {
    let parts = if name.contains("://") {
        url(name)
    } else {
        parts(name)
    };
    told(&find(index, &ask(&[parts], &[], "")))
}

fn identified(index: &Index, identity: &str) -> String {
    told(&find(index, &ask(&[], &[], identity)))
}

fn told(found: &SearchResult) -> String {
    match found {
        SearchResult::Missing => "missing".to_owned(),
        SearchResult::One(recording, how) => match how.likeness {
            NameLikeness::Exact => recording.name.clone(),
            likeness => format!("{} {likeness:?}", recording.name),
        },
        SearchResult::Several { first, .. } => {
            let names: Vec<_> = first.iter().map(|recording| &*recording.name).collect();
            names.join(" | ")
        }
        SearchResult::Refused { why, .. } => format!("refused {why:?}"),
        SearchResult::Unusable { recording, why, .. } => format!("{} {why:?}", recording.name),
    }
}

#[test]
fn a_bare_name_is_found_at_any_depth_with_or_without_extension() {
    let dir = folder(&["2024/03/a.wav", "b.MP3", "notes.txt"]);
    let index = index(dir.path());
    assert_eq!(named(&index, "a.wav"), "2024/03/a.wav");
    assert_eq!(named(&index, "a"), "2024/03/a.wav");
    assert_eq!(named(&index, "b"), "b.MP3");
    assert_eq!(named(&index, "c"), "missing");
    assert_eq!(named(&index, "notes"), "missing");
    assert_eq!((index.len(), index.others(), index.bytes()), (2, 1, 218));
}

#[test]
fn an_id_is_found_with_any_audio_extension() {
    let dir = folder(&["x/1710490323.42.wav", "17104903.mp3"]);
    let index = index(dir.path());
    assert_eq!(identified(&index, "1710490323.42"), "x/1710490323.42.wav");
    assert_eq!(identified(&index, "1710490323"), "missing");
    assert_eq!(identified(&index, ""), "missing");
    assert_eq!(identified(&index, "  "), "missing");
}

#[test]
fn the_same_name_in_two_folders_is_several() {
    let dir = folder(&["a/x.wav", "b/x.wav", "x.wav"]);
    let index = index(dir.path());
    assert_eq!(named(&index, "x.wav"), "x.wav | a/x.wav | b/x.wav");
    assert_eq!(named(&index, "a/x.wav"), "a/x.wav");
    assert_eq!(named(&index, "./x"), "x.wav");
    assert_eq!(identified(&index, "x"), "x.wav | a/x.wav | b/x.wav");
}

#[test]
fn the_same_stem_in_two_formats_is_several() {
    let dir = folder(&["x.wav", "x.mp3"]);
    let index = index(dir.path());
    assert_eq!(identified(&index, "x"), "x.mp3 | x.wav");
    assert_eq!(named(&index, "x.mp3"), "x.mp3");
}

#[test]
fn the_exact_letters_win_and_other_letters_are_told() {
    let dir = folder(&["A1.wav", "a1.wav", "B2.wav", "c3.wav", "x/C3.wav"]);
    let index = index(dir.path());
    assert_eq!(identified(&index, "a1"), "a1.wav");
    assert_eq!(identified(&index, "A1"), "A1.wav");
    assert_eq!(identified(&index, "b2"), "B2.wav OtherCase");
    assert_eq!(identified(&index, "C3"), "x/C3.wav");
    assert_eq!(named(&index, "X/c3"), "x/C3.wav OtherCase");
}

#[test]
fn a_path_may_start_above_or_below_the_audio_folder() {
    let dir = folder(&["rec/2024/03/x77.wav", "rec/2024/04/x77.wav"]);
    let above = index(dir.path());
    assert_eq!(named(&above, "2024/03/x77.wav"), "rec/2024/03/x77.wav");
    assert_eq!(named(&above, "./2024/03/x77.wav"), "missing");
    let below = index(&dir.path().join("rec/2024"));
    assert_eq!(named(&below, "bucket/rec/2024/04/x77.wav"), "04/x77.wav");
    assert_eq!(
        named(&below, "05/x77.wav"),
        "missing",
        "another folder is another file"
    );
}

#[test]
fn a_url_is_known_by_its_last_segment_and_told_apart_by_its_folders() {
    let dir = folder(&["CA1/recordings/0.mp3", "CA2/recordings/0.mp3", "æ ø å.wav"]);
    let index = index(dir.path());
    assert_eq!(
        named(
            &index,
            "https://example.com/calls/CA2/recordings/0.mp3?sig=a/b"
        ),
        "CA2/recordings/0.mp3"
    );
    assert_eq!(
        named(&index, "https://example.com/calls/CA3/0.mp3"),
        "missing",
        "a name that every call has tells none"
    );
    assert_eq!(
        named(&index, "https://example.com/a/%C3%A6%20%C3%B8%20%C3%A5.wav"),
        "æ ø å.wav"
    );
}

#[test]
fn names_that_leave_the_folder_are_refused_before_anything_else_is_tried() {
    let dir = folder(&["x.wav"]);
    let index = index(dir.path());
    for name in ["../x.wav", "/etc/x.wav", "C:\\x.wav", "a/../x.wav"] {
        let found = find(&index, &ask(&[parts(name), parts("x.wav")], &[], "x"));
        assert!(told(&found).starts_with("refused"), "{name}: {found:?}");
    }
}

#[test]
fn templates_are_tried_in_order_and_the_id_last() {
    let dir = folder(&["first.wav", "second.wav", "id.wav"]);
    let index = index(dir.path());
    let by = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| parts(name)).collect();
        match find(&index, &ask(&names, &[], "id")) {
            SearchResult::One(recording, how) => (recording.name, how.by, how.grade),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        by(&["none", "second"]),
        ("second.wav".into(), SearchStep::Name(1), Grade::Inexact)
    );
    assert_eq!(
        by(&["first", "second"]),
        ("first.wav".into(), SearchStep::Name(0), Grade::Exact)
    );
    assert_eq!(
        by(&["", "second"]),
        ("second.wav".into(), SearchStep::Name(1), Grade::Exact),
        "a name that asks for nothing does not count"
    );
    assert_eq!(
        by(&["", "*"]),
        ("id.wav".into(), SearchStep::Identity, Grade::Exact)
    );
    assert_eq!(
        by(&["none"]),
        ("id.wav".into(), SearchStep::Identity, Grade::Inexact)
    );
}

#[test]
fn wildcards_match_stems_and_names() {
    let dir = folder(&[
        "12.wav",
        "123.wav",
        "a/20240315-091203_1-all.mp3",
        "b/pre-77-post.wav",
    ]);
    let index = index(dir.path());
    assert_eq!(named(&index, "12*"), "12.wav");
    assert_eq!(named(&index, "123*"), "123.wav");
    assert_eq!(
        named(&index, "20240315-091203_1-all.*"),
        "a/20240315-091203_1-all.mp3"
    );
    assert_eq!(named(&index, "*-77-*"), "b/pre-77-post.wav");
    assert_eq!(named(&index, "PRE-??-*"), "b/pre-77-post.wav OtherCase");
    assert_eq!(named(&index, "b/*77*"), "b/pre-77-post.wav");
    assert_eq!(named(&index, "?/*77*"), "b/pre-77-post.wav");
    assert_eq!(named(&index, "a/*77*"), "missing");
    assert_eq!(
        named(&index, "*"),
        "missing",
        "an empty value must not match everything"
    );
}

#[test]
fn a_pattern_that_fits_everything_shows_only_some() {
    let files: Vec<String> = (0..100).map(|n| format!("call{n}.wav")).collect();
    let dir = folder(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let index = index(dir.path());
    let name = vec![AskedPart::Value("call"), AskedPart::Wildcard];
    match find(&index, &ask(&[name], &[], "")) {
        SearchResult::Several { first, total, .. } => {
            assert_eq!((first.len(), total), (SearchResult::SHOWN, 100));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn characters_that_were_replaced_are_a_later_choice() {
    let dir = folder(&[
        "x_08_12_UTC.wav",
        "y_08%3A12.wav",
        "z_9.wav",
        "z:9.wav",
        "d/a_b.wav",
    ]);
    let index = index(dir.path());
    assert_eq!(named(&index, "x_08:12_UTC.wav"), "x_08_12_UTC.wav Escaped");
    assert_eq!(named(&index, "y_08:12"), "y_08%3A12.wav Escaped");
    assert_eq!(named(&index, "z:9"), "refused Drive");
    assert_eq!(identified(&index, "z:9"), "z:9.wav");
    assert_eq!(identified(&index, "z_9"), "z_9.wav");
    assert_eq!(identified(&index, "z 9"), "z_9.wav | z:9.wav");
    assert_eq!(identified(&index, "a/b"), "d/a_b.wav Escaped");
    assert_eq!(identified(&index, "a\\b"), "d/a_b.wav Escaped");
    assert_eq!(named(&index, "a/b"), "d/a_b.wav Escaped");
}

#[test]
fn what_a_pattern_captures_finds_its_files() {
    let dir = folder(&[
        "conversation_id=c1/e026.opus",
        "conversation_id=c2/d28a.opus",
        "conversation_id=c2/f31b.opus",
        "c1.wav",
    ]);
    let options = IndexOptions {
        naming: Some(Naming::new([
            Regex::new("conversation_id=(?P<id>[^/]+)/").unwrap()
        ])),
        ..IndexOptions::default()
    };
    let index = build_index(dir.path(), &options).unwrap();
    let ask_for = ask;
    let ask = |name: &str, id: &str| {
        let (names, keys) = ([parts(name)], [CaptureKey::new(0, &[id]).unwrap()]);
        told(&find(&index, &ask_for(&names, &keys, id)))
    };
    assert_eq!(ask("", "c1"), "conversation_id=c1/e026.opus");
    assert_eq!(
        ask("", "c2"),
        "conversation_id=c2/d28a.opus | conversation_id=c2/f31b.opus"
    );
    assert_eq!(ask("c1", "c2"), "c1.wav", "a file of the name comes first");
    assert_eq!(ask("c3", "c3"), "missing");
    assert_eq!(index.unnamed(), Some(1));
    let unnamed = index.recordings().filter(|one| index.is_unnamed(one));
    assert_eq!(unnamed.map(|one| one.name).collect::<Vec<_>>(), ["c1.wav"]);
}

#[test]
fn another_extension_is_the_last_choice() {
    let dir = folder(&["x.mp3", "y.wav.mp3", "y.ogg"]);
    let index = index(dir.path());
    assert_eq!(named(&index, "x.wav"), "x.mp3 OtherExtension");
    assert_eq!(named(&index, "y.wav"), "y.wav.mp3");
}

#[test]
fn composed_and_decomposed_names_are_the_same() {
    let dir = folder(&["re\u{301}s/a\u{30a}.wav"]);
    let index = index(dir.path());
    assert_eq!(named(&index, "rés/å.wav"), "rés/å.wav");
    match find(&index, &ask(&[parts("å")], &[], "")) {
        SearchResult::One(recording, _) => {
            assert!(recording.open().is_ok());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_without_sound_and_files_too_large_are_found_but_unusable() {
    let dir = folder(&["good.wav"]);
    fs::write(dir.path().join("none.mp3"), "").unwrap();
    let header = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0";
    fs::write(dir.path().join("header.wav"), header).unwrap();
    fs::write(dir.path().join("short.mp3"), [0; 44]).unwrap();
    fs::write(dir.path().join("page.wav"), "Not found").unwrap();
    fs::File::create(dir.path().join("huge.wav"))
        .unwrap()
        .set_len(1_000_000_001)
        .unwrap();
    let index = index(dir.path());
    assert_eq!(identified(&index, "none"), "none.mp3 Empty");
    assert_eq!(identified(&index, "header"), "header.wav Empty");
    assert_eq!(identified(&index, "short"), "short.mp3");
    // What is in its place is for whoever looks into it.
    assert_eq!(identified(&index, "page"), "page.wav");
    assert_eq!(identified(&index, "huge"), "huge.wav TooLarge");
}

#[test]
fn resource_forks_are_no_recordings() {
    let dir = folder(&["x.wav", "._x.wav"]);
    assert_eq!(index(dir.path()).len(), 1);
}

#[test]
fn bins_and_snapshots_are_not_walked_unless_they_are_the_audio_folder_itself() {
    let dir = folder(&[
        "a/#recycle/2024/x.wav",
        ".snapshot/daily.0/y.wav",
        "y.wav",
        "@eaDir/y.wav/z.wav",
    ]);
    let whole = index(dir.path());
    assert_eq!(named(&whole, "x"), "missing");
    assert_eq!(named(&whole, "y"), "y.wav");
    let mut bins = whole.bins().to_vec();
    bins.sort();
    assert_eq!(bins, [".snapshot", "@eaDir", "a/#recycle"]);
    let bin = index(&dir.path().join("a/#recycle"));
    assert_eq!(named(&bin, "x"), "2024/x.wav");
}

#[test]
fn a_missing_folder_and_a_file_are_errors() {
    let dir = folder(&["x.wav"]);
    let build = |path: &str| build_index(&dir.path().join(path), &IndexOptions::default());
    assert!(matches!(build("none"), Err(IndexError::Folder { .. })));
    assert!(matches!(build("x.wav"), Err(IndexError::NotAFolder { .. })));
}

#[test]
fn a_second_claim_is_told_the_first() {
    let dir = folder(&["x.wav", "y.wav"]);
    let index = index(dir.path());
    let mut claims = Claims::new(&index);
    let Some(recording) = index.recordings().next() else {
        panic!("no recording");
    };
    let by = |record| Claimant {
        call: record,
        record,
    };
    let mut claim = |record, status| claims.claim(&recording, by(record), status);
    assert_eq!(claim(7, ClaimStatus::LeftOut), None);
    assert_eq!(
        claim(1, ClaimStatus::Live),
        None,
        "what is left out is no claim"
    );
    assert_eq!(claim(1, ClaimStatus::Live), None, "the same call again");
    assert_eq!(claim(9, ClaimStatus::Live), Some(by(1)));
    assert_eq!(claim(10, ClaimStatus::Rejected), Some(by(1)));
    let left: Vec<_> = claims
        .unclaimed(&index)
        .map(|recording| recording.name)
        .collect();
    assert_eq!(left, ["y.wav"]);
}

#[test]
fn an_index_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Index>();
    shared::<SearchResult>();
    shared::<Claims>();
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::{MetadataExt as _, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn links_out_of_the_folder_are_refused_and_not_walked() {
        let outside = folder(&["secret.wav", "deep/other.wav"]);
        let dir = folder(&["in.wav"]);
        symlink(outside.path().join("secret.wav"), dir.path().join("x.wav")).unwrap();
        symlink(outside.path(), dir.path().join("out")).unwrap();
        let index = index(dir.path());
        assert_eq!(index.len(), 1);
        assert_eq!(named(&index, "x.wav"), "refused Link");
        assert_eq!(identified(&index, "x"), "refused Link");
        assert_eq!(named(&index, "out/secret.wav"), "refused Link");
        assert_eq!(named(&index, "secret.wav"), "missing");
        assert_eq!(identified(&index, "other"), "missing");
    }

    #[test]
    fn links_within_the_folder_are_the_file_they_lead_to() {
        let dir = folder(&["2024/x.wav"]);
        symlink("2024/x.wav", dir.path().join("y.wav")).unwrap();
        symlink("../2024/x.wav", dir.path().join("2024/z.wav")).unwrap();
        fs::create_dir(dir.path().join("b")).unwrap();
        symlink("../2024/x.wav", dir.path().join("b/x.wav")).unwrap();
        symlink("2024", dir.path().join("latest")).unwrap();
        fs::write(dir.path().join("w.wav"), [1; 50]).unwrap();
        fs::write(dir.path().join("2024/w.wav"), [1; 50]).unwrap();
        symlink(".", dir.path().join("2024/circle")).unwrap();
        let index = index(dir.path());
        assert_eq!((index.len(), index.bytes()), (3, 210));
        assert_eq!(named(&index, "latest/w.wav"), "2024/w.wav");
        for name in ["x", "y.wav", "b/x", "latest/x.wav", "2024/circle/x.wav"] {
            assert_eq!(named(&index, name), "2024/x.wav", "{name}");
        }
    }

    #[test]
    fn a_link_to_nowhere_is_unreadable_and_told() {
        let dir = folder(&[]);
        symlink("nowhere", dir.path().join("x.wav")).unwrap();
        let index = index(dir.path());
        assert_eq!(named(&index, "x"), "x.wav Unreadable");
        assert_eq!(index.unlisted().len(), 1);
    }

    #[test]
    fn a_socket_with_the_name_of_a_recording_is_never_opened() {
        let dir = folder(&[]);
        let _socket = UnixListener::bind(dir.path().join("x.wav")).unwrap();
        let index = index(dir.path());
        assert_eq!(named(&index, "x.wav"), "x.wav NotAFile");
        assert_eq!(index.len(), 0);
    }

    #[test]
    fn what_became_a_link_after_the_walk_is_not_opened() {
        let outside = folder(&["secret.wav"]);
        let dir = folder(&["x.wav"]);
        let index = index(dir.path());
        let Some(recording) = index.recordings().next() else {
            panic!("no recording");
        };
        fs::remove_file(dir.path().join("x.wav")).unwrap();
        symlink(outside.path().join("secret.wav"), dir.path().join("x.wav")).unwrap();
        assert!(recording.open().is_err());
    }

    #[test]
    fn a_name_that_is_no_text_is_still_opened() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let dir = folder(&[]);
        fs::write(dir.path().join(OsStr::from_bytes(b"a\xff.mp3")), "sound").unwrap();
        let index = index(dir.path());
        assert_eq!(named(&index, "a*"), "a\u{fffd}.mp3");
        assert!(index.recordings().all(|recording| recording.open().is_ok()));
    }

    const FILES: [&str; 5] = ["a/b.wav", "a/..wav", "...wav", "%2e%2e.wav", "a_b.wav"];

    proptest! {
        #[test]
        fn no_name_and_no_id_reaches_out_of_the_folder(
            names in prop::collection::vec(hostile(), 0..3),
            identity in hostile(),
        ) {
            let outside = folder(&["secret.wav", "passwd.wav"]);
            let dir = folder(&FILES);
            symlink(outside.path(), dir.path().join("link")).unwrap();
            symlink(outside.path().join("secret.wav"), dir.path().join("a/link.wav")).unwrap();
            let index = index(dir.path());
            let names: Vec<_> = names.iter().map(|name| parts(name)).collect();
            let found = find(&index, &ask(&names, &[], &identity));
            let recordings = match found {
                SearchResult::One(recording, _) | SearchResult::Unusable { recording, .. } => vec![recording],
                SearchResult::Several { first, .. } => first,
                SearchResult::Missing | SearchResult::Refused { .. } => vec![],
            };
            for recording in recordings {
                let file = recording.open();
                let Ok(OpenRecording::File(file)) = file else {
                    panic!("{}: {file:?}", recording.name);
                };
                let file = file.metadata().unwrap();
                let is_there = |name| {
                    let there = fs::metadata(dir.path().join(name)).unwrap();
                    (there.dev(), there.ino()) == (file.dev(), file.ino())
                };
                prop_assert!(FILES.into_iter().any(is_there));
            }
        }
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("..".to_owned()),
            Just("/".to_owned()),
            Just("\\".to_owned()),
            Just("%2e%2e%2f".to_owned()),
            Just("link".to_owned()),
            Just("secret".to_owned()),
            Just(".wav".to_owned()),
            Just("*".to_owned()),
            Just("a".to_owned()),
            Just("\0".to_owned()),
            Just("https://".to_owned()),
            Just("x".repeat(10_000)),
            any::<String>(),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }
}
