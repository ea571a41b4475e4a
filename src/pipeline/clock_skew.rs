//! Times in the names of recordings against the times of their calls, over a whole export.
//!
//! A zone that was said wrongly shows as one difference in almost all records, or as one zone in
//! which almost all of them would fit; that is told once, with the zone. A record that differs from
//! the others is told by itself. Nothing is told of an export whose names hold no time.

use std::collections::BTreeMap;

use super::seen_ids::RecordLocation;
use crate::recordings::Skew;

/// Fewer records prove nothing about all of them.
const MANY: u64 = 5;
/// Almost all, in percent.
const MOST: u64 = 80;
/// Records that are kept of each difference, to be told by themselves.
const KEPT: usize = 100;
/// A difference from the others of less than this, in seconds, is nothing to tell.
const SLIGHT: i64 = 1800;
/// Seconds of a step.
const STEP: i64 = 1800;

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    /// Names that say which instant they mean, or hold the time of the export's own zone.
    zoned: SkewTable,
    /// Names with a local time beside calls whose times are UTC.
    against_utc: SkewTable,
}

/// Records by their difference in steps.
#[derive(Debug, Default)]
struct SkewTable {
    total: u64,
    by_steps: BTreeMap<Option<i64>, Bucket>,
    /// By what the zone of the rows would have to be ahead of UTC, in seconds.
    by_zone: BTreeMap<i64, u64>,
}

#[derive(Debug, Default)]
struct Bucket {
    count: u64,
    kept: Vec<OddClock>,
}

/// A record whose recording has another time in its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OddClock {
    pub(super) location: RecordLocation,
    pub(super) line: u64,
    pub(super) recording: String,
    pub(super) seconds: i64,
}

/// What is to be told at the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SkewReport {
    /// About all records; whether the export is wrong, or only said to be looked at.
    pub(super) about_all: Option<(SkewSeverity, String)>,
    /// About single records, in the order of the export.
    pub(super) odd: Vec<OddClock>,
    /// How many more of those there are.
    pub(super) more: u64,
}

/// How much a difference of all records means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SkewSeverity {
    /// The zone is wrong.
    Warning,
    /// Right, if recorders write local time.
    Note,
}

impl Clocks {
    pub(super) fn see(
        &mut self,
        skew: &Skew,
        location: RecordLocation,
        line: u64,
        recording: &str,
    ) {
        let table = if skew.is_against_utc {
            &mut self.against_utc
        } else {
            &mut self.zoned
        };
        let steps = skew.steps();
        table.total += 1;
        let bucket = table.by_steps.entry(steps).or_default();
        bucket.count += 1;
        if bucket.kept.len() < KEPT {
            bucket.kept.push(OddClock {
                location,
                line,
                recording: recording.to_owned(),
                seconds: skew.seconds,
            });
        }
        if let Some(steps) = steps {
            let zone = i64::from(skew.offset) - steps * STEP;
            *table.by_zone.entry(zone).or_default() += 1;
        }
    }

    /// What is to be told once the export has been read.
    pub(super) fn verdicts(&self) -> Vec<SkewReport> {
        let mut verdicts = vec![self.zoned.verdict(), self.against_utc.verdict_against_utc()];
        verdicts.retain(|verdict| *verdict != SkewReport::default());
        verdicts
    }
}

impl SkewTable {
    fn verdict(&self) -> SkewReport {
        let agreeing = self.count(0);
        if self.is_most(agreeing) {
            return self.odd(None, &|steps| steps == 0);
        }
        let named = self.by_steps.iter();
        let usual = named
            .filter_map(|(steps, bucket)| Some(((*steps)?, bucket.count)))
            .max_by_key(|(_, count)| *count);
        let zone = self.by_zone.iter().max_by_key(|(_, count)| **count);
        let zone = zone.map(|(zone, count)| (*zone, *count));
        match (usual, zone) {
            (Some((steps, count)), zone) if self.is_most(count) => {
                let fits = zone.filter(|(_, count)| self.is_most(*count));
                let fits = fits.map_or_else(String::new, |(zone, _)| {
                    format!(", and all fit if the rows are in {}", shown_zone(zone))
                });
                let message = format!(
                    "{} of {} recordings have a time in their name that is {} the call's{fits}: the \
                     zone of the rows is probably another one (--timezone)",
                    count,
                    self.total,
                    shown_difference(steps * STEP),
                );
                self.odd(Some((SkewSeverity::Warning, message)), &|other| {
                    other == steps
                })
            }
            (_, Some((zone, count))) if self.is_most(count) => {
                let differences: Vec<i64> = self.by_steps.keys().flatten().copied().collect();
                let message = format!(
                    "the times in the names of {} of {} recordings fit their calls only if the rows \
                     are in {}, and not in the zone that they were read in (--timezone)",
                    count,
                    self.total,
                    shown_zone(zone),
                );
                let fits = |steps: i64| differences.contains(&steps);
                self.odd(Some((SkewSeverity::Warning, message)), &fits)
            }
            _ => self.odd(None, &|steps| steps == 0),
        }
    }

