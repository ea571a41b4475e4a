//! The main loop: takes decided records in order, keeps a bounded number of calls under way, and
//! tells how each record ended.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Decisions;
use super::conflicting_jobs::ConflictingJobs;
use super::deliver::{Deliver, SharedDelivery, UploadHooks};
use super::job::{self, FinishedJob, Job, JobRow};
use super::job_end::JobEnd;
use super::job_queue::JobQueue;
use super::options::DeliveryOptions;
use super::pulse::{JobsAtHand, Pulse, TICK};
use super::refused_rows::{RefusedRow, RefusedRows};
use super::run_events::{RunEvents, cause};
use super::schedule_clock::ScheduleClock;
use super::sender::error::CallError;
use super::sender::gate::Permit;
use super::sender::notice::SenderNotice;
use super::sender::request_kind::RequestKind;
use super::sender::{Sender, SenderOptions};
use crate::api::BandwidthLimiter;
use crate::events::{Event, Outcome, StopReason, StopSignal};
use crate::pipeline::{Action, DecidedBatch};

/// Calls under way for each request in flight: those that wait for the ledger or for their next
/// try must not leave the line idle.
const IN_HAND: usize = 8;

/// Carries out what the pipeline decided, until the pipeline ends or the run is stopped. Every record
/// that was taken from `decisions` ends in exactly one [`Event::Ended`].
///
/// # Panics
/// When a call's task panicked: a fault of the program must not look like a success.
pub(crate) async fn run<D: Deliver, E: Display>(
    plan: DeliveryOptions,
    target: D::Options,
    stop: Arc<StopSignal>,
    decisions: Decisions<D::Job, E>,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<(), E> {
    let bytes = Arc::new(AtomicU64::new(0));
    let (notices, told) = mpsc::channel(64);
    let count = Arc::clone(&bytes);
    let width = plan.pace.width.max(1);
    let bandwidth = BandwidthLimiter::default();
    let (schedule, limit) = (plan.schedule.clone(), plan.limits.limit);
    let budget = plan.limits.failure_budget;
    let hooks = UploadHooks {
        // Also without a limit: the operator may set one.
        throttle: Some(bandwidth.throttle()),
        on_bytes: Arc::new(move |sent| {
            count.fetch_add(sent, Ordering::Relaxed);
        }),
    };
    let sender = SenderOptions {
        client: plan.client,
        writer: plan.writer,
        pace: plan.pace,
        limits: plan.limits,
    };
    let sender = Arc::new(Sender::new(sender, Arc::clone(&stop), notices));
    let shared = SharedDelivery {
        sender: Arc::clone(&sender),
        pace: plan.pace,
        limits: plan.limits,
        hooks,
    };
    let mut scheduler = Scheduler {
        sender,
        delivery: Arc::new(D::new(target, shared)),
        events: RunEvents::new(Arc::clone(&stop), budget, width, on_event),
        stop,
        in_hand: width * IN_HAND,
        tasks: JoinSet::new(),
        queue: JobQueue::new(limit),
        conflicting: ConflictingJobs::default(),
        refused: RefusedRows::default(),
        pulse: Pulse::new(
            ScheduleClock::new(schedule, bandwidth),
            plan.control,
            plan.pace,
            plan.limits.max_duration,
            bytes,
        ),
    };
    scheduler.obey();
    scheduler.work(decisions, told).await
}

struct Scheduler<'e, D: Deliver> {
    sender: Arc<Sender>,
    delivery: Arc<D>,
    events: RunEvents<'e>,
    stop: Arc<StopSignal>,
    in_hand: usize,
    tasks: JoinSet<FinishedJob<D::Job>>,
    queue: JobQueue<D>,
    /// What the destination has already, while the new ledger may be the wrong one.
    conflicting: ConflictingJobs<D>,
    /// Rows that were refused with 401 or 403, while the token may be to blame.
    refused: RefusedRows,
    pulse: Pulse,
}

