//! Any argument and any name of a file: units, hours, patterns, problem codes and names are answered.
#![no_main]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use capturi_import_fuzz::recordings::{AskedPart, IndexOptions, RecordingSearch, build_index, find};
use capturi_import_fuzz::domain::Code;
use capturi_import_fuzz::config::read_all;
use capturi_import_fuzz::delivery::{Hours, time_of_day};
use capturi_import_fuzz::mapping::{MappingFile, Preset};
use capturi_import_fuzz::read::folder;
use capturi_import_fuzz::source::{Input, ReadOptions, FileDecision, expand, read_sheet, open};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    read_all(&text);
    if let Ok(hours) = Hours::parse(&text) {
        assert_eq!(Hours::parse(&hours.to_string()).ok(), Some(hours), "{text}");
    }
    let _ = time_of_day(&text);
    let _ = Code::from_name(&text).map(Code::explanation);
    let _ = Preset::named(&text);
    let quoted = serde_json::to_string(&text).expect("text is JSON");
    for rule in [
        format!("dateTime = {{ from = \"c\", formats = [{quoted}] }}"),
        format!("dateTime = {{ from = \"c\", timezone = {quoted} }}"),
        format!("subject = {quoted}"),
    ] {
        let _ = MappingFile::load(&format!("[fields]\n{rule}\n"), "arguments.toml", None);
    }
    let _ = MappingFile::load(&format!("[fields]\n[audio]\npatterns = [{quoted}]\n"), "arguments.toml", None);
    names(bytes, &text);
});

/// A file of this name, where the system takes it, and what looks for files.
fn names(bytes: &[u8], text: &str) {
    let root = folder().join("names");
    std::fs::create_dir_all(&root).expect("a folder");
    let is_name = !bytes.is_empty()
        && bytes.len() < 200
        && !bytes.iter().any(|byte| matches!(byte, b'/' | 0))
        && !matches!(bytes, b"." | b"..");
    let path = root.join(OsStr::from_bytes(if is_name { bytes } else { b"plain.csv" }));
    if std::fs::write(&path, "id,subject\n1,a\n").is_err() {
        return;
    }
    let input = Input::file(&path);
    let _ = read_sheet(&input, &ReadOptions::default());
    let _ = open(&input, &ReadOptions::default()).map(Iterator::count);
    // A pattern may name the folder of the test, and nothing above it.
    let pattern: Vec<u8> = bytes.iter().copied().filter(|byte| !matches!(byte, b'/' | 0)).collect();
    let below = [root.join(OsStr::from_bytes(&pattern)), root.join("*"), path.clone()];
    let _ = expand(&below.map(Into::into), &|_, _| FileDecision::Read);
    if let Ok(index) = build_index(&root, &IndexOptions::default()) {
        let names = [vec![AskedPart::Value(text)], vec![AskedPart::Wildcard]];
        let ask = RecordingSearch { names: &names, keys: &[], identity: text, record: text, owned: None };
        let _ = find(&index, &ask);
    }
    std::fs::remove_file(&path).expect("it was written");
}
