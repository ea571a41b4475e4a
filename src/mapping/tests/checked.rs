//! What the evaluation of a record says of its values is what the check of a call says.

use proptest::prelude::*;

use super::orderly::{HEADER, MAPPING, ORDERLY, cell};
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
    for (column, cell) in [
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
        (9, "maybe"),
        (10, "other"),
        (10, "3"),
        (11, "12,50"),
        (11, "1e999"),
        (12, "stereo"),
    ] {
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
