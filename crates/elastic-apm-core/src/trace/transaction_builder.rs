//! Describes a transaction before it starts: name, type, parent, start time, links.

use std::time::SystemTime;

use elastic_apm_intake::{Keyword, LabelValue, Labels, SpanLink};

use super::links;
use super::origin::Origin;
use super::run::Run;
use super::tracer::Tracer;
use super::transaction::Transaction;
use super::transaction_scope::TransactionScope;
use crate::propagation::{Baggage, HeaderSource, TraceContext};

/// The type of a transaction, and what else can be said when it begins.
///
/// A plain string is its type: `begin_transaction("script")`. Python's `trace_parent=` has this form:
///
/// ```
/// use elastic_apm_core::{TraceContext, Tracer, TransactionOptions};
///
/// let parent = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").ok();
/// let options = TransactionOptions::new("script").child_of(parent);
/// let scope = Tracer::noop().begin_transaction(options);
/// # drop(scope);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TransactionOptions {
    kind: Keyword,
    origin: Origin,
    links: Vec<SpanLink>,
    labels: Labels,
}

impl TransactionOptions {
    /// Options of a transaction of this type; an empty type becomes `custom`.
    pub fn new(kind: impl Into<Keyword>) -> Self {
        TransactionOptions { kind: kind.into(), ..TransactionOptions::default() }
    }

    /// Continues the caller's trace. `None`, as bad headers give it, starts a new one.
    pub fn child_of(mut self, parent: impl Into<Option<TraceContext>>) -> Self {
        self.origin.caller = parent.into();
        if let Some(caller) = &self.origin.caller {
            self.origin.baggage = caller.baggage().clone();
        }
        self
    }

    /// What the transaction hands on to those it calls, instead of what its caller handed on.
    ///
    /// [`child_of`](Self::child_of) takes the caller's along; a caller that sends baggage and no trace is read with
    /// [`Baggage::from_headers`].
    pub fn baggage(mut self, baggage: Baggage) -> Self {
        self.origin.baggage = baggage;
        self
    }

    /// The transaction started then. A time in the future is taken as now.
    pub fn start_time(mut self, start: SystemTime) -> Self {
        self.origin.start = Some(start);
        self
    }

    /// Links the transaction to spans or transactions, of other traces as a rule, in order: their [`TraceParent`](crate::TraceParent)s,
    /// [`TraceContext`]s or [`SpanLink`]s.
    ///
    /// For a batch of messages, each from a trace of its own. An event has 1,000 links at most.
    ///
    /// ```
    /// # use elastic_apm_core as elastic_apm;
    /// use elastic_apm::{TraceContext, TransactionOptions};
    ///
    /// let batch: Vec<http::HeaderMap> = Vec::new();
    /// let senders = batch.iter().filter_map(TraceContext::from_headers);
    /// let options = TransactionOptions::new("messaging").links(senders);
    /// # drop(options);
    /// ```
    pub fn links(mut self, all: impl IntoIterator<Item = impl Into<SpanLink>>) -> Self {
        for link in all {
            if !links::push(&mut self.links, link.into()) {
                break;
            }
        }
        self
    }

    /// Adds a label.
    #[inline]
    pub fn label(mut self, key: impl Into<Keyword>, value: impl Into<LabelValue>) -> Self {
        self.labels.insert(key, value);
        self
    }
}

impl From<&'static str> for TransactionOptions {
    fn from(kind: &'static str) -> Self {
        TransactionOptions::new(kind)
    }
}

impl From<String> for TransactionOptions {
    fn from(kind: String) -> Self {
        TransactionOptions::new(kind)
    }
}

/// A transaction that has not started yet.
///
/// Start it as a plain handle ([`start`](Self::start)), current on this thread ([`begin`](Self::begin)), around a future
/// ([`run`](Self::run), [`try_run`](Self::try_run)), or around a closure ([`run_sync`](Self::run_sync),
/// [`try_run_sync`](Self::try_run_sync)).
#[must_use = "nothing starts until one of start, begin, run or run_sync is called"]
pub struct TransactionBuilder {
    tracer: Tracer,
    name: Option<Keyword>,
    options: TransactionOptions,
}

