//! The error event in the making: what was said of it, laid over what is known of its transaction.

use elastic_apm_intake::{Context, ErrorEvent, ErrorId, ErrorTransaction, Exception, User};
use serde_json::Value;

use super::place::Place;
use crate::captured::{CapturedStack, KeptRequest};
use crate::clock::epoch_micros_now;
use crate::record::{ErrorRecord, Record};
use crate::trace::{random, stack};

/// An error that is not reported yet.
pub(super) struct Draft {
    pub(super) place: Place,
    /// The event; its labels and context hold what was said of this error alone.
    pub(super) event: ErrorEvent,
    /// Whether it makes its span and transaction failures.
    pub(super) fails: bool,
    pub(super) origin: Origin,
}

/// What the error says of where it comes from.
pub(super) enum Origin {
    /// Where it is captured.
    Here,
    /// Where it was made.
    There(CapturedStack),
    Nowhere,
}

impl Draft {
    /// An error that happens now.
    pub(super) fn new(place: Place) -> Self {
        let event =
            ErrorEvent { id: random::error_id(), timestamp: epoch_micros_now(), ..ErrorEvent::default() };
        Draft { place, event, fails: true, origin: Origin::Here }
    }

    /// Changes the exception, where the error is one.
    pub(super) fn on_exception(&mut self, change: impl FnOnce(&mut Exception)) {
        if let Some(exception) = &mut self.event.exception {
            change(exception);
        }
    }

    pub(super) fn set_user(&mut self, user: User) {
        self.event.context.get_or_insert_default().user = Some(Box::new(user));
    }

    pub(super) fn set_custom(&mut self, key: &str, value: Value) {
        let custom = self.event.context.get_or_insert_default().custom.get_or_insert_default();
        custom.insert(key.replace(['.', '*', '"'], "_"), value);
    }

    /// Takes over what is known of the transaction by now, and hands the event over.
    pub(super) fn capture(self) -> ErrorId {
        let Draft { place, mut event, fails, origin } = self;
        let stack = match origin {
            Origin::Here => place.settings().and_then(|settings| stack::of_error(&settings)),
            Origin::There(stack) => Some(stack),
            Origin::Nowhere => None,
        };
        let mut request = None;
        event.parent = place.parent();
        if let Some(span) = place.span.as_ref().filter(|_| fails) {
            span.judge("capture_error", |body| body.verdict.failed());
        }
        if let Some(node) = &place.transaction {
            let mut about = ErrorTransaction { sampled: node.sampled, kind: None, name: None };
            let own_labels = std::mem::take(&mut event.labels);
            let own_context = event.context.take();
            node.update("capture_error", |body| {
                if fails {
                    body.verdict.failed();
                }
                about.name.clone_from(&body.name);
                about.kind = Some(body.kind.clone());
                if let Some(record) = &mut body.record {
                    event.labels = record.event.labels.clone();
                    event.context.clone_from(&record.event.context);
                    request = KeptRequest::share(&mut record.request);
                }
            });
            event.transaction = Some(about);
            node.baggage.label(&mut event.labels, &node.settings);
            event.labels.extend(own_labels);
            overlay(&mut event.context, own_context);
        }
        let id = event.id;
        place.tracer.submit(Record::Error(Box::new(ErrorRecord::new(event, request, stack))));
        id
    }
}

/// Lays what was said of the error over what was copied from its transaction.
fn overlay(context: &mut Option<Box<Context>>, own: Option<Box<Context>>) {
    let Some(own) = own else { return };
    let context = context.get_or_insert_default();
    if own.user.is_some() {
        context.user = own.user;
    }
    if let Some(custom) = own.custom {
        context.custom.get_or_insert_default().extend(custom);
    }
}
