//! Axes: round numbers, and where they stand.

use crate::report::format::float;

/// Most steps of an axis.
const STEPS: u64 = 5;

/// An axis of whole numbers from zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct AxisScale {
    step: u64,
    steps: u64,
}

impl AxisScale {
    /// The shortest axis that reaches `most` in at most five steps of 1, 2 or 5 times a power of
    /// ten. An axis for nothing goes to 1, so that nothing is divided by zero.
    pub(in crate::report) fn to(most: u64) -> Self {
        let most = most.max(1);
        let mut power: u64 = 1;
        loop {
            for factor in [1, 2, 5] {
                let step = power.saturating_mul(factor);
                let steps = most.div_ceil(step);
                if steps <= STEPS {
                    return AxisScale { step, steps };
                }
            }
            power = power.saturating_mul(10);
        }
    }

    /// The numbers at the axis, from zero to its end.
    pub(in crate::report) fn ticks(&self) -> impl Iterator<Item = u64> + use<> {
        let step = self.step;
        (0..=self.steps).map(move |index| step.saturating_mul(index))
    }

    /// Where a number stands: 0 at zero, 1 at the end of the axis.
    pub(in crate::report) fn position(&self, number: u64) -> f64 {
        (float(number) / float(self.step) / float(self.steps)).min(1.0)
    }
}

/// The positions of at most `most` labels among `number` bars, evenly apart and from the first on.
pub(in crate::report) fn labelled(number: usize, most: usize) -> impl Iterator<Item = usize> {
    let step = number.div_ceil(most.max(1)).max(1);
    (0..number).step_by(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let ticks = |most| AxisScale::to(most).ticks().collect::<Vec<_>>();
        assert_eq!(ticks(0), [0, 1]);
        assert_eq!(ticks(1), [0, 1]);
        assert_eq!(ticks(3), [0, 1, 2, 3]);
        assert_eq!(ticks(7), [0, 2, 4, 6, 8]);
        assert_eq!(ticks(97), [0, 20, 40, 60, 80, 100]);
        assert_eq!(ticks(12_345), [0, 5_000, 10_000, 15_000]);
    }

    #[test]
    fn a_number_stands_where_the_tick_of_it_stands() {
        let scale = AxisScale::to(97);
        assert!((scale.position(0) - 0.0).abs() < 1e-12);
        assert!((scale.position(50) - 0.5).abs() < 1e-12);
        assert!((scale.position(100) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn labels_are_few_and_even() {
        assert_eq!(
            labelled(24, 8).collect::<Vec<_>>(),
            [0, 3, 6, 9, 12, 15, 18, 21]
        );
        assert_eq!(labelled(3, 8).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(labelled(0, 8).count(), 0);
    }

    proptest! {
        #[test]
        fn every_axis_reaches_its_number_and_not_a_step_further(most in 1u64..=u64::MAX / 10) {
            let scale = AxisScale::to(most);
            let ticks: Vec<u64> = scale.ticks().collect();
            prop_assert!(ticks.len() <= 6);
            prop_assert!(ticks.is_sorted() && ticks[0] == 0);
            prop_assert!(ticks[ticks.len() - 1] >= most);
            prop_assert!(ticks[ticks.len() - 2] < most);
            prop_assert!((0.0..=1.0).contains(&scale.position(most)));
        }

        #[test]
        fn no_number_is_too_large(most: u64) {
            prop_assert!(AxisScale::to(most).ticks().count() <= 6);
        }
    }
}
