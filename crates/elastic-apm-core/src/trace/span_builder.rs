//! Describes a span before it starts: name, type, labels, parent.
//!
//! A builder looks for its parent once, when it is made. Where nothing records it holds nothing, and its setters convert
//! nothing.

use std::time::SystemTime;

use elastic_apm_intake::{Keyword, LabelValue, ServiceTarget, SpanEvent, SpanLink};
use triomphe::UniqueArc;

use super::current::{self, Current, TaskContext};
use super::links;
use super::span::{Span, SpanScope};
use super::span_node::{SharedSpan, SpanNode};
use super::transaction_node::SharedTransaction;

/// Where a span will hang.
pub(crate) struct Parent {
    transaction: SharedTransaction,
    span: Option<SharedSpan>,
}

impl Parent {
    pub(crate) fn transaction(node: SharedTransaction) -> Self {
        Parent { transaction: node, span: None }
    }

    pub(crate) fn span(node: SharedSpan) -> Self {
        Parent { transaction: SharedTransaction::clone(&node.transaction), span: Some(node) }
    }
}

/// A span that has not started yet.
///
/// Start it as a handle ([`start`](Self::start)), current on this thread ([`enter`](Self::enter)), around a closure
/// ([`run_sync`](Self::run_sync)), or around a future with [`in_span`](crate::FutureExt::in_span).
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
    // The node itself, not shared yet: passing a builder along moves a pointer.
    draft: Option<UniqueArc<SpanNode>>,
}

impl SpanBuilder {
    /// A span below what is current.
    #[inline]
    pub(crate) fn below_current(name: impl Into<Keyword>) -> Self {
        SpanBuilder::named(draft_below_current(), name)
    }

    #[inline]
    pub(crate) fn below(parent: Option<Parent>, name: impl Into<Keyword>) -> Self {
        SpanBuilder::named(parent.map(|parent| draft(None, &parent.transaction, parent.span)), name)
    }

    #[inline]
    fn named(mut draft: Option<UniqueArc<SpanNode>>, name: impl Into<Keyword>) -> Self {
        if let Some(event) = draft.as_mut().and_then(|draft| draft.event()) {
            // Made where it stays.
            event.name = name.into();
        }
        SpanBuilder { draft }
    }

    #[inline]
    pub(crate) fn is_inert(&self) -> bool {
        self.draft.is_none()
    }

    /// Whether anything will be recorded.
    pub fn is_recording(&self) -> bool {
        self.draft.as_ref().is_some_and(|draft| !draft.over_limit)
    }

    /// The type. A dotted one is split: `db.postgresql.query` is type, subtype and action. Default `custom`.
    pub fn span_type(mut self, kind: impl Into<Keyword>) -> Self {
        if let Some(event) = self.timed() {
            set_kind(event, kind.into());
        }
        self
    }

    /// The subtype, such as `http` or `postgresql`.
    pub fn subtype(mut self, subtype: impl Into<Keyword>) -> Self {
        if let Some(event) = self.timed() {
            event.subtype = filled(subtype.into());
        }
        self
    }

    /// The action, such as `query`.
    pub fn action(mut self, action: impl Into<Keyword>) -> Self {
        if let Some(event) = self.recorded() {
            event.extra.get_or_insert_default().action = filled(action.into());
        }
        self
    }

    /// Says that the span is a call to another service: below it there is no other such span, and only spans of the same
    /// type and subtype.
    pub fn exit(mut self) -> Self {
        if let Some(draft) = &mut self.draft {
            draft.exit = true;
        }
        self
    }

    /// Says that the span is a call to another service ([`exit`](Self::exit)), and to which: such as `mysql` and `shop`.
    pub fn service_target(mut self, kind: impl Into<Keyword>, name: impl Into<Keyword>) -> Self {
        if let Some(event) = self.timed() {
            let target = ServiceTarget { kind: Some(kind.into()), name: Some(name.into()) };
            event.context.get_or_insert_default().service.get_or_insert_default().target = Some(target);
        }
        self.exit()
    }

