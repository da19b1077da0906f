//! Describes a span before it starts: name, type, labels, parent.
//!
//! A builder looks for its parent once, when it is made. Where nothing records it holds nothing, and its setters convert
//! nothing.

use std::sync::Arc;
use std::time::Instant;

use elastic_apm_intake::{Keyword, LabelValue, SpanEvent, SpanExtra, SpanLink};

use super::current::{self, Current};
use super::node::{SpanNode, TransactionNode};
use super::random;
use super::span::{Span, SpanScope};

/// Where a span will hang.
pub(crate) struct Parent {
    transaction: Arc<TransactionNode>,
    span: Option<Arc<SpanNode>>,
}

impl Parent {
    pub(crate) fn transaction(node: Arc<TransactionNode>) -> Self {
        Parent { transaction: node, span: None }
    }

    pub(crate) fn span(node: Arc<SpanNode>) -> Self {
        Parent { transaction: Arc::clone(&node.transaction), span: Some(node) }
    }

    /// What is current, if its transaction is sampled.
    #[inline]
    pub(crate) fn current() -> Option<Self> {
        current::with(|current| match current {
            Current::Transaction(node) => node.sampled.then(|| Parent::transaction(Arc::clone(node))),
            Current::Span(node) => Some(Parent::span(Arc::clone(node))),
        })
        .flatten()
    }
}

/// A span that has not started yet.
///
/// Start it as a handle ([`start`](Self::start)), current on this thread ([`enter`](Self::enter)), or around a future with
/// [`in_span`](crate::FutureExt::in_span).
///
/// Without a current sampled transaction it is inert: no setter evaluates its argument's conversion and nothing is recorded.
///
/// ```
/// use elastic_apm_core::{span, testing::RecordingAgent};
///
/// let agent = RecordingAgent::new();
/// {
///     let _tx = agent.tracer().begin_transaction("script");
///     let _span = span("SELECT FROM users").span_type("db.postgresql.query").label("shard", 3).enter();
/// }
/// let spans = agent.events().spans;
/// assert_eq!((spans[0].kind.as_str(), spans[0].subtype.as_deref()), ("db", Some("postgresql")));
/// ```
#[must_use = "nothing starts until start, enter or in_span is called"]
pub struct SpanBuilder {
    draft: Option<Draft>,
}

struct Draft {
    parent: Parent,
    exit: bool,
    over_limit: bool,
    event: SpanEvent,
}

impl SpanBuilder {
    /// A span below what is current.
    #[inline]
    pub(crate) fn below_current(name: impl Into<Keyword>) -> Self {
        SpanBuilder::below(Parent::current(), name)
    }

    #[inline]
    pub(crate) fn below(parent: Option<Parent>, name: impl Into<Keyword>) -> Self {
        SpanBuilder { draft: parent.map(|parent| Draft::new(parent, name.into())) }
    }

    /// A builder that starts nothing.
    pub(crate) fn inert() -> Self {
        SpanBuilder { draft: None }
    }

    pub(crate) fn is_inert(&self) -> bool {
        self.draft.is_none()
    }

    /// Whether anything will be recorded.
    pub fn is_recording(&self) -> bool {
        self.draft.as_ref().is_some_and(|draft| !draft.over_limit)
    }

    /// The type. A dotted one is split: `db.postgresql.query` is type, subtype and action. Default `custom`.
    pub fn span_type(mut self, kind: impl Into<Keyword>) -> Self {
        if let Some(draft) = self.recorded() {
            draft.set_kind(kind.into());
        }
        self
    }

    /// The subtype, such as `http` or `postgresql`.
    pub fn subtype(mut self, subtype: impl Into<Keyword>) -> Self {
        if let Some(draft) = self.recorded() {
            draft.event.subtype = Some(subtype.into());
        }
        self
    }

    /// The action, such as `query`.
    pub fn action(mut self, action: impl Into<Keyword>) -> Self {
        if let Some(draft) = self.recorded() {
            draft.extra().action = Some(action.into());
        }
        self
    }

