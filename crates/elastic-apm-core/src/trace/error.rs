//! Turns an error, a message or a panic into an error event beside what is current.
//!
//! Errors are sent at once, never held back for their transaction. User code (`Display`, `Debug`, `source`) runs before
//! any lock is taken.

use std::any::Any;
use std::error::Error;
use std::sync::Arc;

use elastic_apm_intake::{
    ErrorEvent, ErrorId, ErrorLog, ErrorParent, ErrorTransaction, Exception, Keyword, LongText, SpanId,
};

use super::clock::epoch_micros_now;
use super::current::{self, Current};
use super::node::TransactionNode;
use super::random;
use super::tracer::Tracer;
use crate::record::{ErrorRecord, Record};

/// How many causes are followed: far more than real chains have, and the end of a cyclic one.
const MAX_CAUSES: usize = 50;

/// Where an error belongs.
struct Place {
    tracer: Tracer,
    transaction: Option<Arc<TransactionNode>>,
    parent_id: Option<SpanId>,
}

impl Place {
    fn current() -> Option<Self> {
        Some(match current::get()? {
            Current::Transaction(node) => Place::in_transaction(&node),
            Current::Span(node) => {
                node.judge("capture_error", |body| body.verdict.failed());
                Place { parent_id: Some(node.reported_id), ..Place::in_transaction(&node.transaction) }
            }
        })
    }

    fn in_transaction(node: &Arc<TransactionNode>) -> Self {
        Place { tracer: node.tracer.clone(), transaction: Some(Arc::clone(node)), parent_id: Some(node.id) }
    }

    fn outside(tracer: Tracer) -> Self {
        Place { tracer, transaction: None, parent_id: None }
    }
}

impl Tracer {
    /// Reports an error with its whole `source()` chain, in what is current or, where nothing is, on its own.
    ///
    /// Returns the error's id, or `None` where nothing is recorded. The current span's and transaction's outcome becomes a
    /// failure unless the user or a protocol status says otherwise.
    pub fn capture_error<E: Error + ?Sized>(&self, error: &E) -> Option<ErrorId> {
        let place = Place::current().unwrap_or_else(|| Place::outside(self.clone()));
        report(place, |event| event.exception = Some(Box::new(exception_of(error))))
    }

    /// Reports a message that is no error type, at level `error`.
    pub fn capture_message(&self, message: impl Into<LongText>) -> Option<ErrorId> {
        let place = Place::current().unwrap_or_else(|| Place::outside(self.clone()));
        let message = message.into();
        report(place, |event| {
            event.log = Some(Box::new(ErrorLog {
                message,
                level: Some(Keyword::from_static("error")),
                ..ErrorLog::default()
            }));
        })
    }
}

/// Reports a panic that ended a transaction, with its message where it is a string.
pub(crate) fn capture_panic(node: &Arc<TransactionNode>, panic: &(dyn Any + Send)) {
    let message = match (panic.downcast_ref::<&'static str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => LongText::from_static(text),
        (_, Some(text)) => LongText::copied(text),
        _ => LongText::from_static("panic with a payload that is not a string"),
    };
    report(Place::in_transaction(node), |event| {
        event.exception = Some(Box::new(Exception {
            kind: Some(Keyword::from_static("panic")),
            message: Some(message),
            handled: Some(false),
            ..Exception::default()
        }));
    });
}

fn report(place: Place, fill: impl FnOnce(&mut ErrorEvent)) -> Option<ErrorId> {
    let Place { tracer, transaction, parent_id } = place;
    let recording = match &transaction {
        Some(_) => true,
        None => tracer.is_recording(),
    };
    if !recording {
        return None;
    }
    let id = random::error_id();
    let mut event = ErrorEvent { id, timestamp: epoch_micros_now(), ..ErrorEvent::default() };
    fill(&mut event);
    let mut request = None;
    if let Some(node) = &transaction {
        event.parent = Some(ErrorParent {
            trace_id: node.trace_id,
            parent_id: parent_id.unwrap_or(node.id),
            transaction_id: Some(node.id),
        });
        let mut about = ErrorTransaction { sampled: node.sampled, kind: None, name: None };
        node.update("capture_error", |body| {
            body.verdict.failed();
            about.name.clone_from(&body.name);
            about.kind = Some(body.kind.clone());
            event.labels = body.labels.clone();
            event.context.clone_from(&body.context);
            request.clone_from(&body.request);
        });
        event.transaction = Some(about);
    }
    tracer.submit(Record::Error(Box::new(ErrorRecord { event, request })));
    Some(id)
}

