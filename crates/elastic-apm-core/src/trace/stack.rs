//! When a stack is captured: the settings' word, on the application's thread.

use super::error::in_sight;
use crate::captured::CapturedStack;
use crate::config::Settings;

impl CapturedStack {
    /// The stack of this thread, as far as `stack_trace_limit` says for what is current or else for the default agent. `None` where
    /// nothing is recorded.
    pub fn here() -> Option<Self> {
        let place = in_sight();
        place.settings().filter(|_| place.is_recording()).and_then(|settings| of_error(&settings))
    }
}

/// The stack of an error that is captured here.
pub(crate) fn of_error(settings: &Settings) -> Option<CapturedStack> {
    CapturedStack::capture(settings.stack_trace_limit.frames())
}

/// The stack of a span that ends here, if it took enough milliseconds.
#[inline]
pub(crate) fn of_span(settings: &Settings, millis: f64) -> Option<CapturedStack> {
    if settings.span_stack_trace_min_duration.is_reached(millis) { of_error(settings) } else { None }
}
