//! The decision that is taken once per trace: is it recorded in full?
//!
//! A root rolls the dice and writes its rate into `tracestate`; everyone below follows the caller's flag.

use elastic_apm_intake::SampleRate;

use super::random;
use crate::propagation::{TraceContext, TraceState};

/// How a new transaction is sampled, and what it tells those it calls.
pub(crate) struct Sampling {
    pub(crate) sampled: bool,
    /// What the event carries; `None` below a caller that did not say.
    pub(crate) rate: Option<SampleRate>,
    pub(crate) tracestate: TraceState,
}

impl Sampling {
    /// A new trace at `rate`.
    pub(crate) fn of_root(rate: SampleRate) -> Self {
        // All or nothing, as with most, is not a matter of luck.
        let sampled =
            rate == SampleRate::ALWAYS || (rate != SampleRate::NEVER && random::unit() < rate.as_f64());
        let rate = if sampled { rate } else { SampleRate::NEVER };
        Sampling { sampled, rate: Some(rate), tracestate: TraceState::for_root(rate) }
    }

    /// A continued trace: the caller's flag, and its rate if `tracestate` tells it.
    pub(crate) fn of_child(parent: &TraceContext) -> Self {
        let sampled = parent.traceparent().is_sampled();
        let rate = if sampled { parent.tracestate().sample_rate() } else { Some(SampleRate::NEVER) };
        Sampling { sampled, rate, tracestate: parent.tracestate().clone() }
    }
}
