//! Any name of a recording: never a file outside of the audio folder.
#![no_main]

use std::io::Read as _;
use std::sync::LazyLock;

use capturi_import_fuzz::recordings::{AskedPart, Index, IndexOptions, RecordingSearch, SearchResult, build_index, find};
use capturi_import_fuzz::read::folder;
use libfuzzer_sys::fuzz_target;

/// What each file in the folder holds, and none outside of it.
const INSIDE: [u8; 100] = [0x55; 100];

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let root = folder().join("recordings");
    for name in [
        "a.wav",
        "a.mp3",
        "2024/03/b [1].wav",
        "2024/03/12%3A30_c.wav",
        "x/æ-ø.wav",
        "..b.wav",
    ] {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("a folder");
        std::fs::write(path, INSIDE).expect("a file");
    }
    std::fs::write(folder().join("outside.wav"), [0xAA; 100]).expect("a file");
    build_index(&root, &IndexOptions::default()).expect("the folder can be read")
});

/// A name in which `*` is any text, and what stands between a value of the record and text in turn.
fn parts(name: &str) -> Vec<AskedPart<'_>> {
    let pieces = name.split('*').enumerate();
    let mut parts: Vec<AskedPart<'_>> = pieces
        .flat_map(|(at, piece)| {
            let said = if at % 2 == 0 { AskedPart::Value(piece) } else { AskedPart::Text(piece) };
            [said, AskedPart::Wildcard]
        })
        .collect();
    parts.pop();
    parts
}

fuzz_target!(|text: &str| {
    let names: Vec<Vec<AskedPart<'_>>> = text.split('\u{1}').map(parts).collect();
    let identity = text.rsplit('\u{1}').next().unwrap_or_default();
    let found = find(&INDEX, &RecordingSearch { names: &names, keys: &[], identity, record: identity, owned: None });
    let recordings = match found {
        SearchResult::One(recording, _) | SearchResult::Unusable { recording, .. } => vec![recording],
        SearchResult::Several { first, total, .. } => {
            assert!(total >= first.len() && total > 1);
            first
        }
        SearchResult::Missing | SearchResult::Refused { .. } => Vec::new(),
    };
    for recording in recordings {
        let mut bytes = Vec::new();
        let opened = recording.open().map(|mut file| file.read_to_end(&mut bytes));
        assert!(matches!(opened, Ok(Ok(_))), "{:?}: {opened:?}", recording.name);
        assert_eq!(bytes, INSIDE, "{:?}", recording.name);
    }
});
