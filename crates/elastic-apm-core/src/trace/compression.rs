//! Joins equal or similar calls to the same service that follow each other into one composite span.
//!
//! From Elastic's specification of span compression. Decides about two spans; where one waits for the next is the business of
//! `children`.

use elastic_apm_intake::{Composite, CompressionStrategy, Keyword, ServiceTarget};

use super::ended_span::EndedSpan;
use crate::clock::{micros, millis};
use crate::config::Settings;

/// Whether the span may be joined with others: a successful exit span to which nobody refers.
pub(crate) fn is_compressible(span: &EndedSpan) -> bool {
    span.node.exit
        && span.node.transaction.settings.span_compression_enabled
        && span.has_succeeded()
        && !span.node.fate.is_referred_to()
}

/// Joins `sibling` with the span or composite that ended before it, or gives it back where that is not possible.
pub(crate) fn join(
    waiting: &mut EndedSpan,
    sibling: Box<EndedSpan>,
    settings: &Settings,
) -> Result<(), Box<EndedSpan>> {
    let composite = waiting.composite_strategy();
    let strategy = match composite {
        Some((known, _)) => strategy(waiting, &sibling, settings, true).filter(|strategy| *strategy == known),
        None => strategy(waiting, &sibling, settings, false),
    };
    let Some(strategy) = strategy.filter(|_| !waiting.node.fate.is_referred_to()) else {
        return Err(sibling);
    };
    // Last, since it cannot be taken back: from here on nobody can refer to the sibling any more.
    if !sibling.node.fate.vanish() {
        return Err(sibling);
    }
    let net = composite.map_or_else(|| waiting.duration(), |(_, net)| net) + sibling.duration();
    if composite.is_none() && strategy == CompressionStrategy::SameKind {
        waiting.event.name = name_of_kind(waiting.target());
    }
    waiting.start = waiting.start.min(sibling.start);
    waiting.end = waiting.end.max(sibling.end);
    let extra = waiting.event.extra.get_or_insert_default();
    let count = extra.composite.map_or(1, |composite| composite.count).saturating_add(1);
    extra.composite = Some(Composite { compression_strategy: strategy, count, sum: millis(net) });
    Ok(())
}

/// How the two can be joined. What is a composite already is not held to a limit again.
fn strategy(
    waiting: &EndedSpan,
    sibling: &EndedSpan,
    settings: &Settings,
    is_composite: bool,
) -> Option<CompressionStrategy> {
    let (first, second) = (&waiting.event, &sibling.event);
    if first.kind != second.kind || first.subtype != second.subtype || waiting.target() != sibling.target() {
        return None;
    }
    let are_within =
        |limit: u64| (is_composite || waiting.duration() <= limit) && sibling.duration() <= limit;
    let is_same_kind =
        waiting.composite_strategy().is_some_and(|(known, _)| known == CompressionStrategy::SameKind);
    if first.name == second.name && !is_same_kind {
        // Equal ones that take too long are not joined as similar ones either.
        let limit = micros(settings.span_compression_exact_match_max_duration);
        return are_within(limit).then_some(CompressionStrategy::ExactMatch);
    }
    let limit = micros(settings.span_compression_same_kind_max_duration);
    (limit > 0 && are_within(limit)).then_some(CompressionStrategy::SameKind)
}

/// `Calls to mysql/shop`
fn name_of_kind(target: Option<&ServiceTarget>) -> Keyword {
    let (kind, name) = target.map_or((None, None), |target| (target.kind.as_ref(), target.name.as_ref()));
    match (kind, name) {
        (Some(kind), Some(name)) => Keyword::formatted(format_args!("Calls to {kind}/{name}")),
        (Some(one), None) | (None, Some(one)) => Keyword::formatted(format_args!("Calls to {one}")),
        (None, None) => Keyword::from_static("Calls to unknown"),
    }
}
