//! From a record to the bytes of its line: context rendered and sanitised, stacks named, filters asked, long texts cut, then JSON, then the
//! server's size limit.

use elastic_apm_intake::{
    ErrorEvent, Line, MAX_EVENT_SIZE, StackFrame, TransactionEvent, WireEvent, WithExchange,
};

use super::filters::{Filterable, Filters};
use super::oversize::{self, Cut, HasParts};
use super::render::{self, Bearer, Secrets};
use super::stacks;
use crate::config::Settings;
use crate::metrics::Breakdown;
use crate::record::{Record, TransactionRecord};
use crate::stats::DropReason;

/// Writes one record as one line into `line`, which is emptied first; says what had to be cut for that, if anything. Nothing is left in the
/// record that anybody should still look at.
///
/// A transaction's self times go into `breakdown`.
pub(crate) fn write(
    record: &mut Record,
    settings: &Settings,
    filters: &Filters,
    breakdown: &mut Breakdown,
    secrets: &mut Secrets,
    line: &mut Line,
) -> Result<Option<Cut>, DropReason> {
    line.clear();
    secrets.go_by(&settings.sanitize_field_names);
    match record {
        Record::Span(event) => finish(event, settings, filters, line),
        Record::SpanWithStack(record) => {
            record.event.extra.get_or_insert_default().stacktrace = stacks::frames(&record.stack);
            finish(&mut record.event, settings, filters, line)
        }
        Record::Transaction(record) => {
            let finished = transaction(record, settings, filters, secrets, line)?;
            // Under the name that is sent.
            let (name, kind) = (record.event.name.take(), std::mem::take(&mut record.event.kind));
            breakdown.add(name, kind, &mut record.self_times);
            Ok(finished)
        }
        Record::Metricset(event) => write_within_limit(&mut **event, line),
        Record::Error(record) => {
            let request = record.request.as_deref();
            render::exchange(Bearer::Error, &mut record.event.context, request, None, secrets);
            if let Some(stack) = &record.stack {
                put_stack(&mut record.event, stacks::frames(stack));
            }
            finish(&mut record.event, settings, filters, line)
        }
    }
}

/// Writes a transaction and its exchange.
fn transaction(
    record: &mut TransactionRecord,
    settings: &Settings,
    filters: &Filters,
    secrets: &mut Secrets,
    line: &mut Line,
) -> Result<Option<Cut>, DropReason> {
    let TransactionRecord { event, request, response, .. } = record;
    let (request, response) = (request.as_deref(), response.as_ref());
    let has_body = request.is_some_and(|request| request.body.is_some());
    if !has_body && filters.is_empty::<TransactionEvent>() {
        // Nobody looks at the exchange, and nothing of it is cut: it is written from where it lies.
        oversize::shorten_long_texts(event, settings.long_field_max_length);
        let write = |event: &WithExchange<'_>| line.write(event);
        match render::with_exchange(event, request, response, secrets, write) {
            0 => return Err(DropReason::Encode),
            bytes if bytes <= MAX_EVENT_SIZE => return Ok(None),
            _ => {}
        }
    }
    render::exchange(Bearer::Transaction, &mut event.context, request, response, secrets);
    finish(event, settings, filters, line)
}

/// Says where the error was captured, and who is to blame unless that was said.
fn put_stack(event: &mut ErrorEvent, frames: Vec<StackFrame>) {
    if event.culprit.is_none() {
        event.culprit = stacks::culprit(&frames);
    }
    match (&mut event.exception, &mut event.log) {
        (Some(exception), _) => exception.stacktrace = frames,
        (None, Some(log)) => log.stacktrace = frames,
        (None, None) => {}
    }
}

/// Shows a finished event to its filters and writes what they leave.
fn finish<E: WireEvent + HasParts + Filterable>(
    event: &mut E,
    settings: &Settings,
    filters: &Filters,
    line: &mut Line,
) -> Result<Option<Cut>, DropReason> {
    filters.pass(event)?;
    oversize::shorten_long_texts(event, settings.long_field_max_length);
    write_within_limit(event, line)
}

fn write_within_limit<E: WireEvent + HasParts>(
    event: &mut E,
    line: &mut Line,
) -> Result<Option<Cut>, DropReason> {
    match line.write(event) {
        0 => Err(DropReason::Encode),
        bytes if bytes > MAX_EVENT_SIZE => {
            oversize::cut(event, bytes, line).map(Some).ok_or(DropReason::TooLarge)
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use elastic_apm_intake::{Context, Event};
    use http::{Method, Uri, Version};

    use super::*;
    use crate::captured::{CapturedRequest, CapturedUrl, KeptRequest};

    fn written(custom: &str, filters: &Filters) -> (TransactionEvent, Option<Cut>) {
        let url = CapturedUrl::copy(&Uri::from_static("http://shop.test/basket"), None);
        let mut record = TransactionRecord::default();
        let request = CapturedRequest::new(&Method::GET, url, Version::HTTP_11);
        record.request = Some(KeptRequest::Own(request));
        let custom = std::iter::once(("note".to_owned(), custom.into())).collect();
        record.event.context = Some(Box::new(Context { custom: Some(custom), ..Context::default() }));
        let settings = &crate::config::default_settings();
        let mut line = Line::new();

        let cut = transaction(&mut record, settings, filters, &mut Secrets::new(), &mut line).unwrap();

        let line = line.as_bytes();
        assert!(line.len() <= MAX_EVENT_SIZE);
        match Event::from_line(line).unwrap() {
            Event::Transaction(event) => (*event, cut),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_transaction_has_its_exchange_whether_it_is_seen_by_filters_or_cut_or_neither() {
        let mut filters = Filters::default();
        filters.add(|event: &mut TransactionEvent| {
            event.context.as_ref().is_some_and(|context| context.request.is_some())
        });

        for filters in [Filters::default(), filters] {
            for custom in ["short", &"x".repeat(2 * MAX_EVENT_SIZE)] {
                let (event, cut) = written(custom, &filters);

                let url = event.context.unwrap().request.unwrap().url.full;
                assert_eq!(url.as_deref(), Some("http://shop.test/basket"));
                assert_eq!(cut.is_some(), custom.len() > MAX_EVENT_SIZE);
            }
        }
    }
}
