//! Whether the records of a file are those that a mapping is for.

use super::*;
use crate::mapping::Mismatch;

/// What is told of a file of these records, after the mapping has been applied to each.
fn told(mapping: &str, records: &[&str]) -> (usize, Vec<Mismatch>) {
    let mapping = load(mapping);
    let sheet = Arc::clone(tree("{}").sheet());
    let profile = CallMapping::bind(&mapping, &sheet).unwrap();
    let mut batch = Batch::new(sheet);
    for record in records {
        batch.push_tree(1, None, serde_json::from_str(record).unwrap());
    }
    let mut drafts = 0;
    for record in batch.iter() {
        let mapped = apply(&profile, &record, &mut Vec::new());
        drafts += usize::from(mapped.is_ok());
    }
    let watches = profile.watches();
    (
        drafts,
        watches.iter().flat_map(|watch| watch.misfits()).collect(),
    )
}

fn codes(mapping: &str, records: &[&str]) -> Vec<Code> {
    let (_, misfits) = told(mapping, records);
    misfits.iter().map(|misfit| misfit.code).collect()
}

const CALLS: &str = "[source]\nrequires = [\"id\"]\n[source.skip]\n\
    no_agent = \"not user.id and not user.email\"\nnot_done = \"status != 'done'\"\n\
    [fields]\nexternalIdentity = \"id\"";

#[test]
fn a_rule_that_looks_at_a_key_which_no_record_has_is_told() {
    let renamed = [r#"{"id": 1, "status": "done", "agent": {"id": 7}}"#; 3];
    let (drafts, misfits) = told(CALLS, &renamed);
    assert_eq!(drafts, 0);
    assert_eq!(misfits.len(), 1, "{misfits:?}");
    assert_eq!(misfits[0].code, Code::OtherShape);
    let said = "`no_agent` left out 3 records, but no record has `user.email` or `user.id`";
    assert!(
        misfits[0].message.starts_with(said),
        "{}",
        misfits[0].message
    );
    // An allow list holds for want of its key, too.
    let unsaid = [r#"{"id": 1, "state": "done", "user": {"id": 7}}"#];
    assert_eq!(codes(CALLS, &unsaid), [Code::OtherShape]);
    // Keys inside of something that has others are missing as well.
    let inside = [r#"{"id": 1, "status": "done", "user": {"uid": 7}}"#];
    assert_eq!(codes(CALLS, &inside), [Code::OtherShape]);
}

#[test]
fn a_key_that_is_there_and_empty_or_in_another_record_is_there() {
    let abandoned = [
        r#"{"id": 1, "status": "done", "user": null}"#,
        r#"{"id": 2, "status": "lost", "user": {"id": 7}}"#,
    ];
    let (_, misfits) = told(CALLS, &abandoned);
    assert_eq!(misfits.len(), 1, "{misfits:?}");
    assert_eq!(misfits[0].code, Code::AllLeftOut);
    let said = "the mapping left out all of 2 records: 1 by `no_agent`, 1 by `not_done`";
    assert_eq!(misfits[0].message, said);
    let sparse = [
        r#"{"id": 1, "status": "done"}"#,
        r#"{"id": 2, "status": "done", "user": {"id": 7}}"#,
    ];
    assert_eq!(codes(CALLS, &sparse), []);
    assert_eq!(codes(CALLS, &[]), []);
}

#[test]
fn a_rule_that_holds_by_what_is_there_is_not_told() {
    let rules = "[source.skip]\nleft = \"status == 'lost' or is_test\"\nnobody = \"not (agent or handler)\"\n[fields]\nexternalIdentity = \"id\"";
    // `is_test` and `handler` are never there; the others say enough.
    let records = [
        r#"{"id": 1, "status": "lost", "agent": "a"}"#,
        r#"{"id": 2, "status": "done", "agent": ""}"#,
    ];
    assert_eq!(codes(rules, &records), [Code::AllLeftOut]);
    let records = [r#"{"id": 2, "status": "done"}"#];
    assert_eq!(codes(rules, &records), [Code::OtherShape]);
}

#[test]
fn many_records_of_one_kind_do_not_hide_one_of_another() {
    let rules = "[source.skip]\ninner = \"way == 'inner' or seconds | float < 5 or not kind\"\n[fields]\nexternalIdentity = \"id\"";
    // Left out by what is there, whatever `kind` says.
    let inner =
        (0..600).map(|id| format!(r#"{{"id": {id}, "way": "inner", "seconds": {}}}"#, id + 9));
    let mut records: Vec<String> = inner.collect();
    let said = |records: &[String]| {
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        told(rules, &records).1
    };
    assert_eq!(said(&records)[0].code, Code::AllLeftOut);
    let outer = (0..600).map(|id| {
        format!(
            r#"{{"id": "o{id}", "way": "outer", "seconds": {}}}"#,
            id + 9
        )
    });
    records.extend(outer);
    let misfits = said(&records);
    assert_eq!(misfits[0].code, Code::OtherShape);
    let counted = "`inner` left out 600 records, but no record has `kind`";
    assert!(misfits[0].message.starts_with(counted), "{misfits:?}");
    // A number is told from the same number as another record has it.
    let short = [
        r#"{"way": "outer", "seconds": 5}"#,
        r#"{"way": "outer", "seconds": 4}"#,
    ];
    let short = short.map(str::to_owned);
    assert!(
        said(&short)[0].message.contains("left out 1 record,"),
        "{:?}",
        said(&short)
    );
}

#[test]
fn what_lacks_the_required_keys_is_no_record_and_the_hint_says_where_they_are() {
    let page =
        [r#"{"data": {"event": "ended", "call": {"id": 1, "status": "done", "user": null}}}"#];
    let (drafts, misfits) = told(CALLS, &page);
    assert_eq!(drafts, 0);
    assert!(
        misfits[0]
            .message
            .ends_with("say `records = \"/data/call\"` in [source]"),
        "{misfits:?}"
    );
    let other = [r#"{"interaction_id": "a", "start_time": "x", "call_type": "inbound"}"#];
    let (_, misfits) = told(CALLS, &other);
    assert!(
        misfits[0]
            .message
            .contains("the preset talkdesk-legacy knows such records"),
        "{misfits:?}"
    );
    let (drafts, misfits) = told(
        CALLS,
        &[
            r#"{"error": "busy"}"#,
            r#"{"id": 1, "status": "done", "user": {"id": 7}}"#,
        ],
    );
    assert_eq!((drafts, misfits), (1, vec![]));
}

#[test]
fn every_preset_says_what_makes_a_record_its_own() {
    for preset in Preset::all() {
        let says = preset
            .text
            .lines()
            .any(|line| line.starts_with("requires "));
        assert!(says, "{}", preset.name);
    }
    let findings = MappingFile::load("[source]\nrequires = \"id\"\n[fields]\n", "m.toml", None);
    assert!(findings.is_err());
}

#[test]
fn a_table_without_a_required_column_is_refused() {
    let mapping = load(
        "[source]\nrequires = [[\"id\", \"key\"], \"kind\"]\n[fields]\nexternalIdentity = \"id\"",
    );
    assert!(CallMapping::bind(&mapping, row(&["id", "Kind"], &[]).sheet()).is_ok());
    let error = CallMapping::bind(&mapping, row(&["id"], &[]).sheet())
        .unwrap_err()
        .to_string();
    assert!(error.contains("has no column `kind`"), "{error}");
}
