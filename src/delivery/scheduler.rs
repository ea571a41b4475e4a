//! The main loop: takes decided records in order, keeps a bounded number of calls under way, and
//! tells how each record ended.

use std::collections::{HashSet, VecDeque};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Decisions;
use super::failure_budget::FailureCount;
use super::job::{self, Cargo, FinishedJob, Job, JobRow};
use super::job_delivery::{JobDelivery, OnBytes};
use super::job_end::{Accused, JobEnd};
use super::new_ledger::{NewLedger, WaitingCalls};
use super::not_sent::LedgerNotes;
use super::options::DeliveryOptions;
use super::schedule_clock::ScheduleClock;
use super::sender::Sender;
use super::sender::bandwidth::BandwidthLimiter;
use super::sender::concurrency::WidthRange;
use super::sender::notice::SenderNotice;
use super::sender::request_kind::RequestKind;
use crate::domain::{Problem, Severity};
use crate::events::{Event, Outcome, RecordEnd, StopReason, StopSignal};
use crate::pipeline::{Action, DecidedBatch, Decision};
use crate::source::Batch;

/// Calls under way for each request in flight: those that wait for the ledger or for their next
/// try must not leave the line idle.
const IN_HAND: usize = 8;
/// How often bytes under way are told.
const TICK: Duration = Duration::from_millis(200);

/// Carries out what the pipeline decided, until the pipeline ends or the run is stopped. Every record
/// that was taken from `orders` ends in exactly one [`Event::Ended`].
///
/// # Panics
/// When a call's task panicked: a fault of the program must not look like a success.
pub async fn run<E: Display>(
    plan: DeliveryOptions,
    stop: Arc<StopSignal>,
    orders: Decisions<E>,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<(), E> {
    let bytes = Arc::new(AtomicU64::new(0));
    let (notices, heard) = mpsc::channel(64);
    let count = Arc::clone(&bytes);
    let width = plan.pace.width.max(1);
    let line = BandwidthLimiter::default();
    let (calendar, bearable) = (plan.calendar.clone(), plan.effort.bearable);
    let throttle = calendar.has_bandwidth().then(|| line.throttle());
    let on_bytes: OnBytes = Arc::new(move |sent| {
        count.fetch_add(sent, Ordering::Relaxed);
    });
    let delivery = JobDelivery::new(plan, Arc::clone(&stop), notices, (throttle, on_bytes));
    let mut floor = Scheduler {
        sender: Arc::clone(&delivery.sender),
        delivery: Arc::new(delivery),
        stop,
        in_hand: width * IN_HAND,
        flights: JoinSet::new(),
        waiting: VecDeque::new(),
        strange: Vec::new(),
        accused: Vec::new(),
        busy: HashSet::new(),
        sent: 0,
        failures: FailureCount::new(bearable),
        told: WidthRange {
            now: width,
            lowest: width,
        },
        wall: ScheduleClock::new(calendar, line),
        on_event,
    };
    floor.look_at_the_clock();
    floor.work(orders, heard, &bytes).await
}

/// A row that was refused with 401 or 403, with the end that it has if the token is not to blame.
struct Charged {
    batch: Arc<Batch>,
    /// The id of its call or case.
    id: Box<str>,
    row: JobRow,
    ending: JobEnd,
    accused: Accused,
}

struct Scheduler<'e> {
    sender: Arc<Sender>,
    delivery: Arc<JobDelivery>,
    stop: Arc<StopSignal>,
    in_hand: usize,
    flights: JoinSet<FinishedJob>,
    waiting: VecDeque<Job>,
    /// What the destination has already, while the new ledger may be the wrong one.
    strange: Vec<Job>,
    /// Rows that were refused with 401 or 403, while the token may be to blame.
    accused: Vec<Charged>,
    /// Cases under way.
    busy: HashSet<u64>,
    sent: u64,
    failures: FailureCount,
    wall: ScheduleClock,
    /// The width that was told last.
    told: WidthRange,
    on_event: &'e mut dyn FnMut(Event<'_>),
}

