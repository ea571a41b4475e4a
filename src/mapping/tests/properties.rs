use proptest::prelude::*;

use super::*;

/// Pieces of mapping files, put together without sense.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[fields]\n",
        "[source]\n",
        "[audio]\n",
        "subject",
        "dateTime",
        "labels",
        "customer",
        "hasConsent",
        " = ",
        "\"a\"",
        "{ ",
        " }",
        "from = ",
        "as = ",
        "\"time\"",
        "\"phone\"",
        "formats = ",
        "[\"%Y\"]",
        ", ",
        "\n",
        "[",
        "]",
        "'",
        "\"",
        "template = ",
        "\"{{ a }}\"",
        "\"{% if\"",
        "map = ",
        "choose = ",
        "when = ",
        "æ",
        "\u{0}",
        "skip = ",
        "match = ",
        "timezone = ",
        "\"UTC\"",
        "7",
        "-1.5",
        "1979-05-27",
        "true",
        "default = ",
        "split = ",
        "value = ",
        "extract = ",
        "'('",
        "first = ",
        "optional = ",
        "#",
        "\"*\"",
        "language = ",
        "[source.skip]\n",
        "[[",
        ".",
        "\\",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn check(text: &str) -> Result<(), TestCaseError> {
    match MappingFile::load(text, "any.toml", None) {
        Ok(mapping) => {
            let batch = row(&["a", "b"], &["1", "x"]);
            if let Ok(profile) = CallMapping::bind(&mapping, batch.sheet()) {
                let _ = apply(&profile, &batch.get(0), &mut Vec::new());
            }
        }
        Err(error) => {
            prop_assert!(!error.findings().is_empty());
            for finding in error.findings() {
                prop_assert_eq!(text.get(finding.span.clone()), Some(finding.text.as_str()));
                prop_assert!(finding.line >= 1 && finding.line <= text.split('\n').count());
            }
            prop_assert!(error.to_string().contains("any.toml"));
        }
    }
    Ok(())
}

/// A rule for every kind of conversion, and cells near to what it reads.
const RULES: [(Field, &str); 12] = [
    (Field::Subject, r#"{ first = ["c", "d"] }"#),
    (
        Field::Customer,
        r#"{ from = "c", as = "phone", region = "DK" }"#,
    ),
    (
        Field::DateTime,
        r#"{ from = ["c", "d"], formats = ["%d-%m-%Y %H:%M", "iso", "epoch"], timezone = "Europe/Copenhagen" }"#,
    ),
    (Field::HasConsent, r#"{ from = "c" }"#),
    (
        Field::Labels,
        r#"{ from = "c", split = ["|", ";"], map = { a = "b" }, otherwise = "c" }"#,
    ),
    (Field::ConversationSegments, r#"{ from = "c" }"#),
    (
        Field::CustomNumberProp1,
        r#"{ from = "c", decimal = ",", thousands = "." }"#,
    ),
    (
        Field::CustomNumberProp2,
        r#"{ from = "c", as = "seconds" }"#,
    ),
    (Field::Status, r#"{ from = "c", map = { a = "b" } }"#),
    (
        Field::AgentEmail,
        r#"{ from = "c", as = "email", extract = '.+' }"#,
    ),
    (Field::CustomProp1, r#"{ template = "{{ c | int }}" }"#),
    (
        Field::CustomProp2,
        r#"{ choose = [{ when = "c | int > 3", from = "c" }, { from = "d" }] }"#,
    ),
];

proptest! {
    #[test]
    fn any_text_loads_or_says_where_it_is_wrong(text in any::<String>(), pieces in pieces()) {
        check(&text)?;
        check(&pieces)?;
    }

    #[test]
    fn a_cut_or_damaged_preset_never_panics(cut in 0_usize..6000, letter in any::<char>()) {
        let text = Preset::all()[0].text;
        let mut cut = cut.min(text.len());
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        check(&text[..cut])?;
        check(&format!("{}{letter}{}", &text[..cut], &text[cut..]))?;
    }

    #[test]
    fn a_field_is_broken_exactly_when_an_error_was_reported_for_it(
        c in prop_oneof![any::<String>(), "[0-9:.,+ eEjanTZ|;\\[\\]{}\"-]{0,24}", "[0-9]{2}-[0-9]{2}-20[0-9]{2}"],
        d in prop_oneof![Just(String::new()), any::<String>(), "[0-9]{2}:[0-9]{2}"],
    ) {
        let batch = row(&["c", "d"], &[&c, &d]);
        let json = tree(&serde_json::json!({ "c": c, "d": [d, 1.5, null] }).to_string());
        for (field, rule) in RULES {
            for batch in [&batch, &json] {
                let (value, problems) = map_fully(&format!("[fields]\n{field} = {rule}"), batch, field);
                let errors = problems.iter().filter(|problem| problem.is_error()).count();
                prop_assert_eq!(value == Value::Broken, errors > 0, "{} {:?} {:?}", field, value, problems);
            }
        }
    }
}