    /// Says that the span is a call to another service: only spans of the same type and subtype may be below it.
    pub fn exit(mut self) -> Self {
        if let Some(draft) = &mut self.draft {
            draft.exit = true;
        }
        self
    }

    /// Adds an indexed label. `.`, `*` and `"` in the key become `_`; the same key again replaces the value.
    #[inline]
    pub fn label(mut self, key: impl Into<Keyword>, value: impl Into<LabelValue>) -> Self {
        if let Some(draft) = self.recorded() {
            draft.event.labels.insert(key.into(), value.into());
        }
        self
    }

    /// Adds a label whose value is worked out only where it is recorded.
    pub fn label_with<V: Into<LabelValue>>(mut self, key: impl Into<Keyword>, value: impl FnOnce() -> V) -> Self {
        if let Some(draft) = self.recorded() {
            draft.event.labels.insert(key.into(), value().into());
        }
        self
    }

    /// Links the span to a span of another trace.
    pub fn link(mut self, link: SpanLink) -> Self {
        if let Some(draft) = self.recorded() {
            draft.extra().links.push(link);
        }
        self
    }

    /// Starts the span and returns its owner. It is not current anywhere.
    pub fn start(self) -> Span {
        match self.draft.and_then(Draft::start) {
            Some(node) => Span::new(node),
            None => Span::noop(),
        }
    }

    /// Starts the span and makes it current on this thread until the scope is dropped.
    ///
    /// For synchronous code; around futures use [`in_span`](crate::FutureExt::in_span).
    pub fn enter(self) -> SpanScope {
        SpanScope::new(self.start())
    }

    /// Expensive data is not collected for a span that is over the limit.
    #[inline]
    fn recorded(&mut self) -> Option<&mut Draft> {
        self.draft.as_mut().filter(|draft| !draft.over_limit)
    }
}

impl Draft {
    fn new(parent: Parent, name: Keyword) -> Self {
        let transaction = &parent.transaction;
        let event = SpanEvent {
            id: random::span_id(),
            trace_id: transaction.trace_id,
            parent_id: parent.span.as_ref().map_or(transaction.id, |span| span.id),
            transaction_id: Some(transaction.id),
            name,
            sample_rate: transaction.sample_rate,
            ..SpanEvent::default()
        };
        Draft { over_limit: transaction.is_span_limit_reached(), parent, exit: false, event }
    }

    fn set_kind(&mut self, kind: Keyword) {
        let mut parts = kind.splitn(3, '.');
        match (parts.next(), parts.next()) {
            (Some(first), Some(second)) => {
                let action = parts.next().map(Keyword::copied);
                self.event.kind = Keyword::copied(first);
                self.event.subtype = Some(Keyword::copied(second));
                if action.is_some() {
                    self.extra().action = action;
                }
            }
            _ => self.event.kind = kind,
        }
    }

    fn extra(&mut self) -> &mut SpanExtra {
        self.event.extra.get_or_insert_default()
    }

    /// The running span, or `None` where the rules say that there must not be one.
    fn start(mut self) -> Option<Arc<SpanNode>> {
        if self.event.kind.is_empty() {
            self.event.kind = Keyword::from_static("custom");
        }
        if self.event.name.is_empty() {
            self.event.name = Keyword::from_static("unnamed");
        }
        if self.parent.span.as_deref().is_some_and(|parent| forbids(parent, &self.event)) {
            return None;
        }
        let start = Instant::now();
        self.event.timestamp = self.parent.transaction.timebase.epoch_micros(start);
        let Parent { transaction, span } = self.parent;
        Some(Arc::new(SpanNode::new(transaction, span, start, self.exit, self.over_limit, self.event)))
    }
}

/// Whether `parent` is an exit span of another type or subtype: what happens below a call to another service is that
/// service's to tell.
fn forbids(parent: &SpanNode, child: &SpanEvent) -> bool {
    parent.exit
        && parent.read(|body| body.event.kind != child.kind || body.event.subtype != child.subtype).unwrap_or(false)
}
