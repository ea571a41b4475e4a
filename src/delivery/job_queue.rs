//! The jobs that wait to be carried out, and which of them may be started.

use std::collections::{HashSet, VecDeque};

use super::deliver::Deliver;
use super::job::Job;

/// Jobs in the order of the export.
pub(super) struct JobQueue<D: Deliver> {
    waiting: VecDeque<Job<D::Job>>,
    /// What must not be under way twice, of the jobs that are.
    busy: HashSet<u64>,
    /// Jobs that were started and not put aside.
    started: u64,
    /// At most so many are started.
    limit: Option<u64>,
}

impl<D: Deliver> JobQueue<D> {
    /// No job yet.
    pub(super) fn new(limit: Option<u64>) -> Self {
        JobQueue {
            waiting: VecDeque::new(),
            busy: HashSet::new(),
            started: 0,
            limit,
        }
    }

    /// Whether no job waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a job is waiting that would be one too many.
    pub(super) fn has_reached_limit(&self) -> bool {
        !self.waiting.is_empty() && self.limit.is_some_and(|limit| self.started >= limit)
    }

    /// Puts a job behind all others.
    pub(super) fn push(&mut self, job: Job<D::Job>) {
        self.waiting.push_back(job);
    }

    /// Puts jobs that were put aside before all others, in their order.
    pub(super) fn resume(&mut self, jobs: Vec<Job<D::Job>>) {
        for job in jobs.into_iter().rev() {
            self.waiting.push_front(job);
        }
    }

    /// Takes the next job that may be under way with those that are.
    pub(super) fn next(&mut self) -> Option<Job<D::Job>> {
        let is_free = |job: &Job<D::Job>| {
            let exclusive = D::exclusive(&job.payload);
            exclusive.is_none_or(|exclusive| !self.busy.contains(&exclusive))
        };
        let at = self.waiting.iter().position(is_free)?;
        let job = self.waiting.remove(at)?;
        self.started += 1;
        self.busy.extend(D::exclusive(&job.payload));
        Some(job)
    }

    /// Takes the next job, which is not to be started.
    pub(super) fn pop(&mut self) -> Option<Job<D::Job>> {
        self.waiting.pop_front()
    }

    /// A job has come back that was not to be under way twice by this.
    pub(super) fn finished(&mut self, exclusive: Option<u64>) {
        if let Some(exclusive) = exclusive {
            self.busy.remove(&exclusive);
        }
    }

    /// A job has come back of which nothing was done.
    pub(super) fn put_aside(&mut self, job: &Job<D::Job>) {
        self.finished(D::exclusive(&job.payload));
        self.started -= 1;
    }
}