    /// Says that the span stands for all that happens below it: spans opened there are not recorded and not counted as dropped.
    ///
    /// What would be current in them is this span: its id is sent on, and errors are its children.
    ///
    /// ```
    /// use elastic_apm_core::{capture_span, span, testing::RecordingAgent};
    ///
    /// let agent = RecordingAgent::new();
    /// {
    ///     let _transaction = agent.tracer().transaction("job", "script").begin();
    ///     let _whole = span("render").leaf().enter();
    ///     let _part = capture_span("render a line");
    /// }
    /// assert_eq!(agent.events().tree(), "transaction job [success]\n  span render [success]\n");
    /// ```
    pub fn leaf(mut self) -> Self {
        if let Some(draft) = &mut self.draft {
            draft.leaf = true;
        }
        self
    }

    /// Adds an indexed label. `.`, `*` and `"` in the key become `_`; the same key again replaces the value.
    // Where nothing records that shall cost no call.
    #[inline(always)]
    pub fn label(mut self, key: impl Into<Keyword>, value: impl Into<LabelValue>) -> Self {
        if !self.is_inert() {
            self.add_label(key, value);
        }
        self
    }

    /// Adds a label whose value is worked out only where it is recorded.
    pub fn label_with<V: Into<LabelValue>>(
        mut self,
        key: impl Into<Keyword>,
        value: impl FnOnce() -> V,
    ) -> Self {
        if let Some(event) = self.recorded() {
            event.labels.insert(key, value());
        }
        self
    }

    /// Links the span to a span or transaction, of another trace as a rule: its [`TraceParent`](crate::TraceParent) or a
    /// [`SpanLink`].
    ///
    /// Links keep their order. An event has 1,000 of them at most.
    pub fn link(mut self, link: impl Into<SpanLink>) -> Self {
        let mut is_added = true;
        if let Some(event) = self.recorded() {
            is_added = links::push(&mut event.extra.get_or_insert_default().links, link.into());
        }
        if let (false, Some(draft)) = (is_added, &self.draft) {
            links::explain(&draft.transaction.tracer);
        }
        self
    }

    /// The span started then, which may be before its transaction. A time in the future is taken as now.
    ///
    /// For work that is told of afterwards; with [`SpanRef::set_duration`](crate::SpanRef::set_duration) its end can be told too.
    pub fn start_time(mut self, start: SystemTime) -> Self {
        if let Some(draft) = &mut self.draft {
            draft.start_at(start);
        }
        self
    }

    /// Starts the span and returns its owner. It is not current anywhere.
    #[inline]
    pub fn start(self) -> Span {
        match self.draft.map(start) {
            Some(Ok(node)) => Span::new(node),
            Some(Err(_)) | None => Span::noop(),
        }
    }

    /// Starts the span; beside it the context to run in, which is that of its parent where there must be no span.
    pub(crate) fn start_with_context(self) -> (Span, TaskContext) {
        match self.draft.map(start) {
            Some(Ok(node)) => {
                let span = Span::new(node);
                let context = span.context();
                (span, context)
            }
            Some(Err(mut draft)) => (Span::noop(), TaskContext::new(Some(parent_of(&mut draft)))),
            None => (Span::noop(), TaskContext::empty()),
        }
    }

    /// Starts the span and makes it current on this thread until the scope is dropped.
    ///
    /// For synchronous code; around futures use [`in_span`](crate::FutureExt::in_span).
    #[inline]
    pub fn enter(self) -> SpanScope {
        SpanScope::new(self.start())
    }

    #[inline]
    fn add_label(&mut self, key: impl Into<Keyword>, value: impl Into<LabelValue>) {
        if let Some(event) = self.recorded() {
            event.labels.insert(key, value);
        }
    }

    /// The node to fill in, where anything is recorded or counted.
    #[inline]
    pub(super) fn draft(&mut self) -> Option<&mut SpanNode> {
        self.draft.as_deref_mut()
    }

    /// The event to fill in with what counts also for a span over the limit: whose time it is.
    #[inline]
    fn timed(&mut self) -> Option<&mut SpanEvent> {
        self.draft.as_mut()?.event()
    }

