//! When calls that fail are too many: in number, in share, or one after the other for the same
//! reason. Pure; told of every call that was carried out, in the order in which they end.

/// How many failures are borne. Nothing is a limit that was not set.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FailureBudget {
    /// In all.
    pub errors: Option<u64>,
    /// As a share of the calls carried out, from 0 to 1, once enough of them have ended.
    pub rate: Option<f64>,
    /// One after the other with the same error.
    pub same: Option<u64>,
}

/// Calls that must have ended before a share means anything: with fewer, the first failure of a run
/// would be 100 %.
pub(super) const SAMPLE: u64 = 100;

/// The failures of a run.
#[derive(Debug, Default)]
pub(super) struct FailureCount {
    budget: FailureBudget,
    ended: u64,
    failed: u64,
    same: u64,
    last: String,
}

impl FailureCount {
    pub(super) fn new(budget: FailureBudget) -> Self {
        FailureCount {
            budget,
            ..FailureCount::default()
        }
    }

    /// Takes in a call that has ended; why it is one too many, if it is.
    pub(super) fn take(&mut self, error: Option<&str>) -> Option<String> {
        self.ended += 1;
        let Some(error) = error else {
            self.same = 0;
            return None;
        };
        self.failed += 1;
        let kind = kind(error);
        self.same = if kind == self.last { self.same + 1 } else { 1 };
        self.last = kind;
        self.reached()
            .map(|limit| format!("{limit}; the last error: {error}"))
    }

    fn reached(&self) -> Option<String> {
        let FailureBudget { errors, rate, same } = self.budget;
        let (failed, ended) = (self.failed, self.ended);
        if errors.is_some_and(|most| failed >= most) {
            let calls = if failed == 1 {
                "call has"
            } else {
                "calls have"
            };
            return Some(format!("{failed} {calls} failed (--max-errors)"));
        }
        if same.is_some_and(|most| self.same >= most) {
            let same = self.same;
            return Some(format!(
                "the same error came {same} times in a row (--max-same-error)"
            ));
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share of more calls than a float can count is no less true"
        )]
        let is_too_much = rate.is_some_and(|most| failed as f64 > most * ended as f64);
        (is_too_much && ended >= SAMPLE)
            .then(|| format!("{failed} of {ended} calls have failed (--max-error-rate)"))
    }
}

/// An error without its numbers and ids, which differ from call to call.
fn kind(error: &str) -> String {
    let is_varying = |word: &&str| word.contains(|char: char| char.is_ascii_digit());
    let status = error.find("answered ").map_or("", |at| {
        let rest = &error[at..];
        rest.get(..12).unwrap_or(rest)
    });
    let words = error.split_whitespace().filter(|word| !is_varying(word));
    words.chain([status]).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(budget: FailureBudget, calls: &[Option<&str>]) -> Option<(usize, String)> {
        let mut failures = FailureCount::new(budget);
        (1..)
            .zip(calls)
            .find_map(|(number, call)| Some((number, failures.take(*call)?)))
    }

    #[test]
    fn the_number_that_was_set_is_the_last_one_borne() {
        let budget = FailureBudget {
            errors: Some(2),
            ..FailureBudget::default()
        };
        let (number, why) = first(budget, &[Some("a"), None, Some("b 400"), Some("c")]).unwrap();
        assert_eq!(number, 3);
        assert_eq!(
            why,
            "2 calls have failed (--max-errors); the last error: b 400"
        );
    }

    #[test]
    fn a_share_counts_once_a_hundred_have_ended() {
        let budget = FailureBudget {
            rate: Some(0.05),
            ..FailureBudget::default()
        };
        let mut calls = vec![None; 200];
        calls[..6].fill(Some("no"));
        calls[99] = Some("no");
        let (number, why) = first(budget, &calls).unwrap();
        assert_eq!(number, 100);
        assert!(
            why.starts_with("7 of 100 calls have failed (--max-error-rate)"),
            "{why}"
        );
        calls[99] = None;
        calls[5] = None;
        assert_eq!(first(budget, &calls), None, "exactly 5 % is borne");
    }

    #[test]
    fn the_same_error_in_a_row_is_told_whatever_numbers_are_in_it() {
        let budget = FailureBudget {
            same: Some(3),
            ..FailureBudget::default()
        };
        let calls = [
            Some("the server answered 400: call 17 has no customProp4"),
            Some("the server answered 400: call 18 has no customProp4"),
            None,
            Some("the server answered 400: call 19 has no customProp4"),
            Some("the server answered 422: call 19 has no customProp4"),
            Some("the server answered 422: call 20 has no customProp4"),
            Some("the server answered 422: call 21 has no customProp4"),
        ];
        let (number, why) = first(budget, &calls).unwrap();
        assert_eq!(number, 7);
        assert!(why.contains("3 times in a row (--max-same-error)") && why.contains("call 21"));
    }

    proptest! {
        #[test]
        fn no_limit_is_never_reached(calls in prop::collection::vec(prop::option::of("\\PC{0,30}"), 0..300)) {
            let calls: Vec<Option<&str>> = calls.iter().map(Option::as_deref).collect();
            prop_assert_eq!(first(FailureBudget::default(), &calls), None);
        }
    }
}
