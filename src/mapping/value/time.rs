//! Times as dialers write them, as RFC 3339 with an offset.
//!
//! Nothing is guessed: a time without an offset needs a zone from the mapping, and a local time
//! that happened twice or never is a problem unless the mapping says which instant is meant.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::ambiguous_time::AmbiguousTime;
use super::rfc3339::{is_rfc3339, rfc3339};
use super::time_number::{epoch, json_date, spreadsheet};
use super::time_pattern::{Pattern, TimeParts};
use super::zone::{NoZone, Stated};
use crate::domain::call::{MOST_OFFSET, TOO_EARLY, is_too_early, trimmed};
use crate::domain::{Code, as_seen};

/// One way to read a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) enum TimeFormat {
    /// ISO 8601, with or without an offset.
    Iso,
    /// Seconds since 1970, with or without a fraction.
    Epoch,
    /// Milliseconds since 1970.
    EpochMilliseconds,
    /// Microseconds since 1970.
    EpochMicroseconds,
    /// Nanoseconds since 1970.
    EpochNanoseconds,
    /// `/Date(1714000000000+0200)/`: milliseconds since 1970, and the offset of the writer's clock.
    JsonDate,
    /// Days since the end of 1899: how spreadsheets keep times.
    Spreadsheet,
    /// A strptime pattern.
    Pattern(Pattern),
}

impl TimeFormat {
    /// The names that stand for no pattern.
    pub(in crate::mapping) const NAMES: [&'static str; 7] = [
        "iso",
        "epoch",
        "epoch_ms",
        "epoch_us",
        "epoch_ns",
        "json_date",
        "spreadsheet",
    ];

    fn pattern(&self) -> Option<&Pattern> {
        match self {
            TimeFormat::Pattern(pattern) => Some(pattern),
            _ => None,
        }
    }

    /// The format of a name or pattern; the error says why a pattern cannot be used.
    pub(in crate::mapping) fn read(text: &str) -> Result<TimeFormat, String> {
        match text {
            "iso" => Ok(TimeFormat::Iso),
            "epoch" => Ok(TimeFormat::Epoch),
            "epoch_ms" => Ok(TimeFormat::EpochMilliseconds),
            "epoch_us" => Ok(TimeFormat::EpochMicroseconds),
            "epoch_ns" => Ok(TimeFormat::EpochNanoseconds),
            "json_date" => Ok(TimeFormat::JsonDate),
            "spreadsheet" => Ok(TimeFormat::Spreadsheet),
            pattern if !pattern.contains('%') => Err(format!(
                "neither a pattern such as %Y-%m-%d %H:%M:%S nor one of {}",
                Self::NAMES.join(", ")
            )),
            pattern => Pattern::read(pattern).map(TimeFormat::Pattern),
        }
    }
}

/// How the times of one field are read.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct TimeRule {
    /// Tried in order; empty means ISO 8601.
    pub(in crate::mapping) formats: Vec<TimeFormat>,
    /// The zone of times without an offset.
    pub(in crate::mapping) zone: Option<TimeZone>,
    /// For times that happened twice.
    pub(in crate::mapping) fold: AmbiguousTime,
    /// For times that never happened.
    pub(in crate::mapping) gap: AmbiguousTime,
}

/// A time as it will be sent, and the instant it names.
pub(in crate::mapping) type ReadTime<'a> = (Cow<'a, str>, Timestamp);

/// A time that had to be written anew.
type Made = (String, Timestamp);

