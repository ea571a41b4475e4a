//! The story of one case: its messages go out one after the other in the order of time, or all
//! together. A message whose answer is lost is not sent again on its own, since it could stand in the
//! case twice; the case is replaced with all its messages instead, where the export has them all.

use std::sync::Arc;

use super::facts::entries;
use super::progress::{CaseProgress, CaseRefusal, MessageEnd};
use super::requests::add_message::AddMessageRequest;
use super::requests::change::ChangeRequest;
use super::requests::find::{FindAnswer, FindRequest};
use super::requests::replace::{ReplaceRequest, whole_case};
use crate::api;
use crate::delivery::job_end::CarriedOut;
use crate::delivery::new_ledger::NewLedger;
use crate::delivery::sender::Sender;
use crate::delivery::sender::doubt::Doubt;
use crate::delivery::sender::error::CallError;
use crate::delivery::sender::request::Success;
use crate::delivery::sender::request_kind::RequestKind;
use crate::delivery::sender::token_check::TokenProbe;
use crate::domain::Code;
use crate::failpoint::{self, Point};
use crate::ledger::{CaseFact, CaseHashes};
use crate::targets::case::job::CaseJob;
use crate::targets::case::plan::{CaseStep, MessageEndpoint};

/// Everything that cases under way share.
pub struct CaseDelivery {
    pub(in crate::targets) sender: Arc<Sender>,
    /// Whether the ledger may be the wrong one, by what it knows of cases.
    pub(in crate::targets) new_ledger: NewLedger,
}

impl CaseDelivery {
    /// Carries out the step of one case to its end, and says how each of its records ended.
    pub(in crate::targets) async fn carry_out(&self, job: &CaseJob) -> CarriedOut {
        let known = job.known.iter();
        let mut progress = CaseProgress {
            job,
            ends: known
                .map(|known| {
                    if *known {
                        MessageEnd::There
                    } else {
                        MessageEnd::Waits
                    }
                })
                .collect(),
            is_updated: false,
            refusal: None,
        };
        let fault = match self.carry_case(&mut progress).await {
            Ok(()) => None,
            Err(CallError::Conflict { .. }) => return CarriedOut::Conflict,
            Err(CallError::Unauthorized {
                refusal,
                status,
                message,
                ..
            }) => {
                progress.refusal = Some(CaseRefusal {
                    refusal,
                    status,
                    message,
                    of: None,
                });
                None
            }
            Err(error) => self.failed(job, error, None).await,
        };
        let rows = job.rows.iter().enumerate();
        CarriedOut::Ended(
            rows.map(|(number, row)| progress.end(number, row, fault.as_ref()))
                .collect(),
        )
    }

    async fn carry_case(&self, progress: &mut CaseProgress<'_>) -> Result<(), CallError> {
        let job = progress.job;
        match &job.step {
            CaseStep::Replace => self.replace(progress).await?,
            CaseStep::Add { which, carrier } => {
                self.check_ledger(job).await?;
                self.add(progress, which, *carrier).await?;
            }
            CaseStep::Change => self.change(progress).await?,
            CaseStep::Nothing | CaseStep::Older => {}
        }
        Ok(())
    }

    /// Asks the destination whether it has a case of which a new ledger knows nothing: its messages would
    /// be added once more, and no answer would say so. The question is a change of no field. Each case is
    /// asked for, since tickets of tonight are new to any destination.
    async fn check_ledger(&self, job: &CaseJob) -> Result<(), CallError> {
        let earlier = job.earlier;
        let is_known = earlier.is_there || earlier.is_in_doubt || job.doubtful.contains(&true);
        let case = job.case.identity_hash();
        if is_known || !self.new_ledger.is_doubtful() || self.new_ledger.was_new(case) {
            return Ok(());
        }
        let mut request = FindRequest {
            client: &self.sender.client,
            uid: &job.case.uid,
        };
        match self.sender.send(&mut request, Doubt::default()).await {
            Ok((Success::Done(FindAnswer::Unclear(said)), _)) => Err(unclear(409, &said)),
            Ok(_) => Err(CallError::Conflict { was_tried: false }),
            Err(CallError::Refused { status: 404, .. }) => {
                self.new_ledger.remember_new(case);
                Ok(())
            }
            Err(CallError::Refused {
                status, message, ..
            }) => Err(unclear(status, &message)),
            Err(error) => Err(error),
        }
    }

