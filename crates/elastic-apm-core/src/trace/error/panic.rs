//! What a panic says, as an unhandled exception; and that it is said once, by a panic hook or by whoever catches it.

use std::any::{Any, TypeId};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::PanicHookInfo;
use std::sync::{Mutex, PoisonError};
use std::thread;

use elastic_apm_intake::{Exception, Keyword, LongText};
use serde_json::json;

use super::draft::{Draft, Origin};
use super::place::Place;
use crate::captured::CapturedStack;
use crate::trace::tracer::Tracer;
use crate::trace::transaction_node::SharedTransaction;

/// How many panics are remembered between the hook that reports them and those who catch them.
const REMEMBERED: usize = 64;

/// The panics that a hook has reported, the oldest of which is forgotten first.
static REPORTED: Mutex<Ring> = Mutex::new(Ring { panics: [0; REMEMBERED], next: 0 });

struct Ring {
    panics: [u64; REMEMBERED],
    next: usize,
}

/// Reports a panic that ended a transaction's work, with its message where it is a string; unless a hook has.
pub(crate) fn capture(node: &SharedTransaction, payload: &(dyn Any + Send)) {
    let place = Place::transaction(node);
    if !place.is_recording() || was_reported(&node.tracer, payload) {
        return node.update("capture_panic", |body| body.verdict.failed());
    }
    let mut draft = Draft::new(place);
    // Where it is caught is not where it happened.
    draft.origin = Origin::Nowhere;
    draft.event.exception = Some(Box::new(exception_of(payload)));
    draft.capture();
}

/// Reports a panic where it happens: in what is current or, where nothing is, on its own.
///
/// For the panic hook: it must not panic, and no code of the application may run.
pub(crate) fn report(tracer: &Tracer, panic: &PanicHookInfo<'_>) {
    let place = Place::current().unwrap_or_else(|| Place::outside(tracer.clone()));
    if !place.is_recording() {
        return;
    }
    remember(tracer, panic.payload());
    let mut draft = Draft::new(place);
    draft.event.exception = Some(Box::new(exception_of(panic.payload())));
    let location = panic.location().map(ToString::to_string);
    let limit = draft.place.settings().map_or(0, |settings| settings.stack_trace_limit.frames());
    draft.origin = match CapturedStack::capture(limit) {
        Some(stack) => Origin::There(CapturedStack { of_panic: true, ..stack }),
        None => {
            draft.event.culprit = location.as_deref().map(Keyword::copied);
            Origin::Nowhere
        }
    };
    let thread = thread::current();
    draft.set_custom("panic", json!({"location": location, "thread": thread.name()}));
    draft.capture();
}

/// The tracer of what is current where a panic happens.
pub(crate) fn current_tracer() -> Option<Tracer> {
    Place::current().map(|place| place.tracer)
}

/// Whether a panic that happens here and now ends in the agent, which has asked an error for its message.
pub(crate) fn are_expected() -> bool {
    super::printing::is_going_on()
}

fn exception_of(payload: &dyn Any) -> Exception {
    Exception {
        kind: Some(Keyword::from_static("panic")),
        message: Some(match text(payload) {
            Some(text) => LongText::copied(text),
            None => LongText::from_static("panic with a payload that is not a string"),
        }),
        handled: Some(false),
        ..Exception::default()
    }
}

fn text(payload: &dyn Any) -> Option<&str> {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

/// What tells a panic from others, also when another thread passes it on. Its address does not: the hook sees it somewhere else.
fn mark(tracer: &Tracer, payload: &dyn Any) -> u64 {
    let mut hasher = DefaultHasher::new();
    let type_id: TypeId = payload.type_id();
    (tracer.key(), type_id, text(payload)).hash(&mut hasher);
    // 0 is no panic.
    hasher.finish().max(1)
}

fn remember(tracer: &Tracer, payload: &dyn Any) {
    let mark = mark(tracer, payload);
    let mut ring = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    // Once, and as the latest.
    ring.panics.iter_mut().filter(|known| **known == mark).for_each(|known| *known = 0);
    let next = ring.next;
    ring.panics[next] = mark;
    ring.next = (next + 1) % REMEMBERED;
}

/// Whether the agent's hook has reported this panic.
///
/// It may be caught several times on its way, so it stays remembered; the next one that is equal goes through the hook itself.
fn was_reported(tracer: &Tracer, payload: &dyn Any) -> bool {
    let mark = mark(tracer, payload);
    REPORTED.lock().unwrap_or_else(PoisonError::into_inner).panics.contains(&mark)
}
