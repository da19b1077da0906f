//! From a record to the bytes of its line: context rendered and sanitised, stacks named, filters asked, long texts cut, then JSON, then the
//! server's size limit.

use elastic_apm_intake::{ErrorEvent, MAX_EVENT_SIZE, StackFrame, WireEvent, write_line};

use super::filters::{Filterable, Filters};
use super::oversize::{self, Cut, HasParts};
use super::render::{self, Bearer, Secrets};
use super::stacks;
use crate::config::Settings;
use crate::metrics::Breakdown;
use crate::record::Record;
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
    line: &mut Vec<u8>,
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
            let (request, response) = (record.request.as_deref(), record.response.as_ref());
            render::exchange(Bearer::Transaction, &mut record.event.context, request, response, secrets);
            let finished = finish(&mut record.event, settings, filters, line)?;
            // Under the name that is sent.
            let self_times = std::mem::take(&mut record.self_times);
            breakdown.add(record.event.name.as_ref(), &record.event.kind, self_times);
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
    line: &mut Vec<u8>,
) -> Result<Option<Cut>, DropReason> {
    filters.pass(event)?;
    oversize::shorten_long_texts(event, settings.long_field_max_length);
    write_within_limit(event, line)
}

fn write_within_limit<E: WireEvent + HasParts>(
    event: &mut E,
    line: &mut Vec<u8>,
) -> Result<Option<Cut>, DropReason> {
    match write_line(event, line) {
        0 => Err(DropReason::Encode),
        bytes if bytes > MAX_EVENT_SIZE => {
            oversize::cut(event, bytes, line).map(Some).ok_or(DropReason::TooLarge)
        }
        _ => Ok(None),
    }
}