    /// The event to fill in. Expensive data is not collected for a span that is over the limit.
    #[inline]
    fn recorded(&mut self) -> Option<&mut SpanEvent> {
        let draft = self.draft.as_mut()?;
        if draft.over_limit { None } else { draft.event() }
    }
}

/// A span below what is current, if the transaction of that is sampled and it is no leaf.
#[inline]
fn draft_below_current() -> Option<UniqueArc<SpanNode>> {
    current::with(|current| match current {
        Current::Transaction(node) => node.sampled.then(|| draft(current::take_spare(), node, None)),
        Current::Span(node) => (!node.leaf)
            .then(|| draft(current::take_spare(), &node.transaction, Some(SharedSpan::clone(node)))),
    })
    .flatten()
}

fn draft(
    spare: Option<UniqueArc<SpanNode>>,
    transaction: &SharedTransaction,
    parent: Option<SharedSpan>,
) -> UniqueArc<SpanNode> {
    let below_leaf = parent.as_ref().is_some_and(|parent| parent.leaf);
    let mut node = SpanNode::draft(spare, transaction, parent);
    // It will never start, and asks for nothing that would be thrown away then.
    node.over_limit |= below_leaf;
    node
}

fn set_kind(event: &mut SpanEvent, kind: Keyword) {
    let mut parts = kind.splitn(3, '.');
    match (parts.next(), parts.next()) {
        (Some(first), Some(second)) => {
            event.kind = Keyword::copied(first);
            event.subtype = filled(Keyword::copied(second));
            if let Some(action) = parts.next().filter(|action| !action.is_empty()) {
                event.extra.get_or_insert_default().action = Some(Keyword::copied(action));
            }
        }
        _ => event.kind = kind,
    }
}

fn filled(text: Keyword) -> Option<Keyword> {
    (!text.is_empty()).then_some(text)
}

/// What the span would have been a child of.
fn parent_of(draft: &mut SpanNode) -> Current {
    match draft.parent() {
        Some(parent) => Current::Span(parent.clone()),
        None => Current::Transaction(SharedTransaction::clone(&draft.transaction)),
    }
}

/// The running span, or the draft back where the rules say that there must be no span.
fn start(mut node: UniqueArc<SpanNode>) -> Result<SharedSpan, UniqueArc<SpanNode>> {
    if let Some(event) = node.event() {
        if event.kind.is_empty() {
            event.kind = SpanNode::CUSTOM;
        }
        if event.name.is_empty() {
            event.name = SpanNode::UNNAMED;
        }
    }
    let mut is_call_over = false;
    if let Some(parent) = node.parent().cloned() {
        let within = within_call(&mut node, &parent);
        if parent.leaf || within == Within::Forbidden {
            return Err(node);
        }
        is_call_over = within == Within::Over;
    }
    node.start(is_call_over);
    attach_baggage(&mut node);
    Ok(node.shareable())
}

/// Shows what the transaction hands on.
#[inline]
fn attach_baggage(node: &mut SpanNode) {
    let attributes = node.transaction.baggage.attributes(&node.transaction.settings);
    if let Some(otel) = attributes.filter(|_| !node.over_limit) {
        if let Some(event) = node.event() {
            event.extra.get_or_insert_default().otel = Some(otel);
        }
    }
}

/// What a span may be within the call to another service that its parent is, or is a step of.
#[derive(PartialEq, Eq)]
enum Within {
    /// There is no such call, or it is another step of it.
    Allowed,
    /// There must be no such span.
    Forbidden,
    /// The parent has ended, and what starts now is no part of the call.
    Over,
}

/// One call, one exit span: an outer one stands for those that its client makes in turn. And what else happens below it under another
/// type is that service's to tell.
fn within_call(node: &mut SpanNode, parent: &SharedSpan) -> Within {
    if !parent.in_call {
        return Within::Allowed;
    }
    let is_exit = node.exit;
    let Some(event) = node.event() else { return Within::Allowed };
    match parent.read(|above| above.kind == event.kind && above.subtype == event.subtype) {
        Some(is_same_kind) if is_same_kind && !is_exit => Within::Allowed,
        Some(_) => Within::Forbidden,
        None => Within::Over,
    }
}
