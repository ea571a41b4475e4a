//! Any cell by every conversion: a value that the API can take, or a problem.
#![no_main]

use std::sync::LazyLock;

use capturi_import_fuzz::domain::call::{Draft, Field, Value};
use capturi_import_fuzz::mapping::{CallMapping, MappedCall, MappingFile};
use capturi_import_fuzz::row::row;
use libfuzzer_sys::fuzz_target;

const RULES: [(Field, &str); 16] = [
    (Field::DateTime, r#"{ from = "c", timezone = "Europe/Copenhagen" }"#),
    (Field::DateTime, r#"{ from = "c", formats = ["epoch", "epoch_ms", "spreadsheet", "iso"], timezone = "America/New_York", fold = "earlier", gap = "later" }"#),
    (Field::DateTime, r#"{ from = "c", formats = ["%d-%m-%Y %H.%M.%S", "%a, %d %b %Y %H:%M:%S %z", "%m/%d/%y %I:%M %p", "%Y%m%d%H%M%S", "%s"], timezone = "UTC" }"#),
    (Field::Customer, r#"{ from = "c", as = "phone", region = "DK" }"#),
    (Field::Customer, r#"{ from = "c", as = "phone" }"#),
    (Field::CustomNumberProp1, r#"{ from = "c" }"#),
    (Field::CustomNumberProp1, r#"{ from = "c", decimal = ",", thousands = "." }"#),
    (Field::CustomNumberProp2, r#"{ from = "c", as = "seconds" }"#),
    (Field::CustomNumberProp2, r#"{ from = "c", as = "seconds", unit = "mm:ss" }"#),
    (Field::CustomNumberProp2, r#"{ from = "c", as = "seconds", unit = "days" }"#),
    (Field::HasConsent, r#"{ from = "c" }"#),
    (Field::ConversationSegments, r#"{ from = "c" }"#),
    (Field::Labels, r#"{ from = "c", split = ["|", ";"] }"#),
    (Field::AgentEmail, r#"{ from = "c", as = "email" }"#),
    (Field::CustomProp1, r#"{ from = "c", as = "json" }"#),
    (Field::SalesPersonAudioChannel, r#"{ from = "c" }"#),
];

static MAPPINGS: LazyLock<Vec<(Field, MappingFile)>> = LazyLock::new(|| {
    let load = |(field, rule): (Field, &str)| {
        let text = format!("[fields]\n{field} = {rule}\n");
        MappingFile::load(&text, "values.toml", None).ok().map(|mapping| (field, mapping))
    };
    RULES.into_iter().filter_map(load).collect()
});

fuzz_target!(|cell: &str| {
    assert!(MAPPINGS.len() >= 14, "the rules load");
    let batch = row(&["c"], &[cell]);
    let record = batch.get(0);
    for (field, mapping) in &*MAPPINGS {
        let profile = CallMapping::bind(mapping, batch.sheet()).expect("the column is there");
        let mut problems = Vec::new();
        let mut draft = Draft::new();
        let mapped = profile.evaluate(&record, &mut draft, &mut problems);
        assert_eq!(mapped, MappedCall::Filled, "no rule skips");
        let value = draft.get(*field);
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        assert_eq!(value == Value::Broken, errors > 0, "{field}: {value:?}, {problems:?}");
        match value {
            Value::Time(text, at) => {
                assert_eq!(text.parse::<jiff::Timestamp>().ok(), Some(at), "{text}");
            }
            Value::Number(text) => {
                assert!(serde_json::from_str::<serde_json::Number>(&text).is_ok(), "{text}");
            }
            Value::Segments(segments) => {
                assert!(segments.iter().all(|segment| segment.duration >= 1));
            }
            _ => {}
        }
    }
});
