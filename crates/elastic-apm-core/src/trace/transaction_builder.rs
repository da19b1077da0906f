//! Describes a transaction before it starts: name, type, parent, start time, links.

use std::sync::Arc;
use std::time::SystemTime;

use elastic_apm_intake::{Keyword, LabelValue, Labels, SpanLink};

use super::baggage::CarriedBaggage;
use super::continuation;
use super::links;
use super::naming;
use super::random;
use super::run::Run;
use super::sampler::Sampling;
use super::tracer::Tracer;
use super::transaction::Transaction;
use super::transaction_node::{SharedTransaction, TransactionBody, TransactionIdentity, TransactionNode};
use super::transaction_scope::TransactionScope;
use crate::captured::KeptRequest;
use crate::clock::Timebase;
use crate::config::Settings;
use crate::propagation::{Baggage, HeaderSource, TraceContext, TraceParent};
use crate::record::TransactionRecord;

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
    parent: Option<TraceContext>,
    start: Option<SystemTime>,
    links: Vec<SpanLink>,
    labels: Labels,
    baggage: Baggage,
}

impl TransactionOptions {
    /// Options of a transaction of this type; an empty type becomes `custom`.
    pub fn new(kind: impl Into<Keyword>) -> Self {
        TransactionOptions { kind: kind.into(), ..TransactionOptions::default() }
    }

    /// Continues the caller's trace. `None`, as bad headers give it, starts a new one.
    pub fn child_of(mut self, parent: impl Into<Option<TraceContext>>) -> Self {
        self.parent = parent.into();
        if let Some(parent) = &self.parent {
            self.baggage = parent.baggage().clone();
        }
        self
    }

    /// What the transaction hands on to those it calls, instead of what its caller handed on.
    ///
    /// [`child_of`](Self::child_of) takes the caller's along; a caller that sends baggage and no trace is read with
    /// [`Baggage::from_headers`].
    pub fn baggage(mut self, baggage: Baggage) -> Self {
        self.baggage = baggage;
        self
    }

    /// The transaction started then. A time in the future is taken as now.
    pub fn start_time(mut self, start: SystemTime) -> Self {
        self.start = Some(start);
        self
    }

    /// Links the transaction to spans or transactions, of other traces as a rule, in order: their [`TraceParent`]s,
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

    /// Continues the trace that these headers carry, and hands on their baggage. What is malformed is explained in the log.
    pub(super) fn take_headers(&mut self, headers: &(impl HeaderSource + ?Sized), tracer: &Tracer) {
        let read = TraceContext::read(headers);
        if let Err(error) = &read {
            tracer.debug(format_args!("{error}: it is ignored, and a new trace starts"));
        }
        self.parent = read.ok().flatten();
        self.baggage = match &self.parent {
            Some(parent) => parent.baggage().clone(),
            None => Baggage::from_headers(headers),
        };
    }

    /// Starts a transaction under settings that record. `capture` fills in the request that the transaction stands for, if it does, and
    /// is asked only where it is sampled.
    pub(super) fn start(
        mut self,
        tracer: Tracer,
        settings: Arc<Settings>,
        name: Option<Keyword>,
        capture: impl FnOnce(&Settings, &mut Option<KeptRequest>),
    ) -> Transaction {
        let (parent, link) = continuation::decide(settings.trace_continuation_strategy, self.parent);
        if let Some(link) = link {
            links::push(&mut self.links, link);
        }
        let sampling = match &parent {
            Some(parent) => Sampling::of_child(parent),
            None => Sampling::of_root(settings.transaction_sample_rate),
        };
        // Without events there are no details; others are told what was decided all the same.
        let sampled = sampling.sampled && !settings.context_propagation_only;
        let is_reported = TransactionNode::is_wanted(sampled, &settings);
        let identity = TransactionIdentity {
            traceparent: match &parent {
                Some(parent) => parent.traceparent().with_parent(random::span_id()),
                None => {
                    let (trace_id, id) = random::root_ids();
                    TraceParent::new(trace_id, id, sampling.sampled)
                }
            },
            parent_id: parent.as_ref().map(|parent| parent.traceparent().parent_id()),
            sampled,
            sample_rate: sampling.rate,
            tracestate: sampling.tracestate,
            baggage: CarriedBaggage::new(self.baggage),
            timebase: match self.start {
                _ if !is_reported => Timebase::of_nothing(),
                Some(start) => Timebase::starting_at(start),
                None => Timebase::now(),
            },
        };
        let name = name.map(|name| naming::grouped(name, &settings));
        let kind = if self.kind.is_empty() { Keyword::from_static("custom") } else { self.kind };
        let mut body = TransactionBody { name, kind, ..TransactionBody::default() };
        if is_reported {
            // Filled where it is: it is more than half a kilobyte.
            let record = body.record.insert(Box::<TransactionRecord>::default());
            record.event.links = self.links;
            if sampled {
                record.event.labels = self.labels;
                capture(&settings, &mut record.request);
                if let Some(otel) = identity.baggage.attributes(&settings) {
                    record.event.extra.get_or_insert_default().otel = Some(otel);
                }
            }
        }
        Transaction::new(SharedTransaction::new(TransactionNode::new(tracer, settings, identity, body)))
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
        self.options.take_headers(headers, &self.tracer);
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
        match tracer.settings().filter(|settings| settings.recording) {
            Some(settings) => options.start(tracer, settings, name, |_, _| {}),
            None => Transaction::noop(),
        }
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
