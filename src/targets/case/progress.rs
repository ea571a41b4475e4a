//! How far a case has come while its step is carried out, and how each of its records ends by that.

use super::facts::entries;
use crate::delivery::job_end::{JobEnd, UnsettledRefusal};
use crate::delivery::sender::refusals::Refusal;
use crate::domain::Code;
use crate::events::{Delivered, DeliveryKind, Outcome};
use crate::ledger::CaseFact;
use crate::targets::case::job::{CaseJob, CaseRow, CaseSpread};
use crate::targets::case::plan::CaseStep;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::targets) enum MessageEnd {
    /// The server had it before.
    There,
    /// It was sent.
    Added,
    /// It was sent, and sent again so many times although it may have arrived.
    Resent(u32),
    /// It was not tried.
    Waits,
    /// It did not get through.
    Failed(Code, String),
    /// It was refused with 401 or 403, and it is not known yet whether the token is to blame.
    Unauthorized(CaseRefusal),
}

impl MessageEnd {
    /// How often it was sent again although it may have arrived.
    fn resends(&self) -> u32 {
        match self {
            MessageEnd::Resent(times) => *times,
            _ => 0,
        }
    }
}

/// A refusal with 401 or 403 that may be the token's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::targets) struct CaseRefusal {
    pub(in crate::targets) refusal: Refusal,
    pub(in crate::targets) status: u16,
    pub(in crate::targets) message: String,
    /// The message that the server certainly does not have.
    pub(in crate::targets) of: Option<u64>,
}

impl CaseRefusal {
    fn fact(&self) -> CaseFact {
        CaseFact::Refused {
            of: self.of,
            status: self.status,
            message: self.message.clone(),
        }
    }
}

/// What became of a case while its step was carried out.
pub(in crate::targets) struct CaseProgress<'s> {
    pub(in crate::targets) job: &'s CaseJob,
    pub(in crate::targets) ends: Vec<MessageEnd>,
    /// Whether the case itself was replaced or changed.
    pub(in crate::targets) is_updated: bool,
    /// The request about the whole case was refused, perhaps for the token.
    pub(in crate::targets) refusal: Option<CaseRefusal>,
}

impl CaseProgress<'_> {
    /// The end of a record whose request was refused, perhaps for the token.
    fn unauthorized(&self, number: usize, ends: &[MessageEnd]) -> Option<JobEnd> {
        let refusals = ends.iter().filter_map(|end| match end {
            MessageEnd::Unauthorized(refusal) => Some(refusal),
            _ => None,
        });
        let of_messages: Vec<&CaseRefusal> = refusals.collect();
        // What is about the whole case is written once.
        let of_case = self.refusal.iter();
        let facts = of_case.clone().filter(|_| number == 0);
        let facts = facts
            .chain(of_messages.iter().copied())
            .map(CaseRefusal::fact);
        let facts = entries(self.job, facts.collect());
        let refusal = of_case.chain(of_messages).next()?;
        let problem = (Code::ServerRefused, refusal.message.clone());
        Some(JobEnd {
            unsettled: Some(Box::new(UnsettledRefusal {
                refusal: refusal.refusal,
                facts,
            })),
            ..ended(Outcome::Failed, "", Some(problem))
        })
    }

    /// How record `number` ended; `fault` is what befell the case as a whole.
    pub(in crate::targets) fn end(
        &self,
        number: usize,
        row: &CaseRow,
        fault: Option<&(Code, String)>,
    ) -> JobEnd {
        let ends = &self.ends[row.messages.clone()];
        if let Some(end) = self.unauthorized(number, ends) {
            return end;
        }
        let failed = ends.iter().find_map(|end| match end {
            MessageEnd::Failed(code, why) => Some((*code, why.clone())),
            _ => None,
        });
        if let Some(problem) = fault.cloned().or(failed) {
            return ended(Outcome::Failed, "", Some(problem));
        }
        let is_change = self.job.step == CaseStep::Change;
        if ends.contains(&MessageEnd::Waits) || (is_change && !self.is_updated) {
            return ended(
                Outcome::NotAttempted,
                "stopped, or an earlier message failed",
                None,
            );
        }
        let is_whole = self.job.spread == CaseSpread::Whole;
        let is_new = if is_whole {
            !self.job.earlier.is_there
        } else {
            ends.iter().any(|end| *end != MessageEnd::There)
        };
        let (outcome, detail) = match (is_new, self.is_updated || is_whole) {
            (true, _) => (Outcome::Created, ""),
            (false, true) => (Outcome::AlreadyThere, "updated"),
            (false, false) => (Outcome::AlreadyThere, ""),
        };
        let resends = ends.iter().map(MessageEnd::resends).sum::<u32>();
        let problem = (resends > 0).then(|| {
            let message =
                format!("the message got no reliable answer and was sent again {resends} times");
            (Code::MessageInDoubt, message)
        });
        let kind = if is_whole {
            DeliveryKind::Case
        } else {
            DeliveryKind::Message
        };
        let mut messages = self.job.messages[row.messages.clone()].iter();
        JobEnd {
            delivered: Some(Delivered {
                kind,
                identity: self.job.case.uid.clone(),
                uid: messages
                    .next()
                    .filter(|_| !is_whole)
                    .map(|message| message.uid.clone()),
                recording: None,
                was_there: false,
                bytes: 0,
                in_doubt: resends,
                is_unproved: false,
            }),
            ..ended(outcome, detail, problem)
        }
    }
}

fn ended(outcome: Outcome, detail: &'static str, problem: Option<(Code, String)>) -> JobEnd {
    JobEnd {
        problem,
        ..JobEnd::plain(outcome, detail)
    }
}
