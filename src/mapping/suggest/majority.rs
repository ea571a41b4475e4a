//! When a test speaks for a whole column.

/// Whether at least one value and `to_one` times as many as fail pass the test: an export of real
/// calls has its typing errors.
pub(super) fn most(values: &[String], to_one: usize, test: impl Fn(&str) -> bool) -> bool {
    let good = values.iter().filter(|value| test(value)).count();
    good > 0 && good >= (values.len() - good) * to_one
}