    /// The clock of a recorder may show any zone, in summer an hour more.
    fn verdict_against_utc(&self) -> SkewReport {
        let counted = |steps: i64| self.count(steps) + self.count(steps + 2);
        let steps = self.by_steps.keys().flatten().copied();
        let usual = steps.max_by_key(|steps| (counted(*steps), -steps.abs()));
        let Some(usual) = usual.filter(|usual| self.is_most(counted(*usual))) else {
            // Any clock is as good as another where nothing says which one it is.
            return self.odd(None, &|_| true);
        };
        let is_usual = |steps: i64| steps == usual || steps == usual + 2;
        if usual == 0 && self.count(2) == 0 {
            return self.odd(None, &is_usual);
        }
        let message = format!(
            "the calls have times in UTC, and {} of {} recordings have a time in their name that is {}: \
             right if the recorder writes local time; if the rows are in local time too, say their \
             zone (--timezone)",
            counted(usual),
            self.total,
            match (self.count(usual), self.count(usual + 2)) {
                (_, 0) => format!("{} it", shown_difference(usual * STEP)),
                (0, _) => format!("{} it", shown_difference((usual + 2) * STEP)),
                _ => format!(
                    "{} it, or {} it",
                    shown_difference(usual * STEP),
                    shown_difference((usual + 2) * STEP)
                ),
            }
        );
        self.odd(Some((SkewSeverity::Note, message)), &is_usual)
    }

    fn count(&self, steps: i64) -> u64 {
        let bucket = self.by_steps.get(&Some(steps));
        bucket.map_or(0, |bucket| bucket.count)
    }

    fn is_most(&self, count: u64) -> bool {
        self.total >= MANY && count * 100 >= self.total * MOST
    }

    /// The records whose difference is not one of the usual ones.
    fn odd(
        &self,
        about_all: Option<(SkewSeverity, String)>,
        is_usual: &dyn Fn(i64) -> bool,
    ) -> SkewReport {
        let mut verdict = SkewReport {
            about_all,
            ..SkewReport::default()
        };
        let usual: Vec<i64> = self.by_steps.keys().flatten().copied().collect();
        let usual: Vec<i64> = usual.into_iter().filter(|steps| is_usual(*steps)).collect();
        let is_slight = |odd: &OddClock| {
            let mut near = usual.iter().chain([&0]);
            near.any(|steps| (odd.seconds - steps * STEP).abs() < SLIGHT)
        };
        for (steps, bucket) in &self.by_steps {
            if steps.is_some_and(is_usual) {
                continue;
            }
            let odd = bucket.kept.iter().filter(|odd| !is_slight(odd)).cloned();
            verdict.odd.extend(odd);
            verdict.more += bucket.count - bucket.kept.len() as u64;
        }
        verdict
            .odd
            .sort_by_key(|odd| (odd.location.file, odd.location.at));
        verdict
    }
}

/// `2 hours ahead of`.
pub(super) fn shown_difference(seconds: i64) -> String {
    let minutes = (seconds.abs() + 30) / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60, minutes % 60);
    let unit = |number: i64, name: &str| match number {
        1 => format!("1 {name}"),
        _ => format!("{number} {name}s"),
    };
    let length = match (days, hours, minutes) {
        (0 | 1, 0, minutes) => unit(minutes, "minute"),
        (0 | 1, hours, 0) => unit(hours, "hour"),
        (0 | 1, hours, minutes) => format!("{} {}", unit(hours, "hour"), unit(minutes, "minute")),
        (days, ..) => unit(days, "day"),
    };
    let side = if seconds < 0 { "behind" } else { "ahead of" };
    format!("{length} {side}")
}