impl TransactionBuilder {
    pub(crate) fn new(tracer: Tracer, name: Option<Keyword>, options: TransactionOptions) -> Self {
        TransactionBuilder { tracer, name, options }
    }

    /// Continues the trace that these headers carry. Where they carry none that is valid a new one starts; a debug line of the
    /// agent's log says so.
    ///
    /// Baggage is taken along in either case.
    pub fn child_of_headers(mut self, headers: &(impl HeaderSource + ?Sized)) -> Self {
        self.options.origin.take_headers(headers, &self.tracer);
        self
    }

    /// Continues the caller's trace. `None`, as bad headers give it, starts a new one.
    pub fn child_of(mut self, parent: impl Into<Option<TraceContext>>) -> Self {
        self.options = self.options.child_of(parent);
        self
    }

    /// What the transaction hands on to those it calls, instead of what its caller handed on.
    pub fn baggage(mut self, baggage: Baggage) -> Self {
        self.options = self.options.baggage(baggage);
        self
    }

    /// The transaction started then. A time in the future is taken as now.
    pub fn start_time(mut self, start: SystemTime) -> Self {
        self.options = self.options.start_time(start);
        self
    }

    /// Links the transaction to spans or transactions, of other traces as a rule, in order. An event has 1,000 links at most.
    pub fn links(mut self, links: impl IntoIterator<Item = impl Into<SpanLink>>) -> Self {
        self.options = self.options.links(links);
        self
    }

    /// Adds a label.
    #[inline]
    pub fn label(mut self, key: impl Into<Keyword>, value: impl Into<LabelValue>) -> Self {
        self.options.labels.insert(key, value);
        self
    }

    /// Adds a label whose value is worked out only where the agent records.
    pub fn label_with<V: Into<LabelValue>>(self, key: impl Into<Keyword>, value: impl FnOnce() -> V) -> Self {
        if self.tracer.reports() { self.label(key, value()) } else { self }
    }

    /// Starts the transaction and returns its owner. It is not current anywhere: for integrations, and for work whose end
    /// is not where its start is.
    pub fn start(self) -> Transaction {
        let TransactionBuilder { tracer, name, options } = self;
        let Some(settings) = tracer.settings().filter(|settings| settings.recording) else {
            return Transaction::noop();
        };
        let TransactionOptions { kind, origin, links, labels } = options;
        let kind = if kind.is_empty() { Keyword::from_static("custom") } else { kind };
        origin.start(tracer, settings, name, kind, |record, _, sampled| {
            record.event.links = links;
            if sampled {
                record.event.labels = labels;
            }
        })
    }

    /// Starts the transaction and makes it current on this thread until the scope is dropped.
    ///
    /// For synchronous code. In async code use [`run`](Self::run): a scope held over an `.await` is seen by unrelated
    /// tasks that are polled on the same thread meanwhile.
    pub fn begin(self) -> TransactionScope {
        TransactionScope::new(self.start())
    }

    /// Runs `future` inside the transaction, which starts at the first poll and ends with the future.
    ///
    /// A panic makes it a failure and is passed on; a future dropped midway ends with result `cancelled` and outcome `unknown`.
    pub fn run<F: Future>(self, future: F) -> Run<F> {
        self.run_with(future, |_| true)
    }

    /// Like [`run`](Self::run), and an `Err` makes it a failure. Results are `success` and `failure` unless set.
    pub fn try_run<F, T, E>(self, future: F) -> Run<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.run_with(future, Result::is_ok)
    }

    /// Like [`run`](Self::run); `succeeded` is shown the output inside the transaction, and its `false` makes it a failure.
    ///
    /// Results are `success` and `failure` unless set. It is asked also where nothing is recorded.
    pub fn run_with<F: Future>(self, future: F, succeeded: fn(&F::Output) -> bool) -> Run<F> {
        Run::new(self, future, succeeded)
    }
}
