//! Which parts of an event may be long, and where they are.

use std::sync::Arc;

use elastic_apm_intake::{
    Context, ErrorEvent, Exception, Message, Metricset, Otel, SpanContext, SpanEvent, StackFrame,
    TransactionEvent,
};

use super::cut;

/// A part of an event that can be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reporter) enum Part {
    Source,
    Body,
    Custom,
    Attributes,
    Headers,
    Statement,
    Frames,
    Links,
    DroppedSpans,
    Labels,
    Causes,
    Message,
}

/// Every part, the one that is missed least first.
pub(super) const PARTS: [Part; 12] = [
    Part::Source,
    Part::Body,
    Part::Custom,
    Part::Attributes,
    Part::Headers,
    Part::Statement,
    Part::Frames,
    Part::Links,
    Part::DroppedSpans,
    Part::Labels,
    Part::Causes,
    Part::Message,
];

impl Part {
    /// The part in words.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Part::Source => "lines of source code",
            Part::Body => "body",
            Part::Custom => "custom context",
            Part::Attributes => "attributes",
            Part::Headers => "headers and cookies",
            Part::Statement => "statement",
            Part::Frames => "stack frames",
            Part::Links => "links",
            Part::DroppedSpans => "statistics of dropped spans",
            Part::Labels => "labels",
            Part::Causes => "causes",
            Part::Message => "message",
        }
    }
}

/// An event whose parts can be cut.
pub(in crate::reporter) trait HasParts {
    /// Cuts the texts and lists of one part to `limit` characters and items; says whether there was anything to cut.
    fn cut(&mut self, _part: Part, _limit: usize) -> bool {
        false
    }
}

impl HasParts for TransactionEvent {
    fn cut(&mut self, part: Part, limit: usize) -> bool {
        match part {
            Part::Links => cut::list(&mut self.links, limit),
            Part::DroppedSpans => cut::list(&mut self.dropped_spans_stats, limit),
            Part::Labels => cut::labels(&mut self.labels, limit),
            Part::Attributes => {
                let attributes = self.extra.as_deref_mut().is_some_and(|extra| otel(&mut extra.otel, limit));
                context(&mut self.context, part, limit) | attributes
            }
            _ => context(&mut self.context, part, limit),
        }
    }
}

impl HasParts for SpanEvent {
    fn cut(&mut self, part: Part, limit: usize) -> bool {
        let extra = self.extra.as_deref_mut();
        match part {
            Part::Source => extra.is_some_and(|extra| cut::source(&mut extra.stacktrace, limit)),
            Part::Frames => extra.is_some_and(|extra| cut::frames(&mut extra.stacktrace, limit)),
            Part::Links => extra.is_some_and(|extra| {
                cut::list(&mut extra.links, limit) | cut::list(&mut extra.child_ids, limit)
            }),
            Part::Attributes => extra.is_some_and(|extra| otel(&mut extra.otel, limit)),
            Part::Labels => cut::labels(&mut self.labels, limit),
            _ => self.context.as_deref_mut().is_some_and(|context| span_context(context, part, limit)),
        }
    }
}

impl HasParts for ErrorEvent {
    fn cut(&mut self, part: Part, limit: usize) -> bool {
        match part {
            Part::Labels => cut::labels(&mut self.labels, limit),
            Part::Source => in_stack_traces(self, |frames| cut::source(frames, limit)),
            Part::Frames => in_stack_traces(self, |frames| cut::frames(frames, limit)),
            Part::Attributes => {
                let attributes =
                    in_exceptions(self, |exception| cut::optional_object(&mut exception.attributes, limit));
                context(&mut self.context, part, limit) | attributes
            }
            Part::Causes => in_exceptions(self, |exception| cut::list(&mut exception.cause, limit)),
            Part::Message => {
                let log = self.log.as_deref_mut().is_some_and(|log| cut::text(&mut log.message, limit));
                in_exceptions(self, |exception| cut::optional(&mut exception.message, limit)) | log
            }
            _ => context(&mut self.context, part, limit),
        }
    }
}

/// Names and numbers: nothing in it is long.
impl HasParts for Metricset {}

fn in_exceptions(error: &mut ErrorEvent, mut cut: impl FnMut(&mut Exception) -> bool) -> bool {
    error.exception.as_deref_mut().is_some_and(|exception| cut::chain(exception, &mut cut))
}

fn in_stack_traces(error: &mut ErrorEvent, mut cut: impl FnMut(&mut Vec<StackFrame>) -> bool) -> bool {
    let log = error.log.as_deref_mut().is_some_and(|log| cut(&mut log.stacktrace));
    in_exceptions(error, |exception| cut(&mut exception.stacktrace)) | log
}

fn context(context: &mut Option<Box<Context>>, part: Part, limit: usize) -> bool {
    let Some(context) = context.as_deref_mut() else { return false };
    let request = context.request.as_deref_mut();
    let in_message = message(context.message.as_deref_mut(), part, limit);
    match part {
        Part::Body => request.is_some_and(|request| cut::body(&mut request.body, limit)) | in_message,
        Part::Custom => cut::optional_object(&mut context.custom, limit),
        Part::Attributes => request.is_some_and(|request| cut::optional_object(&mut request.env, limit)),
        Part::Headers => {
            let of_request = request.is_some_and(|request| {
                cut::headers(&mut request.headers, limit) | cut::optional_object(&mut request.cookies, limit)
            });
            let response = context.response.as_deref_mut();
            response.is_some_and(|response| cut::headers(&mut response.headers, limit))
                | of_request
                | in_message
        }
        _ => in_message,
    }
}

fn span_context(context: &mut SpanContext, part: Part, limit: usize) -> bool {
    let in_message = message(context.message.as_deref_mut(), part, limit);
    let http = context.http.as_mut();
    match part {
        Part::Body => {
            let request = http.and_then(|http| http.request.as_deref_mut());
            let body = request.and_then(|request| request.body.as_mut());
            body.is_some_and(|body| cut::json(body, limit)) | in_message
        }
        Part::Headers => {
            let response = http.and_then(|http| http.response.as_deref_mut());
            response.is_some_and(|response| cut::headers(&mut response.headers, limit)) | in_message
        }
        Part::Statement => {
            context.db.as_deref_mut().is_some_and(|db| cut::optional(&mut db.statement, limit))
        }
        _ => in_message,
    }
}

fn message(message: Option<&mut Message>, part: Part, limit: usize) -> bool {
    match (message, part) {
        (Some(message), Part::Body) => cut::optional(&mut message.body, limit),
        (Some(message), Part::Headers) => cut::headers(&mut message.headers, limit),
        _ => false,
    }
}

fn otel(otel: &mut Option<Otel>, limit: usize) -> bool {
    let attributes = otel.as_mut().and_then(|otel| otel.attributes.as_mut());
    attributes.is_some_and(|attributes| cut::object(Arc::make_mut(attributes), limit))
}
