//! What is kept of exit spans that were not reported: number and duration by destination and outcome.
//!
//! From Elastic's specification: at most 128 entries per transaction; what would need a further one is not kept.

use elastic_apm_intake::{DroppedDuration, DroppedSpanStats, Keyword, Outcome, SpanEvent, Text};

/// What the specification allows.
const MAX_ENTRIES: usize = 128;

/// Adds an exit span whose service is known. One without a destination is not kept: there is nothing to count it for.
pub(crate) fn add(all: &mut Vec<DroppedSpanStats>, event: &SpanEvent, micros: u64) {
    let Some(context) = event.context.as_deref() else { return };
    let destination = context.destination.as_ref().and_then(|destination| destination.service.as_ref());
    let Some(resource) = destination.map(|service| &service.resource) else { return };
    let target = context.service.as_ref().and_then(|service| service.target.as_ref());
    let (kind, name) = target.map_or((None, None), |target| (target.kind.as_ref(), target.name.as_ref()));
    let count = u64::from(
        event.extra.as_ref().and_then(|extra| extra.composite).map_or(1, |composite| composite.count),
    );

    let known = all.iter().position(|known| {
        known.outcome == event.outcome
            && known.destination_service_resource.as_ref() == Some(resource)
            && same(known.service_target_type.as_ref(), kind)
            && same(known.service_target_name.as_ref(), name)
    });
    let at = known.unwrap_or(all.len());
    if at == all.len() && at < MAX_ENTRIES {
        all.push(entry(resource, kind, name, event.outcome));
    }
    if let Some(entry) = all.get_mut(at) {
        entry.duration.count += count;
        // Times that are told have no limit.
        entry.duration.sum_us = entry.duration.sum_us.saturating_add(micros);
    }
}

fn entry(
    resource: &Keyword,
    kind: Option<&Keyword>,
    name: Option<&Keyword>,
    outcome: Option<Outcome>,
) -> DroppedSpanStats {
    DroppedSpanStats {
        destination_service_resource: Some(resource.clone()),
        service_target_type: kind.map(|kind| Text::copied(kind)),
        service_target_name: name.map(|name| Text::copied(name)),
        outcome,
        duration: DroppedDuration::default(),
    }
}

fn same(known: Option<&Text<512>>, text: Option<&Keyword>) -> bool {
    known.map(Text::as_str) == text.map(Keyword::as_str)
}
