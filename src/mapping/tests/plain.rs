//! The short way through a mapping says what the full evaluation says, of every row that takes it.

use proptest::prelude::*;

use super::orderly::{DOUBTFUL, HEADER, MAPPING, ORDERLY, cell};
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
    // Those of the second list are in order, and read by the full evaluation alone.
    let others = [
        (8, r#"["a","b"]"#),
        (10, "LEFT"),
        (12, ""),
        (13, r#"[{"startSeconds":0,"durationSeconds":10}]"#),
    ];
    for (column, cell) in DOUBTFUL.into_iter().chain(others) {
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
