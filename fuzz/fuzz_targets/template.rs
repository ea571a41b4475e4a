//! Any text as a template: it ends, and its output is bounded.
#![no_main]

use capturi_import_fuzz::domain::call::{Draft, Field, Value};
use capturi_import_fuzz::mapping::{CallMapping, MappedCall, MappingFile};
use capturi_import_fuzz::row::row;
use libfuzzer_sys::fuzz_target;

/// More than any limit that the documentation states.
const TOO_LONG: usize = 32 << 20;

fuzz_target!(|template: &str| {
    let template = toml::Value::String(template.to_owned());
    let text = format!("[fields]\nsubject = {{ template = {template} }}\n");
    let Ok(mapping) = MappingFile::load(&text, "any.toml", None) else {
        return;
    };
    let batch = row(&["a", "b"], &["12", "x y z"]);
    let Ok(profile) = CallMapping::bind(&mapping, batch.sheet()) else {
        return;
    };
    let record = batch.get(0);
    let mut problems = Vec::new();
    let mut draft = Draft::new();
    if profile.evaluate(&record, &mut draft, &mut problems) == MappedCall::Filled {
        match draft.get(Field::Subject) {
            Value::Text(text) => assert!(text.len() < TOO_LONG),
            Value::Broken => assert!(!problems.is_empty()),
            _ => {}
        }
    }
});
