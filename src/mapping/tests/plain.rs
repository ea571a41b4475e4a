//! The short way through a mapping says what the full evaluation says, of every row that takes it.

use proptest::prelude::*;

use super::orderly::{HEADER, MAPPING, ORDERLY, cell};
use super::{Batch, apply, assert_roads_agree, bind, row};
use crate::domain::call::Plain;

fn goes_the_short_way(mapping: &str, batch: &Batch) -> bool {
    let profile = bind(mapping, batch);
    let mut problems = Vec::new();
    match apply(&profile, &batch.get(0), &mut problems) {
        Ok(draft) => assert_roads_agree(&profile, batch, draft, &problems),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_row_in_order_goes_the_short_way_and_a_doubtful_cell_ends_it() {
    assert!(goes_the_short_way(MAPPING, &row(&HEADER, &ORDERLY)));
    for (column, cell) in [
        (4, "12 34 56 78"),
        (5, "15.03.2024 09:12"),
        (5, "2024-03-15 09:12:03"),
    ] {
        let mut cells = ORDERLY;
        cells[column] = cell;
        assert!(goes_the_short_way(MAPPING, &row(&HEADER, &cells)), "{cell}");
    }
    let doubtful = [
        (0, " c-1"),
        (0, "1.23E+18"),
        (0, "=\"00124\""),
        (0, "1710494410,60"),
        (0, "c\u{200b}1"),
        (1, "'7"),
        (1, "7\t"),
        (2, "=\"Testine\""),
        (3, "'testine@example.com"),
        (1, ""),
        (2, " "),
        (3, "mailto:testine@example.com"),
        (3, "testine"),
        (4, "1234"),
        (4, "anonymous"),
        (5, "27.10.2024 02:30"),
        (5, "1970-01-01T00:00:00Z"),
        (5, "0024-03-15T09:12:03Z"),
        (5, "2024-03-15T09:12:60Z"),
        (5, "2024-03-15T09:12:03+25:59"),
        (5, "2024-02-30T09:12:03Z"),
        (6, ""),
        (8, "a|a"),
        (8, r#"["a","b"]"#),
        (9, "maybe"),
        (10, "LEFT"),
        (10, "other"),
        (10, "3"),
        (11, "12,50"),
        (11, "1e999"),
        (12, "stereo"),
        (12, ""),
        (13, r#"[{"startSeconds":0,"durationSeconds":10}]"#),
    ];
    for (column, cell) in doubtful {
        let mut cells = ORDERLY;
        cells[column] = cell;
        assert!(
            !goes_the_short_way(MAPPING, &row(&HEADER, &cells)),
            "{column} {cell:?}"
        );
    }
}

#[test]
fn a_mapping_that_does_more_has_no_short_way() {
    let whole = MAPPING.replace(
        "[fields]",
        "[fields]\nstatus = { template = \"{{ title }}\" }",
    );
    for mapping in [
        whole,
        MAPPING.replace(
            "agentId = \"agent\"",
            "agentId = { from = \"agent\", extract = \"[0-9]+\" }",
        ),
        MAPPING.replace("agentId = \"agent\"", "agentId = { value = \"7\" }"),
        MAPPING.replace(
            "agentId = \"agent\"",
            "agentId = { from = \"agent\", as = \"number\" }",
        ),
    ] {
        assert!(
            !goes_the_short_way(&mapping, &row(&HEADER, &ORDERLY)),
            "{mapping}"
        );
    }
}

#[test]
fn a_row_that_a_rule_leaves_out_does_not_go_the_short_way() {
    let mapping = MAPPING.replace(
        "[fields]",
        "[source.skip]\nbills = \"title == 'Faktura'\"\n[fields]",
    );
    let batch = row(&HEADER, &ORDERLY);
    let profile = bind(&mapping, &batch);
    let mut plain = Plain::default();
    assert!(!profile.read_plain(&batch.get(0), &mut plain));
    let mut cells = ORDERLY;
    cells[6] = "Opfølgning";
    assert!(goes_the_short_way(&mapping, &row(&HEADER, &cells)));
}

proptest! {
    #[test]
    fn both_roads_agree_on_any_cells(changes in prop::collection::vec((0_usize..14, cell()), 0..4), length in 10_usize..15) {
        let mut cells: Vec<String> = ORDERLY.map(str::to_owned).into();
        for (column, cell) in changes {
            cells[column] = cell;
        }
        cells.truncate(length);
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        goes_the_short_way(MAPPING, &row(&HEADER, &cells));
        // The same cells as other kinds of values.
        let turned = MAPPING
            .replace("customer = { from = \"customer\", as = \"phone\", region = \"DK\" }", "customer = \"customer\"")
            .replace("customProp1 = { from = \"prop\", default = \"none\" }", "customProp1 = { from = \"mail\", as = \"email\" }");
        goes_the_short_way(&turned, &row(&HEADER, &cells));
    }
}
