//! From a record to the bytes of its line: context rendered and sanitised, then JSON, then the server's size limit.

use elastic_apm_intake::{MAX_EVENT_SIZE, WireEvent, write_line};

use super::render::{self, Bearer};
use crate::config::Settings;
use crate::record::Record;
use crate::stats::DropReason;

/// Writes one record as one line into `line`, which is emptied first.
pub(crate) fn write(record: Record, settings: &Settings, line: &mut Vec<u8>) -> Result<(), DropReason> {
    line.clear();
    let sanitized = &settings.sanitize_field_names;
    match record {
        Record::Span(event) => encode(&event, line),
        Record::Transaction(mut record) => {
            let (request, response) = (record.request.as_deref(), record.response.as_ref());
            render::exchange(Bearer::Transaction, &mut record.event.context, request, response, sanitized);
            encode(&record.event, line)
        }
        Record::Error(mut record) => {
            let request = record.request.as_deref();
            render::exchange(Bearer::Error, &mut record.event.context, request, None, sanitized);
            encode(&record.event, line)
        }
    }
}

fn encode(event: &impl WireEvent, line: &mut Vec<u8>) -> Result<(), DropReason> {
    match write_line(event, line) {
        0 => Err(DropReason::Encode),
        bytes if bytes > MAX_EVENT_SIZE => Err(DropReason::TooLarge),
        _ => Ok(()),
    }
}
