//! What a row in order becomes, value by value.

use xxhash_rust::xxh3::xxh3_64;

use super::checked::is_clean;
use super::orderly::{HEADER, MAPPING, ORDERLY};
use super::{apply, bind, labels, map, number, row, text, time};
use crate::domain::call::{Call, Draft, Field, Value};
use crate::mapping::MappedCall;

#[test]
fn each_cell_of_a_row_in_order_becomes_the_value_of_its_field() {
    let batch = row(&HEADER, &ORDERLY);
    let mapping = bind(MAPPING, &batch);
    let mut problems = Vec::new();
    let draft = apply(&mapping, &batch.get(0), &mut problems).unwrap();
    let mut faults = Vec::new();
    let call = Call::new(draft, &mut faults).unwrap();
    assert!(
        problems.is_empty() && faults.is_empty(),
        "{problems:?} {faults:?}"
    );
    let expected = [
        (Field::ExternalIdentity, text("c-1")),
        (Field::AgentId, text("7")),
        (Field::AgentName, text("Testine Prøvesen")),
        (Field::AgentEmail, text("testine@example.com")),
        (Field::Customer, text("+4512345678")),
        (Field::DateTime, time("2024-03-15T09:12:03+01:00")),
        (Field::Subject, text("Faktura")),
        (Field::Labels, labels(&["a", "b"])),
        (Field::HasConsent, Value::Bool(true)),
        (Field::AudioChannels, text("Stereo")),
        (Field::SalesPersonAudioChannel, number("1")),
        (Field::CustomProp1, text("Stereo")),
        (Field::CustomNumberProp1, number("12.50")),
    ];
    assert!(call.fields().eq(expected));
    // Ledgers keep these: what was sent must not look changed after an update of the program.
    let print = 272_840_053_563_888_773_310_537_939_133_342_109_870;
    assert_eq!(call.fingerprint(&mut Vec::new()), print);
    assert_eq!(call.identity_hash(), xxh3_64(b"c-1"));
}

#[test]
fn cells_that_are_rewritten_are_in_order_too() {
    for (column, cell, field, value) in [
        (4, "12 34 56 78", Field::Customer, text("+4512345678")),
        (
            5,
            "15.03.2024 09:12",
            Field::DateTime,
            time("2024-03-15T09:12:00+01:00"),
        ),
        (
            5,
            "2024-03-15 09:12:03",
            Field::DateTime,
            time("2024-03-15T09:12:03+01:00"),
        ),
        (8, r#"["a","b"]"#, Field::Labels, labels(&["a", "b"])),
        (10, "LEFT", Field::SalesPersonAudioChannel, number("1")),
        (12, "", Field::CustomProp1, text("none")),
    ] {
        let mut cells = ORDERLY;
        cells[column] = cell;
        assert!(is_clean(MAPPING, &cells), "{column} {cell:?}");
        let batch = row(&HEADER, &cells);
        assert_eq!(
            map(MAPPING, &batch, field),
            (value, Vec::new()),
            "{column} {cell:?}"
        );
    }
}

#[test]
fn a_mapping_that_does_more_says_the_same_of_the_other_cells() {
    let agent = "agentId = \"agent\"";
    for (from, to, field, value) in [
        (
            "[fields]",
            "[fields]\nstatus = { template = \"{{ title }}\" }",
            Field::Status,
            "Faktura",
        ),
        (
            agent,
            "agentId = { from = \"agent\", extract = \"[0-9]+\" }",
            Field::AgentId,
            "7",
        ),
        (agent, "agentId = { value = \"7\" }", Field::AgentId, "7"),
        (
            agent,
            "agentId = { from = \"agent\", as = \"number\" }",
            Field::AgentId,
            "7",
        ),
    ] {
        let mapping = MAPPING.replace(from, to);
        assert_ne!(mapping, MAPPING);
        let batch = row(&HEADER, &ORDERLY);
        assert!(is_clean(&mapping, &ORDERLY), "{mapping}");
        assert_eq!(
            map(&mapping, &batch, field),
            (text(value), Vec::new()),
            "{mapping}"
        );
        let (whole, plain) = (bind(&mapping, &batch), bind(MAPPING, &batch));
        let whole = apply(&whole, &batch.get(0), &mut Vec::new()).unwrap();
        let plain = apply(&plain, &batch.get(0), &mut Vec::new()).unwrap();
        for other in Field::ALL.into_iter().filter(|other| *other != field) {
            assert_eq!(whole.get(other), plain.get(other), "{other}");
        }
    }
}

#[test]
fn a_row_that_a_rule_leaves_out_becomes_no_call() {
    let mapping = MAPPING.replace(
        "[fields]",
        "[source.skip]\nbills = \"title == 'Faktura'\"\n[fields]",
    );
    let batch = row(&HEADER, &ORDERLY);
    let profile = bind(&mapping, &batch);
    let evaluated = profile.evaluate(&batch.get(0), &mut Draft::new(), &mut Vec::new());
    assert_eq!(evaluated, MappedCall::Skipped("bills"));
    let mut cells = ORDERLY;
    cells[6] = "Opfølgning";
    assert!(is_clean(&mapping, &cells));
}
