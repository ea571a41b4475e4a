//! The jobs that wait to be carried out, and which of them may be started.

use std::collections::{HashSet, VecDeque};

use super::job::Job;

/// Jobs in the order of the export.
pub(super) struct JobQueue {
    waiting: VecDeque<Job>,
    /// Cases under way: none of them must be under way twice.
    busy_cases: HashSet<u64>,
    /// Jobs that were started and not put aside.
    started: u64,
    /// At most so many are started.
    limit: Option<u64>,
}

impl JobQueue {
    /// No job yet.
    pub(super) fn new(limit: Option<u64>) -> JobQueue {
        JobQueue {
            waiting: VecDeque::new(),
            busy_cases: HashSet::new(),
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
    pub(super) fn push(&mut self, job: Job) {
        self.waiting.push_back(job);
    }

    /// Puts jobs that were put aside before all others, in their order.
    pub(super) fn resume(&mut self, jobs: Vec<Job>) {
        for job in jobs.into_iter().rev() {
            self.waiting.push_front(job);
        }
    }

    /// Takes the next job whose case is not under way.
    pub(super) fn next(&mut self) -> Option<Job> {
        let is_free = |job: &Job| {
            let case = job.case();
            case.is_none_or(|case| !self.busy_cases.contains(&case))
        };
        let at = self.waiting.iter().position(is_free)?;
        let job = self.waiting.remove(at)?;
        self.started += 1;
        self.busy_cases.extend(job.case());
        Some(job)
    }

    /// Takes the next job, which is not to be started.
    pub(super) fn pop(&mut self) -> Option<Job> {
        self.waiting.pop_front()
    }

    /// A job of this case has come back.
    pub(super) fn finished(&mut self, case: Option<u64>) {
        if let Some(case) = case {
            self.busy_cases.remove(&case);
        }
    }

    /// A job has come back of which nothing was done.
    pub(super) fn put_aside(&mut self, job: &Job) {
        self.finished(job.case());
        self.started -= 1;
    }
}
