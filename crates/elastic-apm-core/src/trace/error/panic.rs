//! What a panic says, as an unhandled exception.

use std::any::Any;
use std::sync::Arc;

use elastic_apm_intake::{Exception, Keyword, LongText};

use super::draft::{Draft, Origin};
use super::place::Place;
use crate::trace::node::TransactionNode;

/// Reports a panic that ended a transaction, with its message where it is a string.
pub(crate) fn capture_panic(node: &Arc<TransactionNode>, panic: &(dyn Any + Send)) {
    let mut draft = Draft::new(Place::transaction(node));
    // Where it is caught is not where it happened.
    draft.origin = Origin::Nowhere;
    draft.event.exception = Some(Box::new(exception_of(panic)));
    draft.capture();
}

fn exception_of(panic: &(dyn Any + Send)) -> Exception {
    let message = match (panic.downcast_ref::<&'static str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => LongText::from_static(text),
        (_, Some(text)) => LongText::copied(text),
        _ => LongText::from_static("panic with a payload that is not a string"),
    };
    Exception {
        kind: Some(Keyword::from_static("panic")),
        message: Some(message),
        handled: Some(false),
        ..Exception::default()
    }
}