    async fn replace(&self, progress: &mut CaseProgress<'_>) -> Result<(), CallError> {
        let job = progress.job;
        let mut request = ReplaceRequest {
            client: &self.sender.client,
            job,
            body: whole_case(job),
        };
        let doubt = Doubt::of_earlier_runs(job.doubtful.contains(&true));
        let (answer, doubt) = self.sender.send(&mut request, doubt).await?;
        expect_done(&answer, doubt.is_open())?;
        self.replaced(progress).await
    }

    async fn replaced(&self, progress: &mut CaseProgress<'_>) -> Result<(), CallError> {
        let job = progress.job;
        self.remember(job);
        let fact = CaseFact::Replaced(job.hashes, job.message_hashes.clone());
        self.write_case(job, vec![fact]).await?;
        progress.is_updated = true;
        for end in &mut progress.ends {
            if *end == MessageEnd::Waits {
                *end = MessageEnd::Added;
            }
        }
        Ok(())
    }

    async fn change(&self, progress: &mut CaseProgress<'_>) -> Result<(), CallError> {
        let job = progress.job;
        let mut request = ChangeRequest {
            client: &self.sender.client,
            job,
            body: api::case_fields(&job.case),
        };
        let (answer, _) = self.sender.send(&mut request, Doubt::default()).await?;
        expect_done(&answer, false)?;
        self.remember(job);
        // What a change cannot carry (priority, source, created, messages) stays as it was.
        let sent = CaseHashes {
            fields: job.case.changeable_fingerprint(),
            content: 0,
            updated: job.hashes.updated,
        };
        self.write_case(job, vec![CaseFact::Changed(sent)]).await?;
        progress.is_updated = true;
        Ok(())
    }

