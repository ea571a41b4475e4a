//! The story of one case: its messages go out one after the other in the order of time, or all
//! together. A message whose answer is lost is not sent again on its own, since it could stand in the
//! case twice; the case is replaced with all its messages instead, where the export has them all.

use std::sync::Arc;

use super::case_progress::{CaseProgress, Charge, MessageEnd, entries};
use super::job_end::{CarriedOut, JobEnd};
use super::new_ledger::NewLedger;
use super::sender::attempt::{Harmless, Sender, Success};
use super::sender::breaker::Health;
use super::sender::error::{CallError, failed, status};
use super::sender::intent::{Facts, Intent};
use super::sender::verdict::{RequestKind, Verdict, judge};
use crate::api;
use crate::domain::Code;
use crate::domain::case::Message;
use crate::failpoint::{self, Point};
use crate::ledger::CaseFact;
use crate::pipeline::CaseJob;
use crate::plan::{CaseStep, MessageEndpoint};

/// One message on its way.
struct MessageRequest<'l> {
    shipment: &'l CaseJob,
    index: usize,
    carrier: MessageEndpoint,
    /// The messages that may leave with it.
    leaving: &'l [usize],
}

/// Everything that cases under way share.
pub(super) struct CaseDelivery {
    pub(super) sender: Arc<Sender>,
    /// Whether the ledger may be the wrong one, by what it knows of cases.
    pub(super) new_ledger: NewLedger,
}

impl CaseDelivery {
    /// Carries out the step of one case to its end, and says how each of its records ended.
    pub(super) async fn deliver(&self, shipment: &CaseJob) -> CarriedOut<Vec<JobEnd>> {
        let known = shipment.known.iter();
        let mut journey = CaseProgress {
            shipment,
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
            charge: None,
        };
        let fault = match self.carry_case(&mut journey).await {
            Ok(()) => None,
            Err(CallError::Strange { was_tried }) => return CarriedOut::Strange { was_tried },
            Err(CallError::Unauthorized {
                refusal,
                status,
                message,
                ..
            }) => {
                journey.charge = Some(Charge {
                    refusal,
                    status,
                    message,
                    of: None,
                });
                None
            }
            Err(halt) => self.case_halted(shipment, halt, None).await,
        };
        let rows = shipment.rows.iter().enumerate();
        CarriedOut::Ended(
            rows.map(|(number, row)| journey.ending(number, row, fault.as_ref()))
                .collect(),
        )
    }

    async fn carry_case(&self, journey: &mut CaseProgress<'_>) -> Result<(), CallError> {
        let shipment = journey.shipment;
        match &shipment.step {
            CaseStep::Replace => self.replace(journey).await?,
            CaseStep::Add { which, carrier } => {
                self.make_sure_of_the_ledger(shipment).await?;
                self.add(journey, which, *carrier).await?;
            }
            CaseStep::Change => self.change(journey).await?,
            CaseStep::Nothing | CaseStep::Older => {}
        }
        Ok(())
    }

    /// Asks the destination whether it has a case of which a new ledger knows nothing: its messages would
    /// be added once more, and no answer would say so. The question is a change of no field. Each case is
    /// asked for, since tickets of tonight are new to any destination.
    async fn make_sure_of_the_ledger(&self, shipment: &CaseJob) -> Result<(), CallError> {
        let earlier = shipment.earlier;
        let is_known = earlier.is_there || earlier.is_in_doubt || shipment.doubtful.contains(&true);
        let case = shipment.case.identity_hash();
        if is_known || !self.new_ledger.is_doubtful() || self.new_ledger.was_new(case) {
            return Ok(());
        }
        let (stage, number) = (RequestKind::Change, self.sender.refusals.depart());
        let mut attempt = 0;
        loop {
            attempt += 1;
            let permit = self.sender.leave(false).await?.of(number);
            let answer = self
                .sender
                .client
                .patch_case(&shipment.case.uid, "{}".into());
            let Err(error) = answer.await else {
                self.sender.gate.leave(permit, Health::Well, 0.0);
                return Err(CallError::Strange { was_tried: false });
            };
            match judge(stage, &error) {
                Verdict::Unauthorized => {
                    return Err(self.sender.unauthorized(permit, stage, &error, false).await);
                }
                Verdict::Later(later) => {
                    self.sender
                        .wait(permit, later, (stage, attempt), &error)
                        .await?;
                    if attempt > self.sender.effort.retries {
                        return Err(failed(stage, &error));
                    }
                }
                Verdict::AlreadyThere | Verdict::Refused => {
                    self.sender.gate.leave(permit, Health::Well, 0.0);
                    if matches!(error, api::Error::Status { status: 404, .. }) {
                        self.new_ledger.has_found_new(case);
                        return Ok(());
                    }
                    return Err(unanswered(&error));
                }
            }
        }
    }

