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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::delivery::deliver::SharedDelivery;
    use crate::delivery::job_end::CarriedOut;
    use crate::delivery::new_ledger::NewLedger;
    use crate::ledger::Proof;
    use crate::source::{Batch, FileFormat, Sheet};

    /// A target whose jobs are a name and what they must not share.
    struct Letters;

    #[derive(Debug, PartialEq)]
    struct Letter(&'static str, Option<u64>);

    impl Deliver for Letters {
        type Job = Letter;
        type Options = ();
        const NOUN: &'static str = "letters";
        const MAY_ADOPT: bool = false;

        fn new((): (), _: SharedDelivery) -> Self {
            Letters
        }

        fn id(letter: &Letter) -> &str {
            letter.0
        }

        fn exclusive(letter: &Letter) -> Option<u64> {
            letter.1
        }

        fn was_tried(_: &Letter) -> bool {
            false
        }

        async fn deliver(&self, _: &mut Letter) -> CarriedOut {
            CarriedOut::Conflict
        }

        fn new_ledger(&self) -> &NewLedger {
            unreachable!("a queue asks for no ledger")
        }

        fn proofs(&self, proof: Proof) -> (Proof, Proof) {
            (proof, proof)
        }
    }

    fn job(name: &'static str, exclusive: Option<u64>) -> Job<Letter> {
        let sheet = Sheet {
            file: "calls.csv".into(),
            reading: String::new(),
            header: None,
            nulls: Vec::new(),
            form: FileFormat::default(),
        };
        Job {
            batch: Arc::new(Batch::new(Arc::new(sheet))),
            rows: Vec::new(),
            payload: Box::new(Letter(name, exclusive)),
        }
    }

    fn queue(limit: Option<u64>, jobs: &[(&'static str, Option<u64>)]) -> JobQueue<Letters> {
        let mut queue = JobQueue::new(limit);
        for (name, exclusive) in jobs {
            queue.push(job(name, *exclusive));
        }
        queue
    }

    fn next(queue: &mut JobQueue<Letters>) -> &'static str {
        queue.next().map_or("none", |job| job.payload.0)
    }

    #[test]
    fn jobs_start_in_the_order_of_the_export() {
        let mut queue = queue(None, &[("a", None), ("b", None), ("c", None)]);
        let started = [next(&mut queue), next(&mut queue), next(&mut queue)];
        assert_eq!(started, ["a", "b", "c"]);
        assert!(queue.is_empty() && !queue.has_reached_limit());
        assert_eq!(next(&mut queue), "none");
    }

    #[test]
    fn a_job_waits_while_its_like_is_under_way_and_lets_others_pass() {
        let mut queue = queue(None, &[("a", Some(1)), ("b", Some(1)), ("c", Some(2))]);
        assert_eq!([next(&mut queue), next(&mut queue)], ["a", "c"]);
        assert_eq!(next(&mut queue), "none");
        assert!(!queue.is_empty());
        queue.finished(Some(2));
        assert_eq!(next(&mut queue), "none");
        queue.finished(Some(1));
        assert_eq!(next(&mut queue), "b");
    }

    #[test]
    fn the_limit_counts_what_was_started_and_is_reached_only_by_one_too_many() {
        let mut queue = queue(Some(2), &[("a", None), ("b", None)]);
        assert!(!queue.has_reached_limit());
        assert_eq!([next(&mut queue), next(&mut queue)], ["a", "b"]);
        assert!(!queue.has_reached_limit(), "nothing more waits");
        queue.push(job("c", None));
        assert!(queue.has_reached_limit());
    }

    #[test]
    fn what_is_put_aside_does_not_count_and_comes_back_before_all_others() {
        let mut queue = queue(Some(2), &[("a", Some(1)), ("b", None), ("c", Some(1))]);
        let aside: Vec<_> = [queue.next(), queue.next()].into_iter().flatten().collect();
        assert!(queue.has_reached_limit());
        for job in &aside {
            queue.put_aside(job);
        }
        assert!(!queue.has_reached_limit());
        queue.resume(aside);
        assert_eq!([next(&mut queue), next(&mut queue)], ["a", "b"]);
        assert!(queue.has_reached_limit());
    }

    #[test]
    fn after_a_stop_all_that_waits_is_taken_off_untried_in_its_order() {
        let mut queue = queue(Some(1), &[("a", Some(1)), ("b", Some(1)), ("c", None)]);
        assert_eq!(next(&mut queue), "a");
        let untried: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        let untried: Vec<_> = untried.iter().map(|job| job.payload.0).collect();
        assert_eq!(untried, ["b", "c"]);
        assert!(queue.is_empty() && !queue.has_reached_limit());
    }
}
