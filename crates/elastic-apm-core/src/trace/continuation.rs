//! Whose trace a transaction with a caller belongs to: the caller's, or a new one that links to it.

use elastic_apm_intake::SpanLink;

use crate::config::TraceContinuationStrategy;
use crate::propagation::TraceContext;

/// The parent a transaction takes, and the link it gets where it takes none although there is one.
pub(crate) fn decide(
    strategy: TraceContinuationStrategy,
    caller: TraceContext,
) -> (Option<TraceContext>, Option<SpanLink>) {
    let continues = match strategy {
        TraceContinuationStrategy::Continue => true,
        TraceContinuationStrategy::Restart => false,
        TraceContinuationStrategy::RestartExternal => caller.tracestate().has_es(),
    };
    if continues {
        return (Some(caller), None);
    }
    (None, Some(SpanLink::from(&caller)))
}