    async fn replace(&self, journey: &mut CaseProgress<'_>) -> Result<(), CallError> {
        let shipment = journey.shipment;
        let messages: Vec<&Message> = shipment.messages.iter().collect();
        let body = api::whole_case(&shipment.case, &messages);
        let mut in_doubt = shipment.doubtful.contains(&true);
        let answer = self
            .sender
            .attempt(
                intent(RequestKind::Case, shipment, vec![CaseFact::Intended]),
                &mut in_doubt,
                |_| self.sender.client.put_case(body.clone()),
            )
            .await?;
        expect_done(&answer, in_doubt)?;
        self.replaced(journey).await
    }

    async fn replaced(&self, journey: &mut CaseProgress<'_>) -> Result<(), CallError> {
        let shipment = journey.shipment;
        self.has_worked_for(shipment);
        let fact = CaseFact::Replaced(shipment.print, shipment.marks.clone());
        self.write_case(shipment, vec![fact]).await?;
        journey.is_updated = true;
        for end in &mut journey.ends {
            if *end == MessageEnd::Waits {
                *end = MessageEnd::Added;
            }
        }
        Ok(())
    }

    async fn change(&self, journey: &mut CaseProgress<'_>) -> Result<(), CallError> {
        let shipment = journey.shipment;
        let body = api::case_fields(&shipment.case);
        let uid = &shipment.case.uid;
        let answer = self
            .sender
            .attempt(
                intent(RequestKind::Change, shipment, vec![CaseFact::Intended]),
                &mut false,
                |_| self.sender.client.patch_case(uid, body.clone()),
            )
            .await?;
        expect_done(&answer, false)?;
        self.has_worked_for(shipment);
        self.write_case(shipment, vec![CaseFact::Changed(shipment.print)])
            .await?;
        journey.is_updated = true;
        Ok(())
    }

    async fn add(
        &self,
        journey: &mut CaseProgress<'_>,
        which: &[usize],
        carrier: MessageEndpoint,
    ) -> Result<(), CallError> {
        let shipment = journey.shipment;
        for (position, index) in which.iter().enumerate() {
            // Should the case be replaced, all of its messages leave at once.
            let leaving = match (shipment.may_replace, position) {
                (true, 0) => which,
                (true, _) => &[],
                (false, _) => std::slice::from_ref(index),
            };
            let mut in_doubt = shipment.doubtful[*index];
            let letter = MessageRequest {
                shipment,
                index: *index,
                carrier,
                leaving,
            };
            let sent = self.send_message(&letter, &mut in_doubt).await;
            match sent {
                Ok(_) if in_doubt && shipment.may_replace => return self.replaced(journey).await,
                Ok(resends) => {
                    self.has_worked_for(shipment);
                    let print = (carrier == MessageEndpoint::WithCase).then_some(shipment.print);
                    let fact = CaseFact::MessageAdded(shipment.marks[*index], print);
                    self.write_case(shipment, vec![fact]).await?;
                    journey.ends[*index] = if resends > 0 {
                        MessageEnd::Resent(resends)
                    } else {
                        MessageEnd::Added
                    };
                }
                // Whoever is to blame, the next message finds out.
                Err(CallError::Unauthorized {
                    refusal,
                    status,
                    message,
                    in_doubt,
                }) => {
                    journey.ends[*index] = MessageEnd::Accused(Charge {
                        refusal,
                        status,
                        message,
                        of: (!in_doubt).then_some(shipment.marks[*index].hash),
                    });
                }
                // This message is not wanted; those after it do not depend on it.
                Err(halt @ CallError::Refused { .. }) => {
                    let refused = (!in_doubt).then_some(*index);
                    if let Some((code, why)) = self.case_halted(shipment, halt, refused).await {
                        journey.ends[*index] = MessageEnd::Failed(code, why);
                    }
                }
                Err(halt @ CallError::Failed { .. }) => {
                    if let Some((code, why)) = self.case_halted(shipment, halt, None).await {
                        journey.ends[*index] = MessageEnd::Failed(code, why);
                    }
                    return Ok(());
                }
                Err(halt @ (CallError::Stopped | CallError::Strange { .. })) => return Err(halt),
            }
        }
        Ok(())
    }

