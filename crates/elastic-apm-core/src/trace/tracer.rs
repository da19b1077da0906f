//! The cheap handle every integration takes: starts transactions and hands finished events to the queue.
//!
//! Knows settings, queue and log; owns no thread and never flushes. That is the `Agent`'s.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use elastic_apm_intake::{Keyword, SpanId};

use super::current;
use super::transaction_builder::{TransactionBuilder, TransactionOptions};
use super::transaction_node::{SharedTransaction, TransactionNode};
use super::transaction_scope::TransactionScope;
use crate::config::{Dynamic, Settings};
use crate::log::AgentLog;
use crate::metadata::Framework;
use crate::own_thread;
use crate::queue::{HandOff, Queue};
use crate::record::Record;

/// Starts transactions. Cheap to clone; `Send` and `Sync`.
///
/// It comes from an [`Agent`](crate::Agent), or is [`Tracer::noop`]. A tracer may outlive its agent: what it
/// records then is counted as dropped (`after_shutdown`).
///
/// ```
/// let agent = elastic_apm_core::Agent::builder().without_env().enabled(false).build();
/// let tracer = agent.tracer();
/// assert!(!tracer.is_recording());
/// ```
#[derive(Clone)]
pub struct Tracer {
    shared: Option<Arc<Shared>>,
}

struct Shared {
    settings: Dynamic,
    hand_off: Arc<dyn HandOff>,
    log: AgentLog,
    instruments: bool,
    framework: Framework,
}

/// How many tracers of agents there are, clones not counted.
static TRACERS: AtomicUsize = AtomicUsize::new(0);

impl Drop for Shared {
    fn drop(&mut self) {
        TRACERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether any transaction of this process could record: no agent, or only disabled ones, and there is no need to prepare for one.
///
/// For what the attribute macros expand to.
#[doc(hidden)]
pub fn may_record() -> bool {
    TRACERS.load(Ordering::Relaxed) > 0
}

impl Tracer {
    pub(crate) fn new(
        settings: Dynamic,
        hand_off: Arc<dyn HandOff>,
        log: AgentLog,
        instruments: bool,
        framework: Framework,
    ) -> Self {
        TRACERS.fetch_add(1, Ordering::Relaxed);
        Tracer { shared: Some(Arc::new(Shared { settings, hand_off, log, instruments, framework })) }
    }

    /// A tracer that records nothing; every call on what it starts is a cheap no-op.
    pub fn noop() -> Self {
        Tracer { shared: None }
    }

    /// Whether integrations are to do anything: the agent is enabled and its `instrument` option is on. For authors of integrations.
    pub fn is_instrumenting(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.instruments)
    }

    /// Says with which framework the service is made, such as `axum` and `0.8`. For authors of integrations.
    ///
    /// The first word counts, and the options `framework_name` and `framework_version` over it; to say it again costs next to nothing.
    pub fn set_framework(&self, name: &'static str, version: &'static str) {
        if let Some(shared) = &self.shared {
            shared.framework.say(name, version);
        }
    }

    /// Whether transactions start now: the agent is enabled and its `recording` option is on. Never on an agent's own thread, where
    /// filters and transports run.
    pub fn is_recording(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.settings.load().recording)
            && !own_thread::is_current()
    }

    /// Whether what happens now outside of a transaction leaves events behind.
    pub(crate) fn reports(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.settings.load().reports())
            && !own_thread::is_current()
    }

    /// Names a transaction that is about to start. See [`TransactionBuilder`] for the ways to run it.
    pub fn transaction(
        &self,
        name: impl Into<Keyword>,
        options: impl Into<TransactionOptions>,
    ) -> TransactionBuilder {
        TransactionBuilder::new(self.clone(), Some(name.into()), options.into())
    }

    /// A transaction that gets its name later. For authors of integrations.
    pub fn unnamed_transaction(&self, options: impl Into<TransactionOptions>) -> TransactionBuilder {
        TransactionBuilder::new(self.clone(), None, options.into())
    }

    /// Starts a transaction and makes it current on this thread until the returned scope is dropped.
    ///
    /// Takes a type (`"script"`), or [`TransactionOptions`] with a parent. It gets its name when it ends.
    pub fn begin_transaction(&self, options: impl Into<TransactionOptions>) -> TransactionScope {
        self.unnamed_transaction(options).begin()
    }

    /// Ends this thread's current transaction if it is one of this tracer, and returns its id.
    ///
    /// `name` and `result` fill only what is unset. Spans still open stay legal; the later drop of the scope does nothing.
    /// `None` where no transaction of this tracer is current.
    pub fn end_transaction(&self, name: impl Into<Keyword>, result: impl Into<Keyword>) -> Option<SpanId> {
        let node = current::with(|current| SharedTransaction::clone(current.transaction()));
        let node = node.filter(|node| self.is_same(&node.tracer) && !node.is_ended());
        let Some(mut node) = node else {
            self.debug(format_args!(
                "end_transaction ignored: no running transaction of this agent is current"
            ));
            return None;
        };
        let (name, result) = (name.into(), result.into());
        node.set_name_if_unset("end_transaction", name);
        node.record("end_transaction", |record| {
            record.event.result.get_or_insert(result);
        });
        TransactionNode::end(&mut node);
        current::clear_transaction(&node);
        Some(node.id)
    }

    pub(crate) fn settings(&self) -> Option<Arc<Settings>> {
        self.shared.as_ref().filter(|_| !own_thread::is_current()).map(|shared| shared.settings.snapshot())
    }

    pub(crate) fn submit(&self, record: Record) {
        if let Some(queue) = self.queue() {
            queue.push(record);
        }
    }

    /// Where finished events go.
    #[inline]
    pub(crate) fn queue(&self) -> Option<&Queue> {
        self.shared.as_ref().map(|shared| shared.hand_off.queue())
    }

    /// Explains a detail in the agent's log.
    pub(crate) fn debug(&self, message: std::fmt::Arguments<'_>) {
        if let Some(shared) = &self.shared {
            shared.log.debug(message);
        }
    }

    /// Warns in the agent's log.
    pub(crate) fn warn(&self, message: std::fmt::Arguments<'_>) {
        if let Some(shared) = &self.shared {
            shared.log.warn(message);
        }
    }

    /// A number that no other tracer has meanwhile; 0 for one that records nothing.
    pub(crate) fn key(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| Arc::as_ptr(shared) as usize)
    }

    pub(crate) fn is_same(&self, other: &Tracer) -> bool {
        match (&self.shared, &other.shared) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracer").field("recording", &self.is_recording()).finish()
    }
}
