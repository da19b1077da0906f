//! Samples of one figure, and what is said of them.

/// What was measured, in no order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// Adds one.
    pub(crate) fn add(&mut self, sample: f64) {
        self.0.push(sample);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that this share of the samples does not exceed; no number where there are none.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    /// The middle one.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(of: &[f64]) -> Samples {
        Samples(of.to_vec())
    }

    #[test]
    fn the_median_is_the_middle_one_in_order_of_size() {
        assert_eq!(samples(&[9.0, 1.0, 4.0]).median(), 4.0);
    }

    #[test]
    fn a_quantile_is_a_sample_that_its_share_does_not_exceed() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();

        assert_eq!(samples(&hundred).quantile(0.99), 99.0);
        assert_eq!(samples(&hundred).quantile(1.0), 100.0);
        assert_eq!(samples(&hundred).quantile(0.0), 1.0);
    }

    #[test]
    fn of_nothing_there_is_no_median() {
        assert!(Samples::default().median().is_nan());
    }
}
