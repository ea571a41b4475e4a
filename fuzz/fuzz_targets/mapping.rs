//! Any text as a mapping file: it loads, or says where it is wrong.
#![no_main]

use capturi_import_fuzz::domain::call::Draft;
use capturi_import_fuzz::mapping::{CallMapping, CaseMapping, MappingFile, RecordScope};
use capturi_import_fuzz::row::{row, tree};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    match MappingFile::load(text, "any.toml", None) {
        Ok(mapping) => {
            let table = row(&["a", "b", "c"], &["1", "x, y", "2024-03-15 09:12:03"]);
            let object = tree(json!({ "a": 1.5, "b": ["x", { "c": null }], "c": "æ" }));
            for batch in [table, object] {
                let record = batch.get(0);
                if let Ok(profile) = CallMapping::bind(&mapping, batch.sheet()) {
                    let _ = profile.evaluate(&record, &mut Draft::new(), &mut Vec::new());
                    let _ = profile.recordings(&record);
                }
                if let Ok(Some(profile)) = CaseMapping::bind(&mapping, batch.sheet()) {
                    let _ = profile.apply(&record, &RecordScope::default(), &mut Vec::new());
                }
            }
        }
        Err(error) => {
            assert!(!error.findings().is_empty());
            for finding in error.findings() {
                assert_eq!(text.get(finding.span.clone()), Some(finding.text.as_str()));
                assert!(finding.line >= 1 && finding.line <= text.split('\n').count());
            }
            assert!(error.to_string().contains("any.toml"));
        }
    }
});
