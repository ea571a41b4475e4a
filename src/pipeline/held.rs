//! Calls that are neither sent nor rejected, because a later run may find what is lacking today. What
//! is wrong with them says so by itself (`Problem::holds`); here it is found out for how long.

use std::time::Duration;

use jiff::Timestamp;

use super::call::worker::{CallWorker, Proposal, RecordKey, low};
use super::decision::Action;
use super::{Error, Outcome};
use crate::domain::call::Value;
use crate::domain::{Code, Place, Problem};
use crate::ledger::{CallState, CreateState};
use crate::plan::Step;
use crate::source::{Batch, Record};

impl CallWorker<'_> {
    /// Holds the call if one of its problems asks for that, and tells if it was held for too long.
    /// Answers why it is held; of no concern for a call that goes on.
    pub(super) fn hold(
        &self,
        step: &mut Step,
        standing: Option<&CallState>,
        place: &Place,
        problems: &mut Vec<Problem>,
    ) -> Code {
        let why = problems.iter().find(|problem| problem.holds);
        let why = why.map(|problem| problem.code);
        if why.is_some() {
            *step = Step::Hold;
        }
        if *step == Step::Hold {
            let held_at = standing.and_then(|standing| standing.held_at);
            let message = overdue(held_at, self.road.now, self.road.policy.hold_for);
            problems.extend(
                message.map(|message| Problem::new(Code::HeldTooLong, place.clone(), message)),
            );
        }
        why.unwrap_or(Code::RecordingMissing)
    }
}

impl CallWorker<'_> {
    /// Holds a new call whose row may be cut in its last cell, where that cell feeds something that
    /// cannot be corrected later. A run before this one that found the same has shown that the row is
    /// not being written any more.
    pub(super) fn doubt_last_row(
        &self,
        step: Step,
        standing: Option<&CallState>,
        fingerprint: u128,
        problems: &mut [Problem],
    ) {
        let is_known = standing.is_some_and(|standing| standing.fingerprint == fingerprint);
        if is_known || !matches!(step, Step::Create { .. }) {
            return;
        }
        let doubts = |problem: &&mut Problem| {
            problem.code == Code::RowUnterminated && self.profile.decides(&problem.column)
        };
        if let Some(problem) = problems.iter_mut().find(doubts) {
            let message = format!(
                "{}; the call is held, and the next run that finds the row unchanged sends it",
                problem.message
            );
            problem.message = message.into();
            problem.holds = true;
        }
    }
}

impl CallWorker<'_> {
    /// Lets a call that waits because its id may be cut take nothing under that id: of several files another
    /// may have the call whose id it is. A row that an earlier run has found so is whole.
    pub(super) fn set_doubtful_ids_apart(
        &self,
        batch: &Batch,
        items: &mut [Proposal],
    ) -> Result<(), Error> {
        if !self.road.is_newest_first() {
            return Ok(());
        }
        for (index, item) in items.iter_mut().enumerate() {
            let problems = &item.decision.problems;
            let Some(RecordKey::Call {
                identity,
                content,
                party,
            }) = item.key.filter(|_| {
                problems
                    .iter()
                    .any(|problem| self.profile.doubts_id(problem))
            })
            else {
                continue;
            };
            let waits = matches!(
                item.decision.fate,
                Action::Told | Action::Waits(_) | Action::Ends(Outcome::Held, _)
            );
            if waits && !self.is_known_so(&batch.get(index), content)? {
                item.key = Some(RecordKey::Doubtful {
                    identity,
                    content,
                    party,
                });
                item.mark = None;
            }
        }
        Ok(())
    }

    /// Whether an earlier run has found the record with this content, or has its call in place.
    fn is_known_so(&self, record: &Record<'_>, content: u64) -> Result<bool, Error> {
        let (Some(reader), (_, Value::Text(id))) = (&self.reader, self.profile.id(record)) else {
            return Ok(false);
        };
        let standing = reader.standing(&[&id])?.pop().flatten();
        Ok(standing.is_some_and(|known| {
            low(known.fingerprint) == content
                || matches!(
                    known.create,
                    CreateState::Done { .. } | CreateState::LeftAlone
                )
        }))
    }
}

/// What there is to be told of a call that has been held since then, once it is held for too long.
pub fn overdue(held_at: Option<Timestamp>, now: Timestamp, hold_for: Duration) -> Option<String> {
    let age = held_at.map_or(Duration::ZERO, |at| {
        Duration::try_from(now.duration_since(at)).unwrap_or_default()
    });
    let limit = shown(hold_for);
    (age >= hold_for).then(|| match held_at {
        Some(at) => format!(
            "held for {}, since {}; --hold-for is {limit}",
            shown(age),
            at.strftime("%Y-%m-%d %H:%M UTC")
        ),
        None => format!("held, and --hold-for is {limit}"),
    })
}

/// A time in its largest unit, rounded down.
fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let unit = units.into_iter().find(|(unit, _)| seconds >= *unit);
    let (unit, name) = unit.unwrap_or((1, "second"));
    match seconds / unit {
        1 => format!("1 {name}"),
        number => format!("{number} {name}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_held_too_long_from_the_limit_on() {
        let now: Timestamp = "2026-12-04T02:15:00Z".parse().unwrap();
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let since = |days_ago| Some(now - days(days_ago));
        assert_eq!(overdue(None, now, days(3)), None);
        assert_eq!(overdue(since(2), now, days(3)), None);
        assert_eq!(
            overdue(since(4), now, days(3)).as_deref(),
            Some("held for 4 days, since 2026-11-30 02:15 UTC; --hold-for is 3 days")
        );
        assert_eq!(
            overdue(None, now, Duration::ZERO).as_deref(),
            Some("held, and --hold-for is 0 seconds")
        );
        // A clock that was set back has held nothing in the future.
        assert_eq!(overdue(Some(now + days(9)), now, days(1)), None);
    }
}