impl<D: Deliver> Scheduler<'_, D> {
    async fn work<E: Display>(
        &mut self,
        mut decisions: Decisions<D::Job, E>,
        mut notices: mpsc::Receiver<SenderNotice>,
    ) -> Result<(), E> {
        let mut tick = tokio::time::interval(TICK);
        let mut fault = None;
        let mut is_open = true;
        let mut is_stopping = false;
        loop {
            if self.stop.is_raised() && !is_stopping {
                is_stopping = true;
                // Whatever was read but not decided upon was never taken, and is not counted.
                decisions.close();
                self.events.stopping();
            }
            self.start();
            let has_room = self.queue.is_empty() && !is_stopping;
            let is_idle = self.queue.is_empty() && self.tasks.is_empty();
            if is_idle && (is_stopping || !is_open) {
                self.resolve_pending().await;
                if self.queue.is_empty() && (is_stopping || !self.stop.is_raised()) {
                    break;
                }
                continue;
            }
            tokio::select! {
                Some(finished) = self.tasks.join_next(), if !self.tasks.is_empty() => self.finish_job(finished).await,
                decided = decisions.recv(), if has_room && is_open => match decided {
                    Some(Ok(decided)) => self.enqueue(decided).await,
                    Some(Err(error)) => {
                        self.stop.raise(StopReason::ExportBroken, cause(&error));
                        fault = Some(error);
                        is_open = false;
                    }
                    None => is_open = false,
                },
                Some(notice) = notices.recv() => self.events.noticed(&notice),
                _ = tick.tick() => {
                    self.obey();
                    self.tell(has_room && is_open);
                }
                () = self.stop.raised(), if !is_stopping => {}
                () = self.pulse.time_is_over(), if !is_stopping => Pulse::end(&self.sender),
            }
        }
        self.tell(false);
        fault.map_or(Ok(()), Err)
    }

    /// Takes a decided batch: tells about it, ends what has ended, queues what is to be sent.
    async fn enqueue(&mut self, decided: DecidedBatch<D::Job>) {
        decided.announce(self.events.on_event);
        let mut noted_facts = Vec::new();
        let mut rows = Vec::new();
        let batch = &decided.batch;
        for (index, decision) in decided.decisions.into_iter().enumerate() {
            let (action, problems, further) = decision.into_parts();
            let row = JobRow {
                index,
                problems,
                further,
            };
            match action {
                Action::Finished(outcome, detail) => {
                    self.events.unsent(batch, &row, outcome, &detail);
                }
                Action::Ready => self.events.unsent(batch, &row, Outcome::NotAttempted, ""),
                Action::Noted(noted) => {
                    noted_facts.push(noted.entry);
                    self.events.unsent(batch, &row, noted.outcome, noted.detail);
                }
                Action::WithJob => rows.push(row),
                Action::Send(job) => {
                    rows.push(row);
                    self.queue.push(Job {
                        batch: Arc::clone(batch),
                        rows: std::mem::take(&mut rows),
                        payload: job,
                    });
                }
                // Another row or a later round tells of it.
                Action::WithLead | Action::PutAside => {}
            }
        }
        // A ledger that is lost stops the run by itself.
        let _ = self.sender.record(noted_facts).await;
    }

    /// Starts as many waiting calls as there is room for; after a stop, ends them untried.
    fn start(&mut self) {
        while self.tasks.len() < self.in_hand && !self.stop.is_raised() {
            if self.queue.has_reached_limit() {
                // A stop would turn back at the gate those that are within the limit.
                if !self.tasks.is_empty() {
                    return;
                }
                self.stop.raise(StopReason::Limit, "--limit reached");
                break;
            }
            let Some(job) = self.queue.next() else {
                return;
            };
            self.delivery.new_ledger().mark_used();
            self.tasks
                .spawn(job::carry_out(Arc::clone(&self.delivery), job));
        }
        if self.stop.is_raised() {
            self.end_untried();
        }
    }

    /// Ends the jobs that wait.
    fn end_untried(&mut self) {
        while let Some(job) = self.queue.pop() {
            for row in &job.rows {
                let outcome = Outcome::NotAttempted;
                self.events.unsent(&job.batch, row, outcome, "");
            }
        }
    }

    async fn finish_job(&mut self, finished: Result<FinishedJob<D::Job>, tokio::task::JoinError>) {
        let finished = match finished {
            Ok(finished) => finished,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Nobody cancels a task but the end of the program.
                Err(_) => return,
            },
        };
        match finished {
            FinishedJob::Ended {
                batch,
                rows,
                exclusive,
                id,
            } => {
                self.queue.finished(exclusive);
                for (row, mut end) in rows {
                    match end.unsettled.take() {
                        Some(unsettled) => {
                            batch.release();
                            self.refused.push(RefusedRow {
                                batch: Arc::clone(&batch),
                                id: id.clone(),
                                row,
                                end,
                                unsettled: *unsettled,
                            });
                        }
                        None => self.events.ended(&batch, &id, row, end),
                    }
                }
            }
            FinishedJob::Conflict(job) => {
                self.queue.put_aside(&job);
                job.batch.release();
                self.conflicting.push(job);
            }
        }
        self.resume_conflicting();
        self.end_own_refusals().await;
    }

    /// Lets what is there already go on once it can be told whose it is; ends the run when the ledger seems
    /// to be another's.
    fn resume_conflicting(&mut self) {
        let ledger = self.delivery.new_ledger();
        let explained = self.conflicting.take_explained(ledger);
        self.queue.resume(explained);
        if self.conflicting.are_too_many() {
            self.doubt_the_ledger();
        }
    }

    /// At the end of the export, when no more can be learned.
    async fn decide_conflicting(&mut self) {
        let ledger = self.delivery.new_ledger();
        if self.conflicting.are_bearable(ledger) {
            ledger.confirm();
            // Before any of them is taken over, so that a run that is killed now is no reason to doubt.
            self.prove_the_ledger().await;
            self.resume_conflicting();
        } else {
            self.doubt_the_ledger();
        }
    }

    /// Tells the ledger what this run has shown of it.
    async fn prove_the_ledger(&self) {
        let at_end = !self.stop.is_raised();
        let proof = self.delivery.new_ledger().proof(at_end);
        let (calls, cases) = self.delivery.proofs(proof);
        // A ledger that is lost stops the run by itself.
        let _ = self.sender.prove(calls, cases).await;
    }

    fn doubt_the_ledger(&self) {
        let why = self.conflicting.doubt(self.delivery.new_ledger());
        self.stop.raise(StopReason::WrongLedger, why);
    }

    /// Ends rows whose refusal is known to be about them.
    async fn end_own_refusals(&mut self) {
        for refused in self.refused.take_own(&self.sender.token.refusals) {
            self.end_refused(refused).await;
        }
    }

    async fn end_refused(&mut self, refused: RefusedRow) {
        // A ledger that is lost stops the run by itself; this row failed either way.
        let _ = self.sender.record(refused.unsettled.facts).await;
        self.events
            .ended(&refused.batch, &refused.id, refused.row, refused.end);
    }

    /// Resolves what waited for something that has not come before the end.
    async fn resolve_pending(&mut self) {
        if !self.conflicting.is_empty() && !self.stop.is_raised() {
            self.decide_conflicting().await;
            return;
        }
        for job in self.conflicting.take_all() {
            let id = D::id(&job.payload);
            for row in job.rows {
                let end = JobEnd::plain(Outcome::NotAttempted, "stopped");
                self.events.ended(&job.batch, id, row, end);
            }
        }
        self.end_own_refusals().await;
        while let Some(refused) = self.refused.pop() {
            self.settle_refused(refused).await;
        }
        self.prove_the_ledger().await;
    }

    /// Asks whether the token was to blame for a refusal, and ends its row by that.
    async fn settle_refused(&mut self, refused: RefusedRow) {
        let kind = refused.unsettled.refusal.kind();
        let is_token_refused = match self.entered().await {
            Ok(permit) => self.sender.is_token_refused(kind, permit).await,
            Err(_) => None,
        };
        if is_token_refused == Some(true) {
            let (_, why) = refused.end.problem.clone().unzip();
            self.stop
                .raise(StopReason::TokenRefused, why.unwrap_or_default());
        }
        if self.stop.is_raised() {
            let detail = match kind {
                RequestKind::Upload => "half done",
                RequestKind::Create | RequestKind::Case | RequestKind::Change => "stopped",
            };
            let end = JobEnd::plain(Outcome::NotAttempted, detail);
            self.events
                .ended(&refused.batch, &refused.id, refused.row, end);
        } else {
            self.end_refused(refused).await;
        }
    }

    async fn entered(&mut self) -> Result<Permit, CallError> {
        let others = self.delivery.gates();
        let (pulse, events) = (&mut self.pulse, &mut self.events);
        pulse.entered(&self.sender, &others, events).await
    }

    fn obey(&mut self) {
        let others = self.delivery.gates();
        self.pulse.obey(&self.sender, &others, &mut self.events);
    }

    fn tell(&mut self, has_room: bool) {
        let jobs = JobsAtHand {
            count: self.tasks.len(),
            is_hungry: has_room && self.tasks.len() < self.in_hand,
        };
        self.pulse.tell(&self.sender, jobs, &mut self.events);
        self.events.read_version(self.delivery.read_version());
    }
}