/// Why a text is no time: the code and the sentence of the problem.
pub(in crate::mapping) type TimeRefusal = (Code, &'static str);

const BAD: TimeRefusal = (
    Code::BadTime,
    "in none of the mapping's time formats, or a date that does not exist",
);

const SHORT_YEAR: TimeRefusal = (
    Code::BadTime,
    "its year has two digits, and the mapping's pattern wants four: %y reads two",
);

const CONTRADICTION: TimeRefusal = (
    Code::BadTime,
    "its offset and its zone disagree: one of them is wrong",
);

impl TimeRule {
    /// Reads a time. Text that already is RFC 3339 passes unchanged, whatever the formats. Signs that
    /// nobody sees are passed over.
    pub(in crate::mapping) fn read<'a>(&self, text: &'a str) -> Result<ReadTime<'a>, TimeRefusal> {
        let text = trimmed(text);
        let (shown, at) = if is_rfc3339(text) {
            (Cow::Borrowed(text), rfc3339(text.as_bytes()).ok_or(BAD)?)
        } else {
            let (shown, at) = self.read_seen(trimmed(&as_seen(text)))?;
            (Cow::Owned(shown), at)
        };
        if is_too_early(at) {
            return Err((Code::ImpossibleTime, TOO_EARLY));
        }
        Ok((shown, at))
    }

    /// Reads text that has no sign that nobody sees.
    fn read_seen(&self, text: &str) -> Result<Made, TimeRefusal> {
        if is_rfc3339(text) {
            let at = rfc3339(text.as_bytes());
            return at.map(|at| (text.to_owned(), at)).ok_or(BAD);
        }
        if self.formats.is_empty() {
            return self.by(&TimeFormat::Iso, text).unwrap_or(Err(BAD));
        }
        let mut formats = self.formats.iter();
        let read = formats.find_map(|format| self.by(format, text));
        read.unwrap_or_else(|| {
            let patterns = self.formats.iter().filter_map(TimeFormat::pattern);
            let lacks_century = patterns
                .into_iter()
                .any(|pattern| pattern.lacks_century(text));
            Err(if lacks_century { SHORT_YEAR } else { BAD })
        })
    }

    /// The format to add to the mapping for a text that is in none of its formats, where it is in one of
    /// its patterns but for the offset at its end. It is not read as such by itself: `09:00-10:00` may
    /// be a time with an offset or two times.
    pub(in crate::mapping) fn missing_format(&self, text: &str) -> Option<String> {
        let text = trimmed(text);
        self.formats.iter().find_map(|format| {
            let TimeFormat::Pattern(pattern) = format else {
                return None;
            };
            let pattern = pattern.text();
            let longer = ["%:z", "%z", " %:z", " %z"].map(|end| format!("{pattern}{end}"));
            let offset = longer.into_iter().find(|pattern| {
                let parts = BrokenDownTime::parse(pattern, text);
                parts.is_ok_and(|parts| parts.hour().is_some() && parts.to_timestamp().is_ok())
            });
            offset.or_else(|| {
                let longer = format!("{pattern} %Z");
                let parts = Pattern::read(&longer).ok()?.parts(text)?.ok()?;
                let is_time = parts.time.hour().is_some() && parts.time.to_datetime().is_ok();
                is_time.then_some(longer)
            })
        })
    }

    /// Reads by one format; `None` when the text is not in it.
    fn by(&self, format: &TimeFormat, text: &str) -> Option<Result<Made, TimeRefusal>> {
        match format {
            TimeFormat::Iso => self.iso(text),
            TimeFormat::Epoch => Some(Ok(self.instant(epoch(text, 9)?))),
            TimeFormat::EpochMilliseconds => Some(Ok(self.instant(epoch(text, 6)?))),
            TimeFormat::EpochMicroseconds => Some(Ok(self.instant(epoch(text, 3)?))),
            TimeFormat::EpochNanoseconds => Some(Ok(self.instant(epoch(text, 0)?))),
            TimeFormat::JsonDate => self.json_date(text),
            TimeFormat::Spreadsheet => Some(self.in_zone(spreadsheet(text)?)),
            TimeFormat::Pattern(pattern) => {
                let TimeParts { time, stated } = match pattern.parts(text)? {
                    Ok(parts) => parts,
                    Err(reason) => return Some(Err(no_zone(reason))),
                };
                if let Some(at) = time.timestamp() {
                    return Some(Ok(self.instant(at)));
                }
                let local = time.to_datetime().ok()?;
                Some(match (stated, time.offset(), time.iana_time_zone()) {
                    (Some(stated), ..) => self.at(local, &stated),
                    (None, Some(offset), _) => at_offset(local, offset),
                    (None, None, Some(name)) => {
                        let zone = TimeZone::get(name).ok()?;
                        self.resolve(local, &zone)
                    }
                    (None, None, None) => self.in_zone(local),
                })
            }
        }
    }

    /// The instant says it all; the offset is only how the writer's clock showed it.
    fn json_date(&self, text: &str) -> Option<Result<Made, TimeRefusal>> {
        let (at, offset) = json_date(text)?;
        Some(match offset.map(Stated::read) {
            None => Ok(self.instant(at)),
            Some(Ok(Stated::Offset(offset))) => Ok((written(at, Some(offset)), at)),
            Some(Ok(Stated::Zone(_))) => Err(BAD),
            Some(Err(reason)) => Err(no_zone(reason)),
        })
    }

    /// ISO 8601, with the zone in brackets or behind a blank where there is one.
    fn iso(&self, text: &str) -> Option<Result<Made, TimeRefusal>> {
        let (text, word) = match Pieces::parse(text) {
            Ok(_) => (text, None),
            Err(_) => text
                .rsplit_once(' ')
                .map(|(text, word)| (text, Some(word)))?,
        };
        let pieces = Pieces::parse(text).ok()?;
        // A bare date would become a call at midnight, and the library takes a second 60 for 59.
        let local = pieces.date().to_datetime(pieces.time()?);
        if local.second() == 59 && says_second_60(text) {
            return None;
        }
        if let Some(word) = word {
            let has_zone =
                pieces.to_numeric_offset().is_some() || pieces.time_zone_annotation().is_some();
            // `09:00 -10:00` may be two times.
            if has_zone || word.starts_with(['+', '-']) {
                return None;
            }
            return Some(match Stated::read(word) {
                Ok(stated) => self.at(local, &stated),
                Err(reason) => Err(no_zone(reason)),
            });
        }
        let Ok(zone) = pieces.to_time_zone() else {
            return Some(Err(no_zone(NoZone::Unknown)));
        };
        Some(match (pieces.to_numeric_offset(), zone) {
            (Some(offset), zone) => at_offset(local, offset).and_then(|reading| match zone {
                Some(zone) if zone.to_offset(reading.1) != offset => Err(CONTRADICTION),
                _ => Ok(reading),
            }),
            (None, Some(zone)) => self.resolve(local, &zone),
            (None, None) => self.in_zone(local),
        })
    }

    fn at(&self, local: DateTime, stated: &Stated) -> Result<Made, TimeRefusal> {
        match stated {
            Stated::Offset(offset) => at_offset(local, *offset),
            Stated::Zone(zone) => self.resolve(local, zone),
        }
    }

    fn instant(&self, at: Timestamp) -> Made {
        let offset = self.zone.as_ref().map(|zone| zone.to_offset(at));
        (written(at, offset), at)
    }

    fn in_zone(&self, local: DateTime) -> Result<Made, TimeRefusal> {
        match &self.zone {
            Some(zone) => self.resolve(local, zone),
            None => Err((
                Code::TimeWithoutZone,
                "a local time, and the mapping names no zone",
            )),
        }
    }

    fn resolve(&self, local: DateTime, zone: &TimeZone) -> Result<Made, TimeRefusal> {
        let ambiguous = zone.to_ambiguous_timestamp(local);
        let (choice, refusal) = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => return at_offset(local, offset),
            AmbiguousOffset::Fold { .. } => (
                self.fold,
                (
                    Code::TimeHappenedTwice,
                    "the clock was set back, and this local time happened twice",
                ),
            ),
            AmbiguousOffset::Gap { .. } => (
                self.gap,
                (
                    Code::TimeNeverHappened,
                    "the clock was set forward, and this local time never happened",
                ),
            ),
        };
        let at = match choice {
            AmbiguousTime::Reject => return Err(refusal),
            AmbiguousTime::Earlier => ambiguous.earlier(),
            AmbiguousTime::Later => ambiguous.later(),
        };
        let at = at.map_err(|_| BAD)?;
        Ok((written(at, Some(zone.to_offset(at))), at))
    }
}

