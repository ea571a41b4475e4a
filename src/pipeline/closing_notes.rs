//! What can be told once the export has been read whole, about recordings and customers.

use std::num::NonZeroU64;
use std::sync::Arc;

use super::clock_skew::{Clocks, OddClock, SkewReport, SkewSeverity, shown_difference};
use super::record_locations::RecordLocations;
use super::recording_claims::RecordingClaims;
use crate::domain::{Code, Location, Problem, Severity};
use crate::events::{Customers, DominantCustomer};
use crate::recordings::{ClaimStatus, Claimant, ColdRecordings, Index, StoreOutage, Unlisted};

/// Unclaimed recordings that are named one by one.
const UNCLAIMED: usize = 1000;

/// A customer that cannot be one, since most calls have it.
pub(super) fn one_customer(customers: &Customers, column: &str) -> Option<Problem> {
    let DominantCustomer {
        customer,
        of,
        calls,
    } = customers.usual()?;
    let message = format!(
        "at least {of} of {calls} calls have the same customer; it is probably your own number, or \
         stands for hidden numbers"
    );
    let problem = Problem::new(Code::OneCustomer, of_no_line(""), message);
    Some(problem.at(column, &customer))
}

/// Folders and files of recordings that could not be read.
pub(super) fn unlisted(index: &Index) -> impl Iterator<Item = Problem> {
    let tell = |unread: &Unlisted| {
        let message = format!(
            "it cannot be read ({}), so recordings may be missed",
            unread.why
        );
        let location = of_no_line(&unread.name);
        let problem = Problem::new(Code::RecordingUnreadable, location, message);
        problem.with_severity(Severity::Warning)
    };
    index.unlisted().iter().take(UNCLAIMED).map(tell)
}

/// Folders that were not searched, told once.
pub(super) fn not_searched(index: &Index) -> Option<Problem> {
    let bins = index.bins();
    let (first, some) = (bins.first()?, bins.iter().take(3));
    let some: Vec<&str> = some.map(String::as_str).collect();
    let more = match bins.len() - some.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "Recycle bins, snapshots and hidden folders are not searched: {}{more}. \
         Move recordings that you need out of them",
        some.join(", "),
    );
    let code = Code::RecordingsNotSearched;
    Some(Problem::new(code, of_no_line(first), message))
}

/// Recordings that must be restored before they can be read, by the class of their storage.
pub(super) fn in_cold_storage(index: &Index) -> impl Iterator<Item = Problem> {
    index.cold().iter().map(|(class, stored)| {
        let ColdRecordings { recordings, bytes } = *stored;
        let noun = if recordings == 1 { "recording" } else { "recordings" };
        let message = format!(
            "{recordings} {noun} ({bytes} bytes) are in cold storage ({class}). Restore them; calls \
             that need one wait"
        );
        Problem::new(Code::RecordingUnavailable, of_no_line(class), message)
    })
}

/// Stores that gave nothing for a while, and what was not asked of them then.
pub(super) fn outages(index: &Index) -> Vec<Problem> {
    let tell = |outage: StoreOutage| {
        let StoreOutage { place, unasked } = outage;
        let were = if unasked == 1 {
            "request was"
        } else {
            "requests were"
        };
        let message = format!(
            "it gave nothing for several requests in a row: {unasked} further {were} not made, and \
             count as failed. See whether it can be reached, then run again"
        );
        let problem = Problem::new(Code::RecordingUnavailable, of_no_line(&place), message);
        // Apart from the recordings that it concerns, so that it is seen.
        problem.with_severity(Severity::Note)
    };
    index.outages().into_iter().map(tell).collect()
}

/// Times in the names of recordings that are not those of their calls.
pub(super) fn odd_clocks(clocks: &Clocks, locations: &RecordLocations) -> Vec<Problem> {
    let mut told = Vec::new();
    for verdict in clocks.verdicts() {
        let SkewReport {
            about_all,
            odd,
            more,
        } = verdict;
        if let Some((gravity, message)) = about_all {
            let severity = match gravity {
                SkewSeverity::Warning => Severity::Warning,
                SkewSeverity::Note => Severity::Note,
            };
            let problem = Problem::new(Code::RecordingTime, of_no_line(""), message);
            told.push(problem.with_severity(severity));
        }
        told.extend(odd.iter().map(|odd| odd_clock(odd, locations)));
        if more > 0 {
            let message = format!("{more} more recordings whose names have another time");
            told.push(Problem::new(Code::RecordingTime, of_no_line(""), message));
        }
    }
    told
}

fn odd_clock(odd: &OddClock, locations: &RecordLocations) -> Problem {
    let location = match locations.file(odd.location) {
        Some(file) => Location {
            file: Arc::clone(&file.name),
            line: odd.line,
            record: NonZeroU64::new(odd.location.at).filter(|_| file.is_numbered),
        },
        None => Location::on_line("", odd.line),
    };
    let difference = shown_difference(odd.seconds);
    let message = format!("the time in its name is {difference} the call's");
    Problem::new(Code::RecordingTime, location, message).at("recording", &odd.recording)
}

/// Recordings that no call has claimed, told by a check once the export has been read whole.
/// A run says nothing: tonight's export claims a handful of the years in the folder.
pub(super) fn unclaimed(
    index: &Index,
    claims: &RecordingClaims,
    locations: &RecordLocations,
) -> Vec<Problem> {
    let note = |file: &str, message: String| {
        Problem::new(Code::RecordingUnclaimed, of_no_line(file), message)
    };
    let mut notes = Vec::new();
    let (mut strays, mut of_records) = (0_usize, 0_usize);
    for recording in claims.claims().unclaimed(index) {
        let left = claims.claims().left_by(&recording);
        let count = if left.is_some() {
            &mut of_records
        } else {
            &mut strays
        };
        *count += 1;
        if *count > UNCLAIMED {
            continue;
        }
        let message = match left {
            Some((claimant, status)) => why_left(claimant, status, claims, locations),
            None if index.is_unnamed(&recording) => {
                "no record of the export claims this recording, and no pattern of [audio] fits its \
                 name"
                    .to_owned()
            }
            None => "no record of the export claims this recording".to_owned(),
        };
        notes.push(note(&index.shown(&recording), message));
    }
    let more = |count: usize, what: &str| {
        let more = count.saturating_sub(UNCLAIMED);
        (more > 0).then(|| note("", format!("{more} more recordings {what}")))
    };
    notes.extend(more(strays, "that no record claims"));
    notes.extend(more(of_records, "whose records are rejected or left out"));
    notes
}

/// Why a recording that has a record is not sent.
fn why_left(
    claimant: Claimant,
    status: ClaimStatus,
    claims: &RecordingClaims,
    locations: &RecordLocations,
) -> String {
    let record = locations.name_of(claimant);
    if status != ClaimStatus::LeftOut {
        return format!("its record, {record}, is rejected: it is not sent");
    }
    let rule = claims.rule_of(claimant);
    let rule = rule.map(|rule| format!(" by `{rule}`")).unwrap_or_default();
    format!("its record, {record}, is left out{rule}: it is not sent")
}

/// The place of something that stands in no row.
fn of_no_line(file: &str) -> Location {
    Location::on_line(file, 0)
}