    /// Sends one message, or in doubt the whole case; how often it was sent again in doubt.
    async fn send_message(
        &self,
        letter: &MessageRequest<'_>,
        in_doubt: &mut bool,
    ) -> Result<u32, CallError> {
        let MessageRequest {
            shipment,
            index,
            carrier,
            leaving,
        } = *letter;
        let message = &shipment.messages[index];
        let (stage, body) = match carrier {
            MessageEndpoint::WithCase => (
                RequestKind::Case,
                api::case_with_message(&shipment.case, message),
            ),
            MessageEndpoint::Alone => (
                RequestKind::Change,
                api::message_only(&shipment.case, message),
            ),
        };
        let intended = leaving
            .iter()
            .map(|index| CaseFact::MessageIntended(shipment.marks[*index]));
        let intended = intended.collect();
        let mut intent = intent(stage, shipment, intended);
        intent.unsent = not_sent(shipment, leaving);
        let resends = std::sync::atomic::AtomicU32::new(0);
        let answer = self
            .sender
            .attempt(intent, in_doubt, |doubtful| {
                let replaces = doubtful && shipment.may_replace;
                let body = if replaces {
                    let messages: Vec<&Message> = shipment.messages.iter().collect();
                    api::whole_case(&shipment.case, &messages)
                } else {
                    resends.fetch_add(u32::from(doubtful), std::sync::atomic::Ordering::Relaxed);
                    body.clone()
                };
                async move {
                    match carrier {
                        _ if replaces => self.sender.client.put_case(body).await,
                        MessageEndpoint::WithCase => self.sender.client.put_message(body).await,
                        MessageEndpoint::Alone => self.sender.client.append_message(body).await,
                    }
                }
            })
            .await?;
        expect_done(&answer, *in_doubt)?;
        Ok(resends.into_inner())
    }

    /// A change of no field of this case would work as well.
    fn has_worked_for(&self, shipment: &CaseJob) {
        *self.sender.harmless() = Some(Harmless::Case(shipment.case.uid.clone()));
    }

    async fn write_case(&self, shipment: &CaseJob, facts: Vec<CaseFact>) -> Result<(), CallError> {
        failpoint::reached(Point::FactIsDue);
        self.sender.record(entries(shipment, facts)).await
    }

    /// Writes down why a case or a message did not get through; nothing when the run was stopped.
    /// `refused` is a message that the server certainly does not have.
    async fn case_halted(
        &self,
        shipment: &CaseJob,
        halt: CallError,
        refused: Option<usize>,
    ) -> Option<(Code, String)> {
        let (fact, code, words) = match halt {
            CallError::Stopped | CallError::Strange { .. } | CallError::Unauthorized { .. } => {
                return None;
            }
            CallError::Refused {
                status,
                message,
                code,
                ..
            } => {
                let of = refused.map(|index| shipment.marks[index].hash);
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
        let _ = self.write_case(shipment, vec![fact]).await;
        Some((code, words))
    }
}

fn intent(stage: RequestKind, shipment: &CaseJob, facts: Vec<CaseFact>) -> Intent {
    Intent {
        stage,
        facts: entries(shipment, facts),
        unsent: not_sent(shipment, &[]),
        completes: false,
    }
}

/// The destination does not say whether it has a case. Only 404 says that it has none, and messages that are
/// added to one that is there would stand in it twice.
fn unanswered(error: &api::Error) -> CallError {
    CallError::Refused {
        stage: RequestKind::Change,
        status: status(error).unwrap_or(0),
        message: format!(
            "the destination did not say whether it has this ticket ({error}); nothing was sent, because \
             its messages could be added twice. Type --existing adopt to send them without this question"
        ),
        code: Code::ServerRefused,
        in_doubt: false,
    }
}

/// What the ledger is told when nothing can have come of a request that was to carry these messages.
fn not_sent(shipment: &CaseJob, leaving: &[usize]) -> Facts {
    let leaving = leaving.iter().filter(|index| !shipment.doubtful[**index]);
    let fact = CaseFact::NotSent {
        was_in_doubt: shipment.earlier.is_in_doubt,
        never_sent: leaving.map(|index| shipment.marks[*index].hash).collect(),
    };
    entries(shipment, vec![fact])
}

/// The contract's 409 says that the case exists. To replace or to add is meant for cases that do, so
/// this is no answer to it unless an earlier try may have got through.
fn expect_done(answer: &Success<()>, in_doubt: bool) -> Result<(), CallError> {
    match answer {
        Success::AlreadyThere if !in_doubt => Err(CallError::Refused {
            stage: RequestKind::Case,
            status: 409,
            message: "the server has this case already and does not take it again".to_owned(),
            code: Code::ServerRefused,
            in_doubt,
        }),
        _ => Ok(()),
    }
}
