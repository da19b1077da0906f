//! When what was added up is reported, and what of it.
//!
//! Reports are made on the agent's thread and go out like all other events. Knows no clock but the one it is handed.

use std::time::{Duration, Instant};

use elastic_apm_intake::{Metricset, Samples};

use crate::config::Settings;
use crate::log::OnceLog;
use crate::metrics::Breakdown;

/// Metrics on their way to a report.
pub(super) struct Metrics {
    pub(super) breakdown: Breakdown,
    interval: Duration,
    due: Instant,
    log: OnceLog,
}

impl Metrics {
    /// Metrics that are reported every `interval`, from `now` on; never, if it is zero.
    pub(super) fn new(interval: Duration, now: Instant, log: OnceLog) -> Self {
        Metrics { breakdown: Breakdown::default(), interval, due: now + interval, log }
    }

    /// When there is something to report.
    pub(super) fn due_at(&self) -> Option<Instant> {
        (!self.breakdown.is_empty() && !self.interval.is_zero()).then_some(self.due)
    }

    /// What is to be reported now: what has been added up since the last time, if it is time or this is the last one.
    pub(super) fn report(
        &mut self,
        now: Instant,
        is_last: bool,
        timestamp: u64,
        settings: &Settings,
    ) -> Vec<Metricset> {
        if !self.due_at().is_some_and(|due| due <= now || is_last) {
            return Vec::new();
        }
        self.due = now + self.interval;
        let (metricsets, left_out) = self.breakdown.report(timestamp);
        if left_out > 0 {
            self.log.warn(
                "breakdown",
                format_args!(
                    "breakdown metrics: {left_out} times left out, there are too many names of transactions"
                ),
            );
        }
        metricsets.filter_map(|metricset| enabled(metricset, settings)).collect()
    }
}

/// Takes out what `disable_metrics` names.
fn enabled(mut metricset: Metricset, settings: &Settings) -> Option<Metricset> {
    let disabled = &settings.disable_metrics;
    if !disabled.is_empty() {
        let samples = metricset.samples.iter().filter(|(name, _)| !disabled.matches_any(name));
        metricset.samples =
            samples.map(|(name, sample)| (name.to_owned(), sample.clone())).collect::<Samples>();
    }
    (!metricset.samples.is_empty()).then_some(metricset)
}
