//! The story of one case: its messages go out one after the other in the order of time, or all
//! together. A message whose answer is lost is not sent again on its own, since it could stand in the
//! case twice; the case is replaced with all its messages instead, where the export has them all.

use std::sync::Arc;

use super::call::{Accused, Carried, JobEnd, Sender};
use super::sender::attempt::{CallError, Facts, Harmless, Intent, Success, failed, status};
use super::sender::gate::Health;
use super::sender::refusals::Refusal;
use super::sender::verdict::{RequestKind, Verdict, judge};
use crate::api;
use crate::domain::Code;
use crate::domain::case::Message;
use crate::failpoint::{self, Point};
use crate::ledger::{CaseEntry, CaseFact};
use crate::pipeline::{CaseJob, CaseRow, CaseSpread, Delivered, Kind, Outcome};
use crate::plan::{CaseStep, MessageEndpoint};

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum MessageEnd {
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
    Accused(Charge),
}

/// A refusal with 401 or 403 that may be the token's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Charge {
    refusal: Refusal,
    status: u16,
    message: String,
    /// The message that the server certainly does not have.
    of: Option<u64>,
}

impl Charge {
    fn fact(&self) -> CaseFact {
        CaseFact::Refused {
            of: self.of,
            status: self.status,
            message: self.message.clone(),
        }
    }
}

/// One message on its way.
struct MessageRequest<'l> {
    shipment: &'l CaseJob,
    index: usize,
    carrier: MessageEndpoint,
    /// The messages that may leave with it.
    leaving: &'l [usize],
}

/// What became of a case while its step was carried out.
struct CaseProgress<'s> {
    shipment: &'s CaseJob,
    ends: Vec<MessageEnd>,
    /// Whether the case itself was replaced or changed.
    is_updated: bool,
    /// The request about the whole case was refused, perhaps for the token.
    charge: Option<Charge>,
}