fn no_zone(reason: NoZone) -> TimeRefusal {
    (Code::BadTime, reason.message())
}

/// Whether ISO text names a second 60, with colons or without.
fn says_second_60(text: &str) -> bool {
    let time = text
        .split_once(['T', 't', ' '])
        .map_or("", |(_, time)| time);
    time.get(5..8) == Some(":60") || time.get(4..6) == Some("60") && !time.contains(':')
}

fn at_offset(local: DateTime, offset: Offset) -> Result<Made, TimeRefusal> {
    if offset.seconds().abs() > MOST_OFFSET {
        return Err(no_zone(NoZone::TooFar));
    }
    let at = offset.to_timestamp(local).map_err(|_| BAD)?;
    Ok((written(at, Some(offset)), at))
}

/// RFC 3339; in UTC without an offset, and with one that has seconds, as zones had before they were
/// made of whole minutes: RFC 3339 cannot say it.
fn written(at: Timestamp, offset: Option<Offset>) -> String {
    let offset = offset.filter(|offset| offset.seconds() % 60 == 0);
    let mut text = String::with_capacity(32);
    let _ = match offset {
        Some(offset) => write!(text, "{}", at.display_with_offset(offset)),
        None => write!(text, "{at}"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(formats: &[&str], zone: Option<&str>) -> TimeRule {
        TimeRule {
            formats: formats
                .iter()
                .map(|format| TimeFormat::read(format).unwrap())
                .collect(),
            zone: zone.map(|zone| TimeZone::get(zone).unwrap()),
            ..TimeRule::default()
        }
    }

    fn read(rule: &TimeRule, text: &str) -> Result<String, Code> {
        rule.read(text)
            .map(|(text, _)| text.into_owned())
            .map_err(|(code, _)| code)
    }

    #[test]
    fn rfc3339_passes_unchanged_and_unallocated() {
        let rule = rule(&["%d-%m-%Y"], Some("Europe/Copenhagen"));
        for text in [
            "2024-03-15T09:12:03Z",
            "2024-03-15T09:12:03+01:00",
            "2024-03-15T09:12:03.123456789-05:30",
            "2024-03-15T09:12:03.50+00:00",
        ] {
            assert!(
                matches!(rule.read(text), Ok((Cow::Borrowed(same), _)) if same == text),
                "{text}"
            );
        }
        assert_eq!(read(&rule, "2024-02-30T09:12:03Z"), Err(Code::BadTime));
    }

    #[test]
    fn an_offset_of_seconds_is_not_rounded() {
        // Liberia was 44 minutes and 30 seconds behind until 1972.
        let rule = rule(&["epoch"], Some("Africa/Monrovia"));
        let (text, at) = rule.read("40000000").unwrap();
        assert_eq!(text, "1971-04-08T23:06:40Z");
        assert_eq!(text.parse::<Timestamp>().unwrap(), at);
    }

    #[test]
    fn local_times_get_the_offset_of_their_zone_and_day() {
        let copenhagen = rule(&[], Some("Europe/Copenhagen"));
        assert_eq!(
            read(&copenhagen, "2024-03-15 09:12:03").unwrap(),
            "2024-03-15T09:12:03+01:00"
        );
        assert_eq!(
            read(&copenhagen, "2024-07-15T09:12").unwrap(),
            "2024-07-15T09:12:00+02:00"
        );
        assert_eq!(
            read(&copenhagen, "2024-07-15 09:12:03.5").unwrap(),
            "2024-07-15T09:12:03.5+02:00"
        );
        assert_eq!(
            read(&copenhagen, "2024-07-15 09:12:03 +00:00"),
            Err(Code::BadTime)
        );
        assert_eq!(
            read(&copenhagen, "2024-07-15 09:12:03-05:00").unwrap(),
            "2024-07-15T09:12:03-05:00"
        );
        assert_eq!(
            read(&rule(&[], None), "2024-03-15 09:12:03"),
            Err(Code::TimeWithoutZone)
        );
        assert_eq!(
            read(&rule(&[], None), "2024-03-15 09:12:03Z").unwrap(),
            "2024-03-15T09:12:03+00:00"
        );
    }

    #[test]
    fn an_offset_that_no_format_has_is_an_error_with_the_format_to_add() {
        let declared = "%d-%m-%Y %H:%M:%S";
        let copenhagen = rule(&["epoch", declared], Some("Europe/Copenhagen"));
        for (text, format, time) in [
            (
                "02-01-2026 03:04:05+02:00",
                "%:z",
                "2026-01-02T03:04:05+02:00",
            ),
            (
                "02-01-2026 03:04:05 -0530",
                " %z",
                "2026-01-02T03:04:05-05:30",
            ),
        ] {
            assert_eq!(read(&copenhagen, text), Err(Code::BadTime));
            let missing = copenhagen.missing_format(text).unwrap();
            assert_eq!(missing, format!("{declared}{format}"));
            let with_it = rule(&[declared, &missing], Some("Europe/Copenhagen"));
            assert_eq!(read(&with_it, text).unwrap(), time);
        }
        for other in [
            "02-01-2026 03:04",
            "31-02-2026 03:04:05+02:00",
            "soon+02:00",
            "1e3",
        ] {
            assert_eq!(copenhagen.missing_format(other), None, "{other}");
        }
        let days = rule(&["%d-%m-%Y"], None);
        assert_eq!(days.missing_format("02-01-2026+02:00"), None);
    }

    #[test]
    fn a_bare_date_is_no_time_unless_a_pattern_says_so() {
        assert_eq!(
            read(&rule(&[], Some("UTC")), "2024-03-15"),
            Err(Code::BadTime)
        );
        assert_eq!(
            read(&rule(&["%Y-%m-%d"], Some("UTC")), "2024-03-15").unwrap(),
            "2024-03-15T00:00:00+00:00"
        );
    }

    #[test]
    fn the_doubled_hour_and_the_missing_hour_are_problems_or_a_stated_choice() {
        let mut rule = rule(&["%d-%m-%Y %H.%M.%S"], Some("Europe/Copenhagen"));
        let (twice, never) = ("27-10-2024 02.30.00", "31-03-2024 02.30.00");
        assert_eq!(read(&rule, twice), Err(Code::TimeHappenedTwice));
        assert_eq!(read(&rule, never), Err(Code::TimeNeverHappened));
        (rule.fold, rule.gap) = (AmbiguousTime::Earlier, AmbiguousTime::Earlier);
        assert_eq!(read(&rule, twice).unwrap(), "2024-10-27T02:30:00+02:00");
        assert_eq!(read(&rule, never).unwrap(), "2024-03-31T01:30:00+01:00");
        (rule.fold, rule.gap) = (AmbiguousTime::Later, AmbiguousTime::Later);
        assert_eq!(read(&rule, twice).unwrap(), "2024-10-27T02:30:00+01:00");
        assert_eq!(read(&rule, never).unwrap(), "2024-03-31T03:30:00+02:00");
    }

    #[test]
    fn epochs_and_spreadsheet_days_are_instants() {
        let none = rule(&["epoch"], None);
        assert_eq!(read(&none, "1710490323").unwrap(), "2024-03-15T08:12:03Z");
        assert_eq!(
            read(&none, "1710490323.25").unwrap(),
            "2024-03-15T08:12:03.25Z"
        );
        let zoned = rule(&["epoch_ms"], Some("Europe/Copenhagen"));
        assert_eq!(
            read(&zoned, "1710490323500").unwrap(),
            "2024-03-15T09:12:03.5+01:00"
        );
        let sheet = rule(&["spreadsheet"], Some("Europe/Copenhagen"));
        assert_eq!(
            read(&sheet, "45366.3833680556").unwrap(),
            "2024-03-15T09:12:03+01:00"
        );
        assert_eq!(read(&sheet, "45366"), Err(Code::BadTime));
    }

    #[test]
    fn finer_epochs_and_dates_of_json_are_instants() {
        for (format, text, wanted) in [
            (
                "epoch_us",
                "1714000000123456",
                Ok("2024-04-24T23:06:40.123456Z"),
            ),
            (
                "epoch_us",
                "1714000000123456.5",
                Ok("2024-04-24T23:06:40.1234565Z"),
            ),
            ("epoch_us", "1714000000", Err(Code::ImpossibleTime)),
            (
                "epoch_ns",
                "1714000000123456789",
                Ok("2024-04-24T23:06:40.123456789Z"),
            ),
            ("epoch_ns", "1714000000123456", Err(Code::ImpossibleTime)),
            (
                "json_date",
                "/Date(1714000000000)/",
                Ok("2024-04-24T23:06:40Z"),
            ),
            (
                "json_date",
                "/Date(1714000000123+0200)/",
                Ok("2024-04-25T01:06:40.123+02:00"),
            ),
            (
                "json_date",
                "\\/Date(1714000000000-0530)\\/",
                Ok("2024-04-24T17:36:40-05:30"),
            ),
            ("json_date", "/Date(-5000+0100)/", Err(Code::ImpossibleTime)),
            (
                "json_date",
                "/Date(1714000000000+9900)/",
                Err(Code::BadTime),
            ),
            ("json_date", "/Date(1714000000000+CET)/", Err(Code::BadTime)),
            ("json_date", "/Date()/", Err(Code::BadTime)),
            ("json_date", "/Date(1714000000000)", Err(Code::BadTime)),
            ("json_date", "/Date(\u{2212}1)/", Err(Code::BadTime)),
        ] {
            let read = read(&rule(&[format], None), text);
            assert_eq!(read.as_deref(), wanted.as_ref().copied(), "{format} {text}");
        }
    }

    #[test]
    fn formats_are_tried_in_order_and_offsets_in_the_text_win() {
        let rule = rule(
            &["%d/%m/%Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S %z", "iso"],
            Some("Europe/Copenhagen"),
        );
        assert_eq!(
            read(&rule, "15/03/2024 09:12:03").unwrap(),
            "2024-03-15T09:12:03+01:00"
        );
        assert_eq!(
            read(&rule, "Fri, 15 Mar 2024 09:12:03 +0000").unwrap(),
            "2024-03-15T09:12:03+00:00"
        );
        assert_eq!(
            read(&rule, "2024-03-15 09:12:03").unwrap(),
            "2024-03-15T09:12:03+01:00"
        );
        for bad in [
            "31/02/2024 09:12:03",
            "15/03/2024",
            "",
            "0000-00-00 00:00:00",
            "now",
        ] {
            assert_eq!(read(&rule, bad), Err(Code::BadTime), "{bad}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table reads best in one piece")]
    fn a_zone_that_a_value_or_a_pattern_states_is_used_or_refused() {
        let zone = Some("Europe/Copenhagen");
        let plain = "%Y-%m-%d %H:%M:%S";
        for (formats, text, wanted) in [
            (
                vec![],
                "2024-07-01T09:00:00[America/New_York]",
                Ok("2024-07-01T09:00:00-04:00"),
            ),
            (
                vec![],
                "2024-07-01T09:00:00-04:00[America/New_York]",
                Ok("2024-07-01T09:00:00-04:00"),
            ),
            (
                vec![],
                "2024-07-01T09:00:00+02:00[America/New_York]",
                Err(Code::BadTime),
            ),
            (
                vec![],
                "2024-07-01T09:00:00[Nowhere/Town]",
                Err(Code::BadTime),
            ),
            (
                vec![],
                "2024-07-01 09:00:00 UTC",
                Ok("2024-07-01T09:00:00+00:00"),
            ),
            (
                vec![],
                "2024-01-01 09:00:00 Europe/Copenhagen",
                Ok("2024-01-01T09:00:00+01:00"),
            ),
            (vec![], "2024-07-01 09:00:00 EST", Err(Code::BadTime)),
            (
                vec!["%Y-%m-%dT%H:%M:%SZ"],
                "2024-07-01T09:00:00Z",
                Ok("2024-07-01T09:00:00Z"),
            ),
            (
                vec!["%d.%m.%Y %H:%M UTC"],
                "01.07.2024 09:00 UTC",
                Ok("2024-07-01T09:00:00+00:00"),
            ),
            (
                vec!["%d.%m.%Y %H:%M:%S.000Z"],
                "01.07.2024 09:00:00.000Z",
                Ok("2024-07-01T09:00:00+00:00"),
            ),
            (
                vec!["%d.%m.%Y %H:%M (GMT+1)"],
                "01.07.2024 09:00 (GMT+1)",
                Ok("2024-07-01T09:00:00+01:00"),
            ),
            (
                vec!["%d.%m.%Y %H:%M CEST"],
                "01.07.2024 09:00 CEST",
                Ok("2024-07-01T09:00:00+02:00"),
            ),
            (
                vec!["%d.%m.%Y kl. %H:%M"],
                "01.07.2024 kl. 09:00",
                Ok("2024-07-01T09:00:00+02:00"),
            ),
            (
                vec!["%d.%m.%Y %H:%M %z"],
                "01.07.2024 09:00 +0000",
                Ok("2024-07-01T09:00:00+00:00"),
            ),
            (
                vec!["%d.%m.%Y %H:%M %z"],
                "01.07.2024 09:00 +01:00",
                Ok("2024-07-01T09:00:00+01:00"),
            ),
            (
                vec!["%d.%m.%Y %H:%M%z"],
                "01.07.2024 09:00Z",
                Ok("2024-07-01T09:00:00+00:00"),
            ),
            (
                vec!["%a %b %d %H:%M:%S %Z %Y"],
                "Mon Jul 01 09:00:00 CEST 2024",
                Ok("2024-07-01T09:00:00+02:00"),
            ),
            (
                vec!["%a %b %d %H:%M:%S %Z %Y"],
                "Mon Jul 01 09:00:00 IST 2024",
                Err(Code::BadTime),
            ),
            (
                vec!["%d.%m.%Y %H:%M %z (%Z)"],
                "01.07.2024 09:00 -0500 (CST)",
                Ok("2024-07-01T09:00:00-05:00"),
            ),
            (vec![plain], "2024-07-01 09:00:00 CEST", Err(Code::BadTime)),
        ] {
            assert_eq!(
                read(&rule(&formats, zone), text).as_deref(),
                wanted.as_deref(),
                "{text}"
            );
        }
        for refused in ["EST", "CST", "BST", "XYZT", "+25:00"] {
            assert!(
                TimeFormat::read(&format!("{plain} {refused}")).is_err(),
                "{refused}"
            );
        }
        let missing = rule(&[plain], zone).missing_format("2024-07-01 09:00:00 CEST");
        assert_eq!(missing.as_deref(), Some("%Y-%m-%d %H:%M:%S %Z"));
    }

    #[test]
    fn what_nobody_can_mean_is_no_time() {
        let zone = Some("Europe/Copenhagen");
        for (formats, text, code) in [
            (
                vec!["%d-%m-%Y %H:%M:%S"],
                "15-03-24 09:12:03",
                Code::BadTime,
            ),
            (
                vec!["%d-%m-%Y %H:%M:%S"],
                "15-03-2024 09:12:60",
                Code::BadTime,
            ),
            (vec!["%Y%m%d%H%M%S"], "20240315091260", Code::BadTime),
            (vec!["epoch"], "0", Code::ImpossibleTime),
            (vec!["epoch"], "45366.38", Code::ImpossibleTime),
            (vec!["epoch_ms"], "1710490323", Code::ImpossibleTime),
            (vec!["epoch"], "1710490323000000", Code::BadTime),
            (vec![], "2024-03-15T09:12:60Z", Code::BadTime),
            (vec![], "2024-03-15 09:12:60", Code::BadTime),
            (vec![], "20240315T091260Z", Code::BadTime),
            (vec![], "2024-03-15T24:00:00Z", Code::BadTime),
            (vec![], "2024-03-15T09:12:03+25:59", Code::BadTime),
            (vec![], "2024-03-15 09:12:03-18:01", Code::BadTime),
            (vec![], "0024-03-15 09:12:03", Code::ImpossibleTime),
            (vec![], "1899-12-30T00:00:00Z", Code::ImpossibleTime),
        ] {
            assert_eq!(read(&rule(&formats, zone), text), Err(code), "{text}");
        }
        // A minute 59 and a second 59 are as good as others, with a 60 elsewhere.
        let rule = rule(&["%d-%m-%Y %H:%M:%S", "%d-%m-%y %H:%M:%S", "epoch"], zone);
        assert_eq!(
            read(&rule, "15-03-24 09:59:59").unwrap(),
            "2024-03-15T09:59:59+01:00"
        );
        assert_eq!(
            read(&rule, "1605960059").unwrap(),
            "2020-11-21T13:00:59+01:00"
        );
    }

    #[test]
    fn signs_that_nobody_sees_are_passed_over() {
        let rule = rule(&["%m/%d/%Y %I:%M %p"], Some("Europe/Copenhagen"));
        for text in [
            "03/15/2024 1:12\u{202f}PM",
            "03/15/2024\u{a0}1:12 PM",
            "\u{200e}03/15/2024 1:12 PM\u{200f}",
            "\u{feff}2024-03-15T13:12:00+01:00",
        ] {
            assert_eq!(
                read(&rule, text).unwrap(),
                "2024-03-15T13:12:00+01:00",
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_read_by_is_refused_at_load() {
        for bad in ["%Q9", "%H:%M", "%d %B", "isoo", "%", "%Y-%m-%d %E"] {
            assert!(TimeFormat::read(bad).is_err(), "{bad}");
        }
        for good in [
            "%d-%m-%Y %H.%M.%S",
            "%Y%m%d-%H%M%S",
            "%m/%d/%y %I:%M %p",
            "%s",
            "%FT%T%.f%:z",
            "%Y-%j",
        ] {
            assert_eq!(TimeFormat::read(good).err(), None, "{good}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered_and_what_is_read_is_rfc3339(text in any::<String>(), near in "(/Date\\()?[0-9TZ:+. /)-]{0,30}") {
            let rules = [
                rule(&[], None),
                rule(&["%d/%m/%Y %H:%M", "epoch", "spreadsheet", "iso"], Some("America/New_York")),
                rule(&["epoch_ms", "json_date", "%Y%m%d%H%M%S", "%s"], None),
            ];
            for text in [text, near] {
                for rule in &rules {
                    if let Ok((shown, at)) = rule.read(&text) {
                        prop_assert_eq!(shown.parse::<Timestamp>().unwrap(), at);
                    }
                }
            }
        }

        #[test]
        fn every_second_survives_the_way_through_its_zone(second in 31_i64 * 86_400..4_000_000_000) {
            let at = Timestamp::from_second(second).unwrap();
            let zone = TimeZone::get("Europe/Copenhagen").unwrap();
            let local = zone.to_datetime(at).strftime("%d-%m-%Y %H.%M.%S").to_string();
            let rule = rule(&["%d-%m-%Y %H.%M.%S"], Some("Europe/Copenhagen"));
            match rule.read(&local) {
                Ok((_, read)) => prop_assert_eq!(read, at),
                Err((code, _)) => prop_assert_eq!(code, Code::TimeHappenedTwice),
            }
        }

        #[test]
        fn any_pattern_is_answered(pattern in "%?[a-zA-Z%:.0-9 -]{0,12}") {
            let _ = TimeFormat::read(&pattern);
        }
    }
}
