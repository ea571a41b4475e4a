//! The story of one case: its messages go out one after the other in the order of time, or all
//! together. A message whose answer is lost is not sent again on its own, since it could stand in the
//! case twice; the case is replaced with all its messages instead, where the export has them all.

use std::sync::Arc;

use super::call::{Accused, Carried, Courier, Ending};
use super::sender::attempt::{Answer, Facts, Halt, Harmless, Intent, failed, status};
use super::sender::gate::Health;
use super::sender::refusals::Refusal;
use super::sender::verdict::{Stage, Verdict, judge};
use crate::api;
use crate::domain::Code;
use crate::domain::case::Message;
use crate::failpoint::{self, Point};
use crate::ledger::{CaseEntry, CaseFact};
use crate::pipeline::{CaseRow, CaseShipment, CaseTold, Delivered, Kind, Outcome};
use crate::plan::{Carrier, CaseStep};

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
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
struct Letter<'l> {
    shipment: &'l CaseShipment,
    index: usize,
    carrier: Carrier,
    /// The messages that may leave with it.
    leaving: &'l [usize],
}

/// What became of a case while its step was carried out.
struct Journey<'s> {
    shipment: &'s CaseShipment,
    ends: Vec<End>,
    /// Whether the case itself was replaced or changed.
    is_updated: bool,
    /// The request about the whole case was refused, perhaps for the token.
    charge: Option<Charge>,
}