impl Scheduler<'_> {
    async fn work<E: Display>(
        &mut self,
        mut orders: Decisions<E>,
        mut heard: mpsc::Receiver<SenderNotice>,
        bytes: &AtomicU64,
    ) -> Result<(), E> {
        let mut tick = tokio::time::interval(TICK);
        let deadline = self
            .sender
            .limits
            .max_duration
            .map(|limit| tokio::time::Instant::now() + limit);
        let mut fault = None;
        let mut is_open = true;
        let mut is_told = false;
        loop {
            if self.stop.is_raised() && !is_told {
                is_told = true;
                // Whatever was read but not decided upon was never taken, and is not counted.
                orders.close();
                self.tell_stop();
            }
            self.start();
            let has_room = self.waiting.is_empty() && !is_told;
            let is_idle = self.waiting.is_empty() && self.flights.is_empty();
            if is_idle && (is_told || !is_open) {
                self.settle().await;
                if self.waiting.is_empty() && (is_told || !self.stop.is_raised()) {
                    break;
                }
                continue;
            }
            tokio::select! {
                Some(landed) = self.flights.join_next(), if !self.flights.is_empty() => self.land(landed).await,
                order = orders.recv(), if has_room && is_open => match order {
                    Some(Ok(decided)) => self.take(decided).await,
                    Some(Err(error)) => {
                        self.stop.raise(StopReason::ExportBroken, cause(&error));
                        fault = Some(error);
                        is_open = false;
                    }
                    None => is_open = false,
                },
                Some(notice) = heard.recv() => self.tell(&notice),
                _ = tick.tick() => {
                    self.look_at_the_clock();
                    self.tell_bytes(bytes);
                }
                () = self.stop.raised(), if !is_told => {}
                () = sleep_until(deadline), if !is_told => {
                    self.stop.raise(StopReason::Limit, "the time that was set is over");
                }
            }
        }
        self.tell_bytes(bytes);
        fault.map_or(Ok(()), Err)
    }

    /// Takes a decided batch: tells about it, ends what has ended, queues what is to be sent.
    async fn take(&mut self, decided: DecidedBatch) {
        decided.announce(self.on_event);
        let mut notes = LedgerNotes::default();
        let mut riders = Vec::new();
        for (index, decision) in decided.decisions.into_iter().enumerate() {
            let Decision {
                problems,
                fate,
                further,
            } = decision;
            let fate = match notes.take(fate) {
                Err(fate) => fate,
                Ok((outcome, detail)) => {
                    let ending = RecordEnd {
                        outcome,
                        detail: &detail,
                        problems: &problems,
                        delivered: None,
                    };
                    ending.tell(&decided.batch, index, &further, self.on_event);
                    continue;
                }
            };
            match fate {
                Action::Sends(shipment) => self.waiting.push_back(Job {
                    batch: Arc::clone(&decided.batch),
                    rows: vec![(index, problems, further)],
                    cargo: Cargo::Call(shipment),
                }),
                Action::Rides => riders.push((index, problems, further)),
                Action::SendsCase(shipment) => {
                    riders.push((index, problems, further));
                    self.waiting.push_back(Job {
                        batch: Arc::clone(&decided.batch),
                        rows: std::mem::take(&mut riders),
                        cargo: Cargo::Case(shipment),
                    });
                }
                // Another row tells of it, or `Notes` has told how it ends.
                Action::Told
                | Action::Ends(..)
                | Action::Ready
                | Action::Waits(_)
                | Action::Waived { .. }
                | Action::WaitsInCase(_) => {}
            }
        }
        // A ledger that is lost stops the run by itself.
        let _ = self.sender.record(notes.into_facts()).await;
    }

    /// Starts as many waiting calls as there is room for; after a stop, ends them untried.
    fn start(&mut self) {
        while self.flights.len() < self.in_hand || self.stop.is_raised() {
            if self.has_reached_limit() && !self.stop.is_raised() {
                // A stop would turn back at the gate those that are within the limit.
                if !self.flights.is_empty() {
                    return;
                }
                self.stop.raise(StopReason::Limit, "--limit reached");
            }
            let Some(errand) = self.next() else {
                return;
            };
            if self.stop.is_raised() {
                for (index, problems, further) in &errand.rows {
                    let (outcome, detail) = (Outcome::NotAttempted, "");
                    let ending = RecordEnd {
                        outcome,
                        detail,
                        problems,
                        delivered: None,
                    };
                    ending.tell(&errand.batch, *index, further, self.on_event);
                }
                continue;
            }
            self.sent += 1;
            self.busy.extend(errand.case());
            match errand.cargo {
                Cargo::Call(_) => self.delivery.calls.new_ledger.is_being_used(),
                Cargo::Case(_) => self.delivery.cases.new_ledger.is_being_used(),
            }
            self.flights
                .spawn(job::carry(Arc::clone(&self.delivery), errand));
        }
    }

    /// The next job whose case is not under way; after a stop, any.
    fn next(&mut self) -> Option<Job> {
        let is_stopped = self.stop.is_raised();
        let is_free = |errand: &Job| {
            let case = errand.case().filter(|_| !is_stopped);
            case.is_none_or(|case| !self.busy.contains(&case))
        };
        let at = self.waiting.iter().position(is_free)?;
        self.waiting.remove(at)
    }

    /// Whether a call is waiting that would be one too many.
    fn has_reached_limit(&self) -> bool {
        let limit = self.sender.limits.limit;
        !self.waiting.is_empty() && limit.is_some_and(|limit| self.sent >= limit)
    }

    async fn land(&mut self, landed: Result<FinishedJob, tokio::task::JoinError>) {
        let landed = match landed {
            Ok(landed) => landed,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Nobody cancels a task but the end of the program.
                Err(_) => return,
            },
        };
        match landed {
            FinishedJob::Ended {
                batch,
                rows,
                case,
                id,
            } => {
                if let Some(case) = case {
                    self.busy.remove(&case);
                }
                for (row, mut ending) in rows {
                    match ending.accused.take() {
                        Some(accused) => {
                            batch.release();
                            self.accused.push(Charged {
                                batch: Arc::clone(&batch),
                                id: id.clone(),
                                row,
                                ending,
                                accused: *accused,
                            });
                        }
                        None => self.tell_end(&batch, (row, &id), ending),
                    }
                }
            }
            FinishedJob::Strange(errand) => {
                if let Some(case) = errand.case() {
                    self.busy.remove(&case);
                }
                self.sent -= 1;
                errand.batch.release();
                self.strange.push(errand);
            }
        }
        self.look_at_the_strange();
        self.look_at_the_accused().await;
    }

    /// Lets what is there already go on once it can be told whose it is; ends the run when the ledger seems
    /// to be another's.
    fn look_at_the_strange(&mut self) {
        let (calls, cases) = (
            &self.delivery.calls.new_ledger,
            &self.delivery.cases.new_ledger,
        );
        let fits = |errand: &Job| match errand.cargo {
            Cargo::Call(_) if errand.was_tried() => calls.believes_in_tries(),
            Cargo::Call(_) => !calls.is_doubtful(),
            Cargo::Case(_) => !cases.is_doubtful(),
        };
        let known: Vec<Job> = self.strange.extract_if(.., |errand| fits(errand)).collect();
        for errand in known.into_iter().rev() {
            self.waiting.push_front(errand);
        }
        if NewLedger::is_too_much(self.strange_ones()) {
            self.doubt_the_ledger();
        }
    }

    fn strange_ones(&self) -> WaitingCalls {
        let tried = self.strange.iter().filter(|errand| errand.was_tried());
        WaitingCalls {
            all: self.strange.len(),
            tried: tried.count(),
        }
    }

    /// At the end of the export, when no more can be learned.
    async fn decide_about_the_strange(&mut self) {
        let is_call = |errand: &Job| matches!(errand.cargo, Cargo::Call(_));
        let are_calls = self.strange.iter().all(is_call);
        if are_calls && self.delivery.calls.new_ledger.bears(self.strange_ones()) {
            self.delivery.calls.new_ledger.fits();
            // Before any of them is taken over, so that a run that is killed now is no reason to doubt.
            self.keep_the_proof().await;
            self.look_at_the_strange();
        } else {
            self.doubt_the_ledger();
        }
    }

    /// Tells the ledger what this run has shown of it.
    async fn keep_the_proof(&self) {
        let at_end = !self.stop.is_raised();
        let of = |ledger: &NewLedger| ledger.proof(at_end);
        let (calls, cases) = (
            of(&self.delivery.calls.new_ledger),
            of(&self.delivery.cases.new_ledger),
        );
        // A ledger that is lost stops the run by itself.
        let _ = self.sender.prove(calls, cases).await;
    }

    fn doubt_the_ledger(&self) {
        let number = self.strange.len();
        let (of, ledger) = match self.strange.first().map(|errand| &errand.cargo) {
            Some(Cargo::Case(_)) => ("tickets", &self.delivery.cases.new_ledger),
            _ => ("calls", &self.delivery.calls.new_ledger),
        };
        ledger.is_found_wrong();
        let made = ledger.made();
        let which = match made {
            0 => format!("the first {number} {of}"),
            made => format!("{number} of the first {} {of}", made + number as u64),
        };
        let why = format!(
            "the destination already has {which}, and this ledger is new and knows none of them"
        );
        self.stop.raise(StopReason::WrongLedger, why);
    }

    /// Tells the end of rows whose refusal is known to be about them.
    async fn look_at_the_accused(&mut self) {
        let refusals = &self.sender.refusals;
        let is_own = |charged: &Charged| refusals.is_of_its_row(charged.accused.refusal);
        let own: Vec<Charged> = self.accused.extract_if(.., |it| is_own(it)).collect();
        for charged in own {
            self.convict(charged).await;
        }
    }

    async fn convict(&mut self, charged: Charged) {
        // A ledger that is lost stops the run by itself; this row failed either way.
        let _ = self.sender.record(charged.accused.facts).await;
        self.tell_end(&charged.batch, (charged.row, &charged.id), charged.ending);
    }

    /// Settles what waited for something that has not come before the end.
    async fn settle(&mut self) {
        if !self.strange.is_empty() && !self.stop.is_raised() {
            self.decide_about_the_strange().await;
            return;
        }
        for errand in std::mem::take(&mut self.strange) {
            let id = errand.id();
            for row in errand.rows {
                let ending = JobEnd::plain(Outcome::NotAttempted, "stopped");
                self.tell_end(&errand.batch, (row, &id), ending);
            }
        }
        self.look_at_the_accused().await;
        while let Some(charged) = self.accused.pop() {
            let kind = charged.accused.refusal.kind();
            let sender = &self.sender;
            let is_refused = match sender.enter(false).await {
                Ok(permit) => sender.is_token_refused(kind, permit).await,
                Err(_) => None,
            };
            if is_refused == Some(true) {
                let (_, why) = charged.ending.problem.clone().unzip();
                self.stop
                    .raise(StopReason::TokenRefused, why.unwrap_or_default());
            }
            if self.stop.is_raised() {
                let detail = match kind {
                    RequestKind::Upload => "half done",
                    RequestKind::Create | RequestKind::Case | RequestKind::Change => "stopped",
                };
                let ending = JobEnd::plain(Outcome::NotAttempted, detail);
                self.tell_end(&charged.batch, (charged.row, &charged.id), ending);
            } else {
                self.convict(charged).await;
            }
        }
        self.keep_the_proof().await;
    }

    fn tell_end(&mut self, batch: &Batch, (row, id): (JobRow, &str), ending: JobEnd) {
        let (index, mut problems, further) = row;
        let record = batch.get(index);
        self.count(&ending);
        for (code, message) in ending.problem.into_iter().chain(ending.remarks) {
            let mut problem = Problem::new(code, record.place(), message);
            problem.name_record(id);
            let is_unproved = ending.delivered.as_ref().is_some_and(|it| it.is_unproved);
            problems.push(if is_unproved {
                problem.with_severity(Severity::Warning)
            } else {
                problem
            });
        }
        let ending = RecordEnd {
            outcome: ending.outcome,
            detail: ending.detail,
            problems: &problems,
            delivered: ending.delivered.as_ref(),
        };
        ending.tell(batch, index, &further, self.on_event);
    }

    /// Counts a call that was carried out, and ends the run when too many have failed.
    fn count(&mut self, ending: &JobEnd) {
        let error = ending.problem.as_ref().map(|(_, message)| message.as_str());
        let too_many = match ending.outcome {
            Outcome::Failed => self.failures.take(Some(error.unwrap_or_default())),
            Outcome::NotAttempted => None,
            _ => self.failures.take(None),
        };
        if let Some(why) = too_many {
            self.stop.raise(StopReason::GaveUp, why);
        }
    }

    fn tell(&mut self, notice: &SenderNotice) {
        (self.on_event)(match notice {
            SenderNotice::Retried {
                attempt,
                delay,
                why,
            } => Event::Retried {
                attempt: *attempt,
                delay: *delay,
                why,
            },
            SenderNotice::Paused { pause, why } => Event::Paused { pause: *pause, why },
        });
    }

    fn look_at_the_clock(&mut self) {
        // Nothing is asked outside the window, either.
        let gates = self.delivery.gates();
        let told = self.wall.look(Timestamp::now(), &gates, &self.stop);
        if let Some((pause, why)) = told {
            (self.on_event)(Event::Paused { pause, why: &why });
        }
    }

    fn tell_stop(&mut self) {
        if let Some((stop, why)) = self.stop.reason() {
            (self.on_event)(Event::Stopping { stop, why: &why });
        }
    }

    fn tell_bytes(&mut self, bytes: &AtomicU64) {
        let sent = bytes.swap(0, Ordering::Relaxed);
        (self.on_event)(Event::Sent { bytes: sent });
        let span = self.sender.gate.width();
        if span != self.told {
            self.told = span;
            (self.on_event)(Event::Width {
                now: span.now,
                lowest: span.lowest,
                most: self.in_hand / IN_HAND,
            });
        }
    }
}

/// Why the pipeline ended, in one line: an error may show a piece of a file below its own words, and is told
/// whole once the run has ended.
fn cause(error: &impl Display) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
