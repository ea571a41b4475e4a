//! What the age of files means for a nightly run: an export that is too old, reports that are.

use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::{SpanRound, Timestamp, Unit};

use crate::domain::{Code, Location, Problem};
use crate::report;

/// The problem that no file was written within this time; none where it is not asked for, or there is no file.
pub(super) fn too_old<'p>(
    exports: impl Iterator<Item = &'p Path>,
    within: Option<Duration>,
) -> Option<Problem> {
    let within = within?;
    let written = |path: &'p Path| Some((path.metadata().ok()?.modified().ok()?, path));
    let (newest, path) = exports.filter_map(written).max()?;
    let age = SystemTime::now().duration_since(newest).ok()?;
    if age <= within {
        return None;
    }
    let newest = Timestamp::try_from(newest).map_or_else(
        |_| "long ago".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    );
    let message = format!(
        "the newest file of the export was written {newest}, longer ago than --expect-new {}; \
         look whether the job that writes the exports still runs",
        in_words(within)
    );
    let location = Location::on_line(path.to_string_lossy().as_ref(), 0);
    Some(Problem::new(Code::NoNewExport, location, message))
}

/// Deletes reports that are older than this; tells how many, and what could not be deleted.
pub(super) fn prune(out: Option<&Path>, keep: Option<Duration>) {
    let Some(keep) = keep else {
        return;
    };
    let Some(out) = out else {
        tracing::warn!("--keep: no reports were deleted: there is no --out");
        return;
    };
    match report::prune_reports(out, keep, Timestamp::now()) {
        Ok(0) => {}
        Ok(files) => tracing::info!("--keep: {files} files of older reports were deleted"),
        Err(why) => tracing::warn!("--keep: no reports were deleted: {why}"),
    }
}

fn in_words(time: Duration) -> String {
    let span = jiff::Span::try_from(time).ok();
    let rounded = span.and_then(|span| {
        let by = SpanRound::new().largest(Unit::Day).days_are_24_hours();
        span.round(by).ok()
    });
    rounded.map_or_else(|| format!("{} s", time.as_secs()), |it| format!("{it:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_file_counts() {
        let folder = tempfile::tempdir().unwrap();
        let day = Duration::from_secs(86_400);
        let file = |name: &str, age: u32| {
            let path = folder.path().join(name);
            let file = std::fs::File::create(&path).unwrap();
            file.set_modified(SystemTime::now() - day * age).unwrap();
            path
        };
        let (old, older) = (file("old.csv", 2), file("older.csv", 9));
        let all = || [older.as_path(), old.as_path()].into_iter();
        assert!(too_old(all(), None).is_none());
        assert!(too_old(all(), Some(day * 3)).is_none());
        let problem = too_old(all(), Some(day)).unwrap();
        assert!(problem.location.file.ends_with("old.csv"));
        assert!(
            problem.message.contains("--expect-new 1d;"),
            "{}",
            problem.message
        );
        // Standard input is as new as can be.
        assert!(too_old(std::iter::empty(), Some(day)).is_none());
    }
}
