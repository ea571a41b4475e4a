//! What the evaluation of a record says of its values is what the check of a call says.

use proptest::prelude::*;

use super::orderly::{DOUBTFUL, HEADER, MAPPING, ORDERLY, cell};
use super::{apply, assert_marks_hold, bind, row};
use crate::domain::call::Call;

/// Evaluates a row; whether it makes a call about which there is nothing to say.
pub(super) fn is_clean(mapping: &str, cells: &[&str]) -> bool {
    let batch = row(&HEADER, cells);
    let profile = bind(mapping, &batch);
    let mut problems = Vec::new();
    let draft = apply(&profile, &batch.get(0), &mut problems).unwrap();
    assert_marks_hold(draft.clone());
    let mut faults = Vec::new();
    Call::new(draft, &mut faults).is_some() && faults.is_empty() && problems.is_empty()
}

#[test]
fn a_row_in_order_is_clean_and_a_doubtful_cell_is_told() {
    assert!(is_clean(MAPPING, &ORDERLY));
    let with = |column: usize, cell: &'static str| {
        let mut cells = ORDERLY;
        cells[column] = cell;
        is_clean(MAPPING, &cells)
    };
    for (column, cell) in [
        (4, "12 34 56 78"),
        (4, "+46 8 465 004 12"),
        (5, "15.03.2024 09:12"),
        (5, "2024-03-15 09:12:03"),
        (8, r#"["a","b"]"#),
        (10, "LEFT"),
        (12, ""),
        (13, r#"[{"startSeconds":0,"durationSeconds":10}]"#),
    ] {
        assert!(with(column, cell), "{column} {cell:?}");
    }
    for (column, cell) in DOUBTFUL {
        assert!(!with(column, cell), "{column} {cell:?}");
    }
}

proptest! {
    #[test]
    fn the_marks_hold_for_any_cells(changes in prop::collection::vec((0_usize..14, cell()), 0..4), length in 10_usize..15) {
        let mut cells: Vec<String> = ORDERLY.map(str::to_owned).into();
        for (column, cell) in changes {
            cells[column] = cell;
        }
        cells.truncate(length);
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        is_clean(MAPPING, &cells);
        // The same cells as other kinds of values.
        let turned = MAPPING
            .replace("customer = { from = \"customer\", as = \"phone\", region = \"DK\" }", "customer = \"customer\"")
            .replace("agentEmail = \"mail\"", "agentEmail = { from = \"mail\", as = \"email\" }")
            .replace("agentId = \"agent\"", "agentId = { from = \"customer\", as = \"phone\" }")
            .replace("customProp1 = { from = \"prop\", default = \"none\" }", "customProp1 = { from = \"mail\", as = \"email\" }");
        is_clean(&turned, &cells);
    }
}
