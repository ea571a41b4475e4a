use std::path::Path;

use super::*;

fn v1() -> MappingFile {
    Preset::named("capturi-v1")
        .unwrap()
        .load()
        .unwrap_or_else(|error| panic!("{error}"))
}

const V1: [(&str, &str); 15] = [
    ("externalId", "1"),
    ("agentId", "7"),
    ("agentName", "Ida Opdigtet"),
    ("agentEmail", "ida@example.com"),
    ("phoneNumber", "12 34 56 78"),
    ("datetime", "2024-03-15T09:12:03+01:00"),
    ("title", "Faktura"),
    ("numberOfSpeakers", "2"),
    ("outcome", "Solgt"),
    ("outcomeReason", "Pris"),
    ("caseId", "S-9"),
    ("agentAudioChannel", "right"),
    ("labels", "a;b"),
    ("hasConsent", "nej"),
    ("recording", "1.wav"),
];

fn batch(columns: &[(&str, &str)]) -> Batch {
    let (names, cells): (Vec<&str>, Vec<&str>) = columns.iter().copied().unzip();
    row(&names, &cells)
}

fn with(name: &str, value: &'static str) -> (MappingFile, Batch) {
    let mut columns = V1.to_vec();
    match columns.iter_mut().find(|(known, _)| *known == name) {
        Some((_, cell)) => *cell = value,
        None => unreachable!("no column {name}"),
    }
    (v1(), batch(&columns))
}

fn outcome(mapping: &MappingFile, batch: &Batch, field: Field) -> (Value<'static>, Vec<Code>) {
    let profile =
        CallMapping::bind(mapping, batch.sheet()).unwrap_or_else(|error| panic!("{error}"));
    let mut problems = Vec::new();
    let Ok(draft) = apply(&profile, &batch.get(0), &mut problems) else {
        panic!("skipped");
    };
    let codes = problems.iter().map(|problem| problem.code).collect();
    (draft.get(field).clone().into_owned(), codes)
}

#[test]
fn every_preset_loads_and_the_default_is_first() {
    assert_eq!(Preset::all()[0].name, Preset::DEFAULT);
    for preset in Preset::all() {
        // Second files are looked for beside the export.
        let loaded = preset.load_beside(Some(Path::new("samples/zendesk")), &[]);
        assert!(loaded.is_ok(), "{}", preset.name);
        assert!(
            preset.text.starts_with("# "),
            "{} says nothing in its head",
            preset.name
        );
    }
}

#[test]
fn the_v1_shape_becomes_v2_by_the_documented_table() {
    let batch = batch(&V1);
    for (field, value) in [
        (Field::ExternalIdentity, text("1")),
        (Field::Customer, text("12 34 56 78")),
        (Field::DateTime, time("2024-03-15T09:12:03+01:00")),
        (Field::Subject, text("Faktura")),
        (Field::AudioChannels, text("Mono2Speaker")),
        (Field::CustomProp1, text("Solgt")),
        (Field::CustomProp2, text("Pris")),
        (Field::CustomProp3, text("S-9")),
        (Field::SalesPersonAudioChannel, number("2")),
        (Field::Labels, labels(&["a", "b"])),
        (Field::HasConsent, Value::Bool(false)),
    ] {
        assert_eq!(outcome(&v1(), &batch, field), (value, vec![]), "{field}");
    }
    let profile = CallMapping::bind(&v1(), batch.sheet()).unwrap();
    assert_eq!(profile.unused_columns(), [""; 0]);
    let names: Vec<_> = profile
        .audio_names(&batch.get(0))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["1.wav", "1"]);
}

#[test]
fn values_that_v1_does_not_know_are_errors() {
    let (mapping, batch) = with("numberOfSpeakers", "3");
    assert_eq!(
        outcome(&mapping, &batch, Field::AudioChannels),
        (Value::Broken, vec![Code::UnmappedValue])
    );
    let (mapping, batch) = with("hasConsent", "måske");
    assert_eq!(
        outcome(&mapping, &batch, Field::HasConsent),
        (Value::Broken, vec![Code::BadConsent])
    );
    let (mapping, batch) = with("agentAudioChannel", "both");
    assert_eq!(
        outcome(&mapping, &batch, Field::SalesPersonAudioChannel),
        (Value::Broken, vec![Code::UnmappedValue])
    );
}

#[test]
fn all_36_fields_can_be_fed_by_their_own_names() {
    let cells: Vec<(&str, &str)> = Field::ALL
        .into_iter()
        .map(|field| match field {
            Field::DateTime => (field.name(), "2024-03-15T09:12:03Z"),
            Field::HasConsent => (field.name(), "true"),
            Field::AudioChannels => (field.name(), "Stereo"),
            Field::ConversationSegments => {
                (field.name(), r#"[{"startSeconds":1,"durationSeconds":2}]"#)
            }
            _ => (field.name(), "1"),
        })
        .collect();
    let batch = batch(&cells);
    let profile = CallMapping::bind(&v1(), batch.sheet()).unwrap();
    assert_eq!(profile.unfilled_targets(), []);
    assert_eq!(profile.unused_columns(), [""; 0]);
    for field in Field::ALL {
        let (value, codes) = outcome(&v1(), &batch, field);
        assert!(
            !matches!(value, Value::Absent | Value::Broken),
            "{field} {value:?}"
        );
        assert_eq!(codes, []);
        assert_eq!(profile.column_of(field), field.name());
    }
}

#[test]
fn names_of_v3_are_taken_too_and_an_explicit_v2_value_wins() {
    let columns = [
        ("team", "Salg"),
        ("cutAudio", r#"[{"startSeconds":1,"durationSeconds":2}]"#),
    ];
    let mut all = V1.to_vec();
    all.extend(columns);
    all.push(("audioChannels", "Stereo"));
    let batch = batch(&all);
    assert_eq!(outcome(&v1(), &batch, Field::TeamName).0, text("Salg"));
    assert!(matches!(
        outcome(&v1(), &batch, Field::ConversationSegments).0,
        Value::Segments(_)
    ));
    assert_eq!(
        outcome(&v1(), &batch, Field::AudioChannels).0,
        text("Stereo")
    );
}

#[test]
fn a_missing_required_column_is_one_error_of_the_file() {
    let columns: Vec<_> = V1
        .into_iter()
        .filter(|(name, _)| *name != "externalId" && *name != "title")
        .collect();
    let error = CallMapping::bind(&v1(), batch(&columns).sheet()).unwrap_err();
    let messages: Vec<&str> = error
        .findings()
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "export.csv has no column for `externalIdentity`: none of externalIdentity, externalId",
            "export.csv has no column for `subject`: none of subject, title",
        ]
    );
}

#[test]
fn the_same_mapping_reads_json() {
    let batch = tree(
        r#"{"externalId": 12345678901234567890, "numberOfSpeakers": 1, "labels": ["a", "b;c"], "hasConsent": false,
            "customNumberProp3": 1.50, "cutAudio": [{"startSeconds": 0, "durationSeconds": 9}]}"#,
    );
    for (field, value) in [
        (Field::ExternalIdentity, text("12345678901234567890")),
        (Field::AudioChannels, text("Mono1Speaker")),
        (Field::Labels, labels(&["a", "b;c"])),
        (Field::HasConsent, Value::Bool(false)),
        (Field::CustomNumberProp3, number("1.50")),
        (Field::Subject, Value::Absent),
    ] {
        assert_eq!(outcome(&v1(), &batch, field), (value, vec![]), "{field}");
    }
}
