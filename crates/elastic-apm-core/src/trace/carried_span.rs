//! The span that a future or a stream carries: described, started by the first poll, entered for each, ended with it.

use elastic_apm_intake::Outcome;

use super::current::{self, EnteredContext, TaskContext};
use super::span::Span;
use super::span_builder::SpanBuilder;

/// Where the span of a wrapper is in its life. `D` describes it.
pub(crate) enum CarriedSpan<D> {
    /// Nothing was current when the wrapper was made: the first poll looks again, so that the order in which a transaction and
    /// its work are put together does not matter.
    Undecided(D),
    Described(SpanBuilder),
    Running {
        context: TaskContext,
        span: Span,
        panicked: bool,
    },
    /// Nothing is current: polls cost nothing.
    Bare,
    Done,
}

impl<D: Into<SpanBuilder>> CarriedSpan<D> {
    /// Takes the parent from what is current now, if anything is.
    pub(crate) fn new(description: D) -> Self {
        if !current::is_set() {
            return CarriedSpan::Undecided(description);
        }
        let builder = description.into();
        if builder.is_inert() {
            // Unsampled, or below a leaf: no span, but what is current travels on, also to another task.
            CarriedSpan::running(Span::noop(), TaskContext::current())
        } else {
            CarriedSpan::Described(builder)
        }
    }

    fn running(span: Span, context: TaskContext) -> Self {
        CarriedSpan::Running { context, span, panicked: false }
    }

    /// Begins a poll, the first of which starts the span. `None` where there is nothing to enter.
    #[inline]
    pub(crate) fn poll(&mut self) -> Option<Polling<'_>> {
        if matches!(self, CarriedSpan::Undecided(_) | CarriedSpan::Described(_)) {
            self.start();
        }
        let CarriedSpan::Running { context, span, panicked } = self else { return None };
        Some(Polling { span, panicked, is_over: false, _entered: context.enter() })
    }

    fn start(&mut self) {
        let builder = match std::mem::replace(self, CarriedSpan::Bare) {
            CarriedSpan::Undecided(description) => description.into(),
            CarriedSpan::Described(builder) => builder,
            CarriedSpan::Running { .. } | CarriedSpan::Bare | CarriedSpan::Done => return,
        };
        if !builder.is_inert() {
            let (span, context) = builder.start_with_context();
            *self = CarriedSpan::running(span, context);
        }
    }
}

impl<D> CarriedSpan<D> {
    /// Ends the span: the work is done.
    pub(crate) fn end(&mut self) {
        *self = CarriedSpan::Done;
    }

    /// Cleans up what is dropped before it is done. What the work owns is dropped inside its context: clean-up code issues
    /// queries too.
    pub(crate) fn abandon(&mut self, clean_up: impl FnOnce()) {
        let CarriedSpan::Running { context, span, panicked } = self else { return };
        let _entered = context.enter();
        clean_up();
        if !*panicked {
            span.set_protocol_outcome(if span.is_exit() { Outcome::Failure } else { Outcome::Unknown });
        }
    }
}

/// One poll inside the span. Dropped before it is [`over`](Self::over), by a panic, it makes the span a failure.
pub(crate) struct Polling<'a> {
    span: &'a Span,
    panicked: &'a mut bool,
    is_over: bool,
    _entered: EnteredContext<'a>,
}

impl Polling<'_> {
    /// Marks the span as failed.
    pub(crate) fn failed(&self) {
        self.span.set_failed();
    }

    /// Ends the poll.
    #[inline]
    pub(crate) fn over(mut self) {
        self.is_over = true;
    }
}

impl Drop for Polling<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_over {
            *self.panicked = true;
            self.span.set_failed();
        }
    }
}