impl Sender {
    /// Carries out the step of one case to its end, and says how each of its records ended.
    pub(super) async fn deliver_case(&self, shipment: &CaseJob) -> Carried<Vec<JobEnd>> {
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
            Err(CallError::Strange { was_tried }) => return Carried::Strange { was_tried },
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
        Carried::Ended(
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
        if is_known || !self.of_cases.is_doubtful() || self.of_cases.was_new(case) {
            return Ok(());
        }
        let (stage, number) = (RequestKind::Change, self.refusals.depart());
        let mut attempt = 0;
        loop {
            attempt += 1;
            let permit = self.leave(false).await?.of(number);
            let answer = self.client.patch_case(&shipment.case.uid, "{}".into());
            let Err(error) = answer.await else {
                self.gate.done(permit, Health::Well, 0.0);
                return Err(CallError::Strange { was_tried: false });
            };
            match judge(stage, &error) {
                Verdict::Unauthorized => {
                    return Err(self.unauthorized(permit, stage, &error, false).await);
                }
                Verdict::Later(later) => {
                    self.wait(permit, later, (stage, attempt), &error).await?;
                    if attempt > self.effort.retries {
                        return Err(failed(stage, &error));
                    }
                }
                Verdict::AlreadyThere | Verdict::Refused => {
                    self.gate.done(permit, Health::Well, 0.0);
                    if matches!(error, api::Error::Status { status: 404, .. }) {
                        self.of_cases.has_found_new(case);
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
            .attempt(
                intent(RequestKind::Case, shipment, vec![CaseFact::Intended]),
                &mut in_doubt,
                |_| self.client.put_case(body.clone()),
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
            .attempt(
                intent(RequestKind::Change, shipment, vec![CaseFact::Intended]),
                &mut false,
                |_| self.client.patch_case(uid, body.clone()),
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
                        _ if replaces => self.client.put_case(body).await,
                        MessageEndpoint::WithCase => self.client.put_message(body).await,
                        MessageEndpoint::Alone => self.client.append_message(body).await,
                    }
                }
            })
            .await?;
        expect_done(&answer, *in_doubt)?;
        Ok(resends.into_inner())
    }

    /// A change of no field of this case would work as well.
    fn has_worked_for(&self, shipment: &CaseJob) {
        *self.harmless() = Some(Harmless::Case(shipment.case.uid.clone()));
    }

    async fn write_case(&self, shipment: &CaseJob, facts: Vec<CaseFact>) -> Result<(), CallError> {
        failpoint::reached(Point::FactIsDue);
        self.record(entries(shipment, facts)).await
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
                let words = self.gave_up(&why);
                (CaseFact::Failed { status, why }, Code::GaveUp, words)
            }
        };
        // A ledger that is lost stops the run by itself; the case failed either way.
        let _ = self.write_case(shipment, vec![fact]).await;
        Some((code, words))
    }
}

fn entries(shipment: &CaseJob, facts: Vec<CaseFact>) -> Facts {
    let identity: Arc<str> = shipment.case.uid.as_str().into();
    let entry = |fact| CaseEntry {
        identity: Arc::clone(&identity),
        fact,
    };
    Facts::OfCase(facts.into_iter().map(entry).collect())
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

impl CaseProgress<'_> {
    /// The end of a record whose request was refused, perhaps for the token.
    fn accused(&self, number: usize, ends: &[MessageEnd]) -> Option<JobEnd> {
        let charges = ends.iter().filter_map(|end| match end {
            MessageEnd::Accused(charge) => Some(charge),
            _ => None,
        });
        let of_messages: Vec<&Charge> = charges.collect();
        // What is about the whole case is written once.
        let of_case = self.charge.iter();
        let facts = of_case.clone().filter(|_| number == 0);
        let facts = facts.chain(of_messages.iter().copied()).map(Charge::fact);
        let facts = entries(self.shipment, facts.collect());
        let charge = of_case.chain(of_messages).next()?;
        let problem = (Code::ServerRefused, charge.message.clone());
        Some(JobEnd {
            accused: Some(Box::new(Accused {
                refusal: charge.refusal,
                facts,
            })),
            ..ended(Outcome::Failed, "", Some(problem))
        })
    }

    /// How record `number` ended; `fault` is what befell the case as a whole.
    fn ending(&self, number: usize, row: &CaseRow, fault: Option<&(Code, String)>) -> JobEnd {
        let ends = &self.ends[row.messages.clone()];
        if let Some(ending) = self.accused(number, ends) {
            return ending;
        }
        let failed = ends.iter().find_map(|end| match end {
            MessageEnd::Failed(code, why) => Some((*code, why.clone())),
            _ => None,
        });
        if let Some(problem) = fault.cloned().or(failed) {
            return ended(Outcome::Failed, "", Some(problem));
        }
        let is_change = self.shipment.step == CaseStep::Change;
        if ends.contains(&MessageEnd::Waits) || (is_change && !self.is_updated) {
            return ended(
                Outcome::NotAttempted,
                "stopped, or an earlier message failed",
                None,
            );
        }
        let is_whole = self.shipment.told == CaseSpread::Whole;
        let is_new = if is_whole {
            !self.shipment.earlier.is_there
        } else {
            ends.iter().any(|end| *end != MessageEnd::There)
        };
        let (outcome, detail) = match (is_new, self.is_updated || is_whole) {
            (true, _) => (Outcome::Created, ""),
            (false, true) => (Outcome::AlreadyThere, "updated"),
            (false, false) => (Outcome::AlreadyThere, ""),
        };
        let resends = ends.iter().map(|end| match end {
            MessageEnd::Resent(times) => *times,
            _ => 0,
        });
        let resends: u32 = resends.sum();
        let problem = (resends > 0).then(|| {
            let message = format!(
                "no answer said whether the message had arrived, and it was sent again {resends} times"
            );
            (Code::MessageInDoubt, message)
        });
        let mut messages = self.shipment.messages[row.messages.clone()].iter();
        JobEnd {
            delivered: Some(Delivered {
                kind: if is_whole { Kind::Case } else { Kind::Message },
                identity: self.shipment.case.uid.clone(),
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
