//! The `[source.limits]` table: how much of a file is too much.

use super::toml_table::TomlTable;
use crate::mapping::error::Findings;
use crate::source::Limits;

/// Reads the table; what it does not say stays as it is.
pub(in crate::mapping) fn read_limits(
    section: &mut TomlTable<'_, '_>,
    findings: &mut Findings,
) -> Limits {
    let mut limits = Limits::default();
    let Some(mut table) = section.table("limits", findings) else {
        return limits;
    };
    for (key, limit) in [
        ("max_field", &mut limits.max_field),
        ("max_record", &mut limits.max_record),
        ("max_columns", &mut limits.max_columns),
        ("max_depth", &mut limits.max_depth),
        ("max_values", &mut limits.max_values),
    ] {
        let said = table.count(key, findings);
        *limit = said.map_or(*limit, |said| usize::try_from(said).unwrap_or(usize::MAX));
    }
    for (key, limit) in [
        ("max_expansion", &mut limits.max_expansion),
        ("expansion_free", &mut limits.expansion_free),
        ("max_texts", &mut limits.max_texts),
    ] {
        *limit = table.count(key, findings).unwrap_or(*limit);
    }
    table.finish(findings);
    limits
}
