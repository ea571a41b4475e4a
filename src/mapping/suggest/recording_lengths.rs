//! Which column says how long a recording is: the one whose values the recordings have.

use super::expressions::quoted;
use super::survey::ExportSurvey;
use crate::mapping::value::duration::{Unit, read_seconds};

/// Recordings whose length is asked.
pub(super) const ASKED: usize = 30;
/// So many seconds, and this part of the length, a recording may be off.
const NEAR: (f64, f64) = (2.0, 0.02);

/// A column that says how long recordings are.
#[derive(Debug)]
pub(super) struct LengthColumn {
    /// What stands behind `seconds =`.
    pub(super) toml: String,
    /// What came of it, as a comment.
    pub(super) remark: String,
}

/// The column and unit in which most of the records say the length of their recording, in seconds.
pub(super) fn length_column(
    survey: &ExportSurvey,
    lengths: &[(usize, f64)],
) -> Option<LengthColumn> {
    const UNITS: [(&str, Unit); 5] = [
        ("", Unit::Seconds),
        ("ms", Unit::Milliseconds),
        ("minutes", Unit::Minutes),
        ("days", Unit::Days),
        ("mm:ss", Unit::MinutesSeconds),
    ];
    let mut best: Option<(usize, &str, &str)> = None;
    for column in survey.columns.iter().filter(|column| !column.is_nested) {
        for (name, unit) in UNITS {
            let is_near = |(record, length): &&(usize, f64)| {
                let cell = column.cells.iter().find(|(of, _)| of == record);
                let said = cell.and_then(|(_, text)| read_seconds(text, unit));
                let said = said.and_then(|text| text.parse::<f64>().ok());
                said.is_some_and(|said| (said - length).abs() <= NEAR.0 + NEAR.1 * length)
            };
            let near = lengths.iter().filter(is_near).count();
            if best.is_none_or(|(most, ..)| near > most) {
                best = Some((near, &column.name, name));
            }
        }
    }
    let (near, column, unit) = best?;
    if near == 0 || near * 4 < lengths.len() * 3 {
        return None;
    }
    let name = quoted(column);
    let toml = match unit {
        "" => name,
        unit => format!("{{ from = {name}, unit = {} }}", quoted(unit)),
    };
    let remark = format!(
        "Of {} recordings {near} are as long as {column} says.",
        lengths.len()
    );
    Some(LengthColumn { toml, remark })
}
