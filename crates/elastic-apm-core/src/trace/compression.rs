//! Joins equal or similar calls to the same service that follow each other into one composite span.
//!
//! From Elastic's specification of span compression. Decides about two spans; where one waits for the next is the business of
//! `children`.

use elastic_apm_intake::{Composite, CompressionStrategy, Keyword, ServiceTarget, SpanEvent};

use super::ended_span::EndedSpan;
use crate::clock::{micros, millis};
use crate::config::Settings;

/// Whether the span may be joined with others: a successful exit span to which nobody refers.
pub(crate) fn is_compressible(span: &mut EndedSpan) -> bool {
    span.node.exit
        && span.node.transaction.settings.span_compression_enabled
        && !span.node.fate.is_referred_to()
        && span.has_succeeded()
}

/// How long the work of a span or composite took, without the gaps.
pub(crate) fn net_duration(span: &mut EndedSpan) -> u64 {
    span.composite().map_or_else(|| span.duration(), sum_in_micros)
}

/// Joins `sibling` with the span or composite that ended before it, or gives it back where that is not possible.
pub(crate) fn join(
    waiting: &mut EndedSpan,
    mut sibling: EndedSpan,
    settings: &Settings,
) -> Result<(), EndedSpan> {
    let Some(strategy) = strategy(waiting, &mut sibling, settings) else { return Err(sibling) };
    // Last, since it cannot be taken back: from here on nobody can refer to the sibling any more.
    if !sibling.node.fate.vanish() {
        return Err(sibling);
    }
    let net = net_duration(waiting).saturating_add(sibling.duration());
    waiting.start = waiting.start.min(sibling.start);
    waiting.end = waiting.end.max(sibling.end);
    waiting.look(|event| {
        let known = event.extra.as_ref().and_then(|extra| extra.composite);
        if known.is_none() && strategy == CompressionStrategy::SameKind {
            event.name = name_of_kind(target(event));
        }
        let count = known.map_or(1, |known| known.count).saturating_add(1);
        event.extra.get_or_insert_default().composite =
            Some(Composite { compression_strategy: strategy, count, sum: millis(net) });
    });
    Ok(())
}

/// How the two can be joined, if they can. What is a composite already is not held to a limit again.
fn strategy(
    waiting: &mut EndedSpan,
    sibling: &mut EndedSpan,
    settings: &Settings,
) -> Option<CompressionStrategy> {
    if waiting.node.fate.is_referred_to() {
        return None;
    }
    let known = waiting.composite().map(|composite| composite.compression_strategy);
    let (first_took, second_took) = (waiting.duration(), sibling.duration());
    let are_within = |limit: u64| (known.is_some() || first_took <= limit) && second_took <= limit;
    let (is_same_kind, is_same_name) = waiting
        .look(|first| {
            sibling.look(|second| {
                let is_same_kind = first.kind == second.kind
                    && first.subtype == second.subtype
                    && target(first) == target(second);
                (is_same_kind, first.name == second.name)
            })
        })
        .flatten()?;
    if !is_same_kind {
        return None;
    }
    let strategy = if is_same_name && known != Some(CompressionStrategy::SameKind) {
        // Equal ones that take too long are not joined as similar ones either.
        let limit = micros(settings.span_compression_exact_match_max_duration);
        are_within(limit).then_some(CompressionStrategy::ExactMatch)
    } else {
        let limit = micros(settings.span_compression_same_kind_max_duration);
        (limit > 0 && are_within(limit)).then_some(CompressionStrategy::SameKind)
    };
    strategy.filter(|strategy| known.is_none_or(|known| known == *strategy))
}

fn sum_in_micros(composite: Composite) -> u64 {
    (composite.sum * 1000.0).round() as u64
}

/// The service that was called.
fn target(event: &SpanEvent) -> Option<&ServiceTarget> {
    event.context.as_ref()?.service.as_ref()?.target.as_ref()
}

/// `Calls to mysql/shop`
fn name_of_kind(target: Option<&ServiceTarget>) -> Keyword {
    let (kind, name) = target.map_or((None, None), |target| (target.kind.as_ref(), target.name.as_ref()));
    match (kind, name) {
        (Some(kind), Some(name)) => Keyword::joined(["Calls to ", kind, "/", name]),
        (Some(one), None) | (None, Some(one)) => Keyword::joined(["Calls to ", one]),
        (None, None) => Keyword::from_static("Calls to unknown"),
    }
}