fn shown_zone(seconds: i64) -> String {
    let minutes = seconds.abs() / 60;
    let sign = if seconds < 0 { '-' } else { '+' };
    match minutes {
        0 => "UTC".to_owned(),
        _ => format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(seconds: i64, offset: i32, is_against_utc: bool) -> Skew {
        Skew {
            seconds,
            offset,
            is_absolute: false,
            is_against_utc,
        }
    }

    fn verdicts(skews: &[Skew]) -> Vec<SkewReport> {
        let mut clocks = Clocks::default();
        for (line, skew) in (2u64..).zip(skews) {
            clocks.see(skew, RecordLocation { file: 0, at: line }, line, "a.wav");
        }
        clocks.verdicts()
    }

    fn lines(verdict: &SkewReport) -> Vec<u64> {
        verdict.odd.iter().map(|odd| odd.line).collect()
    }

    #[test]
    fn one_difference_of_all_is_told_once_with_the_zone_that_fits() {
        let mut skews = vec![skew(-6 * 3600 + 40, -4 * 3600, false); 40];
        skews[7].seconds = 3 * 86_400;
        let told = verdicts(&skews);
        let (gravity, message) = told[0].about_all.as_ref().unwrap();
        assert_eq!(*gravity, SkewSeverity::Warning);
        assert!(message.starts_with("39 of 40 recordings"), "{message}");
        assert!(message.contains("6 hours behind the call's"), "{message}");
        assert!(message.contains("UTC+02:00"), "{message}");
        assert_eq!(lines(&told[0]), [9]);
    }

    #[test]
    fn rows_in_utc_show_in_summer_and_in_winter() {
        let mut skews = vec![skew(3600, 3600, false); 10];
        skews.extend([skew(7200, 7200, false); 10]);
        let told = verdicts(&skews);
        let message = &told[0].about_all.as_ref().unwrap().1;
        assert!(message.contains("rows are in UTC,"), "{message}");
        assert!(lines(&told[0]).is_empty());
    }

    #[test]
    fn where_almost_all_agree_the_others_are_told_one_by_one() {
        let mut skews = vec![skew(12, 7200, false); 20];
        skews[3].seconds = 7200;
        skews[4].seconds = 25 * 60;
        let told = verdicts(&skews);
        assert_eq!(told[0].about_all, None);
        assert_eq!(lines(&told[0]), [5]);
        assert_eq!(verdicts(&[skew(0, 0, false); 9]), []);
    }

    #[test]
    fn few_records_are_told_one_by_one() {
        let told = verdicts(&[skew(7200, 7200, false), skew(0, 7200, false)]);
        assert_eq!((lines(&told[0]), &told[0].about_all), (vec![2], &None));
    }

    #[test]
    fn local_names_beside_rows_in_utc_are_only_noted() {
        let mut skews = vec![skew(3600, 0, true); 10];
        skews.extend([skew(7200, 0, true); 10]);
        let told = verdicts(&skews);
        let (gravity, message) = told[0].about_all.as_ref().unwrap();
        assert_eq!((*gravity, lines(&told[0])), (SkewSeverity::Note, vec![]));
        assert!(
            message.contains("1 hour ahead of it, or 2 hours ahead of it"),
            "{message}"
        );
        assert_eq!(verdicts(&[skew(5, 0, true); 10]), []);
        // One alone says nothing, unless it is another day.
        assert_eq!(verdicts(&[skew(7200, 0, true)]), []);
        assert_eq!(lines(&verdicts(&[skew(86_400 * 9, 0, true)])[0]), [2]);
    }

    #[test]
    fn a_great_many_are_counted_and_not_kept() {
        let skews: Vec<Skew> = (0..1000)
            .map(|at| skew(if at % 2 == 0 { 0 } else { 7200 }, 7200, false))
            .collect();
        let told = verdicts(&skews);
        assert_eq!((told[0].odd.len(), told[0].more), (KEPT, 400));
    }

    #[test]
    fn differences_are_told_in_words() {
        for (seconds, words) in [
            (7200, "2 hours ahead of"),
            (-3600, "1 hour behind"),
            (5400, "1 hour 30 minutes ahead of"),
            (1800, "30 minutes ahead of"),
            (-86_400 * 3, "3 days behind"),
        ] {
            assert_eq!(shown_difference(seconds), words);
        }
    }
}