impl Courier {
    /// Carries out the step of one case to its end, and says how each of its records ended.
    pub(super) async fn deliver_case(&self, shipment: &CaseShipment) -> Carried<Vec<Ending>> {
        let known = shipment.known.iter();
        let mut journey = Journey {
            shipment,
            ends: known
                .map(|known| if *known { End::There } else { End::Waits })
                .collect(),
            is_updated: false,
            charge: None,
        };
        let fault = match self.carry_case(&mut journey).await {
            Ok(()) => None,
            Err(Halt::Strange { was_tried }) => return Carried::Strange { was_tried },
            Err(Halt::Unauthorized {
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

    async fn carry_case(&self, journey: &mut Journey<'_>) -> Result<(), Halt> {
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
    async fn make_sure_of_the_ledger(&self, shipment: &CaseShipment) -> Result<(), Halt> {
        let earlier = shipment.earlier;
        let is_known = earlier.is_there || earlier.is_in_doubt || shipment.doubtful.contains(&true);
        let case = shipment.case.identity_hash();
        if is_known || !self.of_cases.is_doubtful() || self.of_cases.was_new(case) {
            return Ok(());
        }
        let (stage, number) = (Stage::Change, self.refusals.depart());
        let mut attempt = 0;
        loop {
            attempt += 1;
            let permit = self.leave(false).await?.of(number);
            let answer = self.client.patch_case(&shipment.case.uid, "{}".into());
            let Err(error) = answer.await else {
                self.gate.done(permit, Health::Well, 0.0);
                return Err(Halt::Strange { was_tried: false });
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

    async fn replace(&self, journey: &mut Journey<'_>) -> Result<(), Halt> {
        let shipment = journey.shipment;
        let messages: Vec<&Message> = shipment.messages.iter().collect();
        let body = api::whole_case(&shipment.case, &messages);
        let mut in_doubt = shipment.doubtful.contains(&true);
        let answer = self
            .attempt(
                intent(Stage::Case, shipment, vec![CaseFact::Intended]),
                &mut in_doubt,
                |_| self.client.put_case(body.clone()),
            )
            .await?;
        expect_done(&answer, in_doubt)?;
        self.replaced(journey).await
    }

    async fn replaced(&self, journey: &mut Journey<'_>) -> Result<(), Halt> {
        let shipment = journey.shipment;
        self.has_worked_for(shipment);
        let fact = CaseFact::Replaced(shipment.print, shipment.marks.clone());
        self.write_case(shipment, vec![fact]).await?;
        journey.is_updated = true;
        for end in &mut journey.ends {
            if *end == End::Waits {
                *end = End::Added;
            }
        }
        Ok(())
    }

    async fn change(&self, journey: &mut Journey<'_>) -> Result<(), Halt> {
        let shipment = journey.shipment;
        let body = api::case_fields(&shipment.case);
        let uid = &shipment.case.uid;
        let answer = self
            .attempt(
                intent(Stage::Change, shipment, vec![CaseFact::Intended]),
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
        journey: &mut Journey<'_>,
        which: &[usize],
        carrier: Carrier,
    ) -> Result<(), Halt> {
        let shipment = journey.shipment;
        for (position, index) in which.iter().enumerate() {
            // Should the case be replaced, all of its messages leave at once.
            let leaving = match (shipment.may_replace, position) {
                (true, 0) => which,
                (true, _) => &[],
                (false, _) => std::slice::from_ref(index),
            };
            let mut in_doubt = shipment.doubtful[*index];
            let letter = Letter {
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
                    let print = (carrier == Carrier::WithCase).then_some(shipment.print);
                    let fact = CaseFact::MessageAdded(shipment.marks[*index], print);
                    self.write_case(shipment, vec![fact]).await?;
                    journey.ends[*index] = if resends > 0 {
                        End::Resent(resends)
                    } else {
                        End::Added
                    };
                }
                // Whoever is to blame, the next message finds out.
                Err(Halt::Unauthorized {
                    refusal,
                    status,
                    message,
                    in_doubt,
                }) => {
                    journey.ends[*index] = End::Accused(Charge {
                        refusal,
                        status,
                        message,
                        of: (!in_doubt).then_some(shipment.marks[*index].hash),
                    });
                }
                // This message is not wanted; those after it do not depend on it.
                Err(halt @ Halt::Refused { .. }) => {
                    let refused = (!in_doubt).then_some(*index);
                    if let Some((code, why)) = self.case_halted(shipment, halt, refused).await {
                        journey.ends[*index] = End::Failed(code, why);
                    }
                }
                Err(halt @ Halt::Failed { .. }) => {
                    if let Some((code, why)) = self.case_halted(shipment, halt, None).await {
                        journey.ends[*index] = End::Failed(code, why);
                    }
                    return Ok(());
                }
                Err(halt @ (Halt::Stopped | Halt::Strange { .. })) => return Err(halt),
            }
        }
        Ok(())
    }

    /// Sends one message, or in doubt the whole case; how often it was sent again in doubt.
    async fn send_message(&self, letter: &Letter<'_>, in_doubt: &mut bool) -> Result<u32, Halt> {
        let Letter {
            shipment,
            index,
            carrier,
            leaving,
        } = *letter;
        let message = &shipment.messages[index];
        let (stage, body) = match carrier {
            Carrier::WithCase => (Stage::Case, api::case_with_message(&shipment.case, message)),
            Carrier::Alone => (Stage::Change, api::message_only(&shipment.case, message)),
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
                        Carrier::WithCase => self.client.put_message(body).await,
                        Carrier::Alone => self.client.append_message(body).await,
                    }
                }
            })
            .await?;
        expect_done(&answer, *in_doubt)?;
        Ok(resends.into_inner())
    }

    /// A change of no field of this case would work as well.
    fn has_worked_for(&self, shipment: &CaseShipment) {
        *self.harmless() = Some(Harmless::Case(shipment.case.uid.clone()));
    }

    async fn write_case(&self, shipment: &CaseShipment, facts: Vec<CaseFact>) -> Result<(), Halt> {
        failpoint::reached(Point::FactIsDue);
        self.record(entries(shipment, facts)).await
    }

    /// Writes down why a case or a message did not get through; nothing when the run was stopped.
    /// `refused` is a message that the server certainly does not have.
    async fn case_halted(
        &self,
        shipment: &CaseShipment,
        halt: Halt,
        refused: Option<usize>,
    ) -> Option<(Code, String)> {
        let (fact, code, words) = match halt {
            Halt::Stopped | Halt::Strange { .. } | Halt::Unauthorized { .. } => return None,
            Halt::Refused {
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
            Halt::Failed { status, why, .. } => {
                let words = self.gave_up(&why);
                (CaseFact::Failed { status, why }, Code::GaveUp, words)
            }
        };
        // A ledger that is lost stops the run by itself; the case failed either way.
        let _ = self.write_case(shipment, vec![fact]).await;
        Some((code, words))
    }
}

fn entries(shipment: &CaseShipment, facts: Vec<CaseFact>) -> Facts {
    let identity: Arc<str> = shipment.case.uid.as_str().into();
    let entry = |fact| CaseEntry {
        identity: Arc::clone(&identity),
        fact,
    };
    Facts::OfCase(facts.into_iter().map(entry).collect())
}

fn intent(stage: Stage, shipment: &CaseShipment, facts: Vec<CaseFact>) -> Intent {
    Intent {
        stage,
        facts: entries(shipment, facts),
        unsent: not_sent(shipment, &[]),
        completes: false,
    }
}

/// The destination does not say whether it has a case. Only 404 says that it has none, and messages that are
/// added to one that is there would stand in it twice.
fn unanswered(error: &api::Error) -> Halt {
    Halt::Refused {
        stage: Stage::Change,
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
fn not_sent(shipment: &CaseShipment, leaving: &[usize]) -> Facts {
    let leaving = leaving.iter().filter(|index| !shipment.doubtful[**index]);
    let fact = CaseFact::NotSent {
        was_in_doubt: shipment.earlier.is_in_doubt,
        never_sent: leaving.map(|index| shipment.marks[*index].hash).collect(),
    };
    entries(shipment, vec![fact])
}

/// The contract's 409 says that the case exists. To replace or to add is meant for cases that do, so
/// this is no answer to it unless an earlier try may have got through.
fn expect_done(answer: &Answer<()>, in_doubt: bool) -> Result<(), Halt> {
    match answer {
        Answer::AlreadyThere if !in_doubt => Err(Halt::Refused {
            stage: Stage::Case,
            status: 409,
            message: "the server has this case already and does not take it again".to_owned(),
            code: Code::ServerRefused,
            in_doubt,
        }),
        _ => Ok(()),
    }
}

impl Journey<'_> {
    /// The end of a record whose request was refused, perhaps for the token.
    fn accused(&self, number: usize, ends: &[End]) -> Option<Ending> {
        let charges = ends.iter().filter_map(|end| match end {
            End::Accused(charge) => Some(charge),
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
        Some(Ending {
            accused: Some(Box::new(Accused {
                refusal: charge.refusal,
                facts,
            })),
            ..ended(Outcome::Failed, "", Some(problem))
        })
    }

    /// How record `number` ended; `fault` is what befell the case as a whole.
    fn ending(&self, number: usize, row: &CaseRow, fault: Option<&(Code, String)>) -> Ending {
        let ends = &self.ends[row.messages.clone()];
        if let Some(ending) = self.accused(number, ends) {
            return ending;
        }
        let failed = ends.iter().find_map(|end| match end {
            End::Failed(code, why) => Some((*code, why.clone())),
            _ => None,
        });
        if let Some(problem) = fault.cloned().or(failed) {
            return ended(Outcome::Failed, "", Some(problem));
        }
        let is_change = self.shipment.step == CaseStep::Change;
        if ends.contains(&End::Waits) || (is_change && !self.is_updated) {
            return ended(
                Outcome::NotAttempted,
                "stopped, or an earlier message failed",
                None,
            );
        }
        let is_whole = self.shipment.told == CaseTold::Whole;
        let is_new = if is_whole {
            !self.shipment.earlier.is_there
        } else {
            ends.iter().any(|end| *end != End::There)
        };
        let (outcome, detail) = match (is_new, self.is_updated || is_whole) {
            (true, _) => (Outcome::Created, ""),
            (false, true) => (Outcome::AlreadyThere, "updated"),
            (false, false) => (Outcome::AlreadyThere, ""),
        };
        let resends = ends.iter().map(|end| match end {
            End::Resent(times) => *times,
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
        Ending {
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

fn ended(outcome: Outcome, detail: &'static str, problem: Option<(Code, String)>) -> Ending {
    Ending {
        problem,
        ..Ending::plain(outcome, detail)
    }
}