fn exception_of<E: Error + ?Sized>(error: &E) -> Exception {
    let (module, kind) = match type_of(error) {
        Some(path) => split_path(&path),
        None => (None, None),
    };
    let mut exception = Exception {
        message: Some(LongText::from(error.to_string())),
        kind,
        module,
        handled: Some(true),
        ..Exception::default()
    };
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source.filter(|_| causes.len() < MAX_CAUSES) {
        causes.push(cause);
        source = cause.source();
    }
    // Each cause nests in the one it explains, so the chain is built from its end.
    let nested = causes.into_iter().rev().fold(None, |inner: Option<Exception>, cause| {
        let (module, kind) = match leading_path(&format!("{cause:?}")) {
            Some(path) => split_path(path),
            None => (None, None),
        };
        Some(Exception {
            message: Some(LongText::from(cause.to_string())),
            kind,
            module,
            cause: inner.into_iter().collect(),
            ..Exception::default()
        })
    });
    exception.cause = nested.into_iter().collect();
    exception
}

/// The concrete type's path; for a trait object the path its `Debug` form opens with. Pointers are looked through.
fn type_of<E: Error + ?Sized>(error: &E) -> Option<String> {
    let name = pointee(std::any::type_name::<E>());
    if name.starts_with("dyn ") {
        leading_path(&format!("{error:?}")).map(str::to_owned)
    } else {
        Some(name.to_owned())
    }
}

/// The type behind the pointers that are errors too: `Box<Timeout>` is a `Timeout`.
fn pointee(mut name: &str) -> &str {
    loop {
        let boxed =
            name.strip_prefix("alloc::boxed::Box<").or_else(|| name.strip_prefix("alloc::sync::Arc<"));
        let inner = name.strip_prefix('&').or_else(|| boxed?.strip_suffix('>'));
        match inner {
            Some(inner) => name = inner,
            None => return name,
        }
    }
}

/// The path that a derived `Debug` opens with: `Timeout { .. }` gives `Timeout`. A quoted message gives nothing,
/// since a message must never become a type: the server groups errors by it.
fn leading_path(debug: &str) -> Option<&str> {
    let end = debug.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(debug.len());
    let (path, rest) = debug.split_at(end);
    let is_path = path.starts_with(|c: char| c.is_alphabetic())
        && !path.ends_with(':')
        && (rest.is_empty() || rest.starts_with(['(', '{']) || rest.starts_with(" {"));
    is_path.then_some(path)
}

/// Module and name of a type path; generic arguments stay with the name.
fn split_path(path: &str) -> (Option<Keyword>, Option<Keyword>) {
    let head = path.find('<').unwrap_or(path.len());
    match path[..head].rfind("::") {
        Some(at) => (Some(Keyword::copied(&path[..at])), Some(Keyword::copied(&path[at + 2..]))),
        None => (None, Some(Keyword::copied(path))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_never_taken_for_a_type() {
        assert_eq!(leading_path("\"connection to db lost\""), None);
        assert_eq!(leading_path("connection to db lost"), None);
        assert_eq!(leading_path("Custom { kind: Other }"), Some("Custom"));
        assert_eq!(leading_path("Timeout"), Some("Timeout"));
        assert_eq!(leading_path("io::Error(..)"), Some("io::Error"));
    }

    #[test]
    fn generic_arguments_stay_with_the_type() {
        let (module, kind) = split_path("app::Wrapped<std::io::Error>");

        assert_eq!((module.as_deref(), kind.as_deref()), (Some("app"), Some("Wrapped<std::io::Error>")));
    }
}