    /// Adds these messages, one after the other.
    async fn add(
        &self,
        progress: &mut CaseProgress<'_>,
        which: &[usize],
        endpoint: MessageEndpoint,
    ) -> Result<(), CallError> {
        let job = progress.job;
        for (position, index) in which.iter().enumerate() {
            // Should the case be replaced, all of its messages leave at once.
            let leaving = match (job.may_replace, position) {
                (true, 0) => which,
                (true, _) => &[],
                (false, _) => std::slice::from_ref(index),
            };
            let mut request = AddMessageRequest {
                client: &self.sender.client,
                job,
                index: *index,
                endpoint,
                leaving,
                body: AddMessageRequest::body(job, *index, endpoint),
            };
            match self.send_message(&mut request).await {
                Ok(doubt) if doubt.is_open() && job.may_replace => {
                    return self.replaced(progress).await;
                }
                Ok(doubt) => {
                    self.added(job, *index, endpoint).await?;
                    progress.ends[*index] = match doubt.resends() {
                        0 => MessageEnd::Added,
                        resends => MessageEnd::Resent(resends),
                    };
                }
                Err(error) => {
                    let goes_on = !matches!(error, CallError::Failed { .. });
                    progress.ends[*index] = match self.message_failed(job, *index, error).await? {
                        Some(end) => end,
                        None => progress.ends[*index].clone(),
                    };
                    if !goes_on {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends one message, or in doubt the whole case.
    async fn send_message(&self, request: &mut AddMessageRequest<'_>) -> Result<Doubt, CallError> {
        let doubt = Doubt::of_earlier_runs(request.job.doubtful[request.index]);
        let (answer, doubt) = self.sender.send(request, doubt).await?;
        expect_done(&answer, doubt.is_open())?;
        Ok(doubt)
    }

    /// A message was added.
    async fn added(
        &self,
        job: &CaseJob,
        index: usize,
        endpoint: MessageEndpoint,
    ) -> Result<(), CallError> {
        self.remember(job);
        let hashes = (endpoint == MessageEndpoint::WithCase).then_some(job.hashes);
        let fact = CaseFact::MessageAdded(job.message_hashes[index], hashes);
        self.write_case(job, vec![fact]).await
    }

    /// How a message ended that did not get through, unless that is the end of its case.
    async fn message_failed(
        &self,
        job: &CaseJob,
        index: usize,
        error: CallError,
    ) -> Result<Option<MessageEnd>, CallError> {
        let refused = match error {
            // Whoever is to blame, the next message finds out.
            CallError::Unauthorized {
                refusal,
                status,
                message,
                in_doubt,
            } => {
                return Ok(Some(MessageEnd::Unauthorized(CaseRefusal {
                    refusal,
                    status,
                    message,
                    of: (!in_doubt).then_some(job.message_hashes[index].hash),
                })));
            }
            // This message is not wanted; those after it do not depend on it.
            CallError::Refused { in_doubt, .. } => (!in_doubt).then_some(index),
            CallError::Failed { .. } => None,
            CallError::Stopped | CallError::Conflict { .. } => return Err(error),
        };
        let problem = self.failed(job, error, refused).await;
        Ok(problem.map(|(code, why)| MessageEnd::Failed(code, why)))
    }

    /// A change of no field of this case would work as well.
    fn remember(&self, job: &CaseJob) {
        let probe = TokenProbe::Case(job.case.uid.clone());
        self.sender.token.remember(probe);
    }

    async fn write_case(&self, job: &CaseJob, facts: Vec<CaseFact>) -> Result<(), CallError> {
        failpoint::reached(Point::FactIsDue);
        self.sender.record(entries(job, facts)).await
    }

    /// Writes down why a case or a message did not get through; nothing when the run was stopped.
    /// `refused` is a message that the server certainly does not have.
    async fn failed(
        &self,
        job: &CaseJob,
        error: CallError,
        refused: Option<usize>,
    ) -> Option<(Code, String)> {
        let (fact, code, words) = match error {
            CallError::Stopped | CallError::Conflict { .. } | CallError::Unauthorized { .. } => {
                return None;
            }
            CallError::Refused {
                status,
                message,
                code,
                ..
            } => {
                let of = refused.map(|index| job.message_hashes[index].hash);
                let words = message.clone();
                (
                    CaseFact::Refused {
                        of,
                        status,
                        message,
                    },
                    code,
                    words,
                )
            }
            CallError::Failed { status, why, .. } => {
                let words = self.sender.gave_up(&why);
                (CaseFact::Failed { status, why }, Code::GaveUp, words)
            }
        };
        // A ledger that is lost stops the run by itself; the case failed either way.
        let _ = self.write_case(job, vec![fact]).await;
        Some((code, words))
    }
}

/// The destination does not say whether it has a case. Only 404 says that it has none, and messages that are
/// added to one that is there would stand in it twice.
fn unclear(status: u16, said: &str) -> CallError {
    CallError::Refused {
        kind: RequestKind::Change,
        status,
        message: format!(
            "the destination did not say whether it has this ticket ({said}); nothing was sent, because \
             its messages could be added twice. Type --existing adopt to send them without this question"
        ),
        code: Code::ServerRefused,
        in_doubt: false,
    }
}

/// The contract's 409 says that the case exists. To replace or to add is meant for cases that do, so
/// this is no answer to it unless an earlier try may have got through.
fn expect_done(answer: &Success<()>, in_doubt: bool) -> Result<(), CallError> {
    match answer {
        Success::AlreadyThere if !in_doubt => Err(CallError::Refused {
            kind: RequestKind::Case,
            status: 409,
            message: "the server has this case already and does not take it again".to_owned(),
            code: Code::ServerRefused,
            in_doubt,
        }),
        _ => Ok(()),
    }
}
