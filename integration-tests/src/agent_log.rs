//! What a real agent says about itself, heard the way an application hears it: through `tracing`.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use elastic_apm::{Agent, AgentBuilder, LogLevel};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher};

use crate::PATIENCE;

/// The target of the agent's own lines.
const TARGET: &str = "elastic_apm";

/// Hears one agent's log. Keep it as long as the agent: lines that nobody hears go to standard error.
#[derive(Debug)]
pub struct AgentLog {
    dispatch: Dispatch,
    heard: Arc<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl AgentLog {
    /// A listener that has heard nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let heard = Arc::new(Heard::default());
        AgentLog { dispatch: Dispatch::new(Listener(Arc::clone(&heard))), heard }
    }

    /// Runs `build` so that the agent it builds is heard, for as long as its log says something at the start (`info` or more).
    pub fn hear<T>(&self, build: impl FnOnce() -> T) -> T {
        dispatcher::with_default(&self.dispatch, build)
    }

    /// Builds an agent that says everything down to `debug`, and is heard.
    pub fn build(&self, builder: AgentBuilder) -> Agent {
        self.hear(|| builder.log_level(LogLevel::Debug).build())
    }

    /// Makes such an agent the process's default.
    pub fn build_default(&self, builder: AgentBuilder) -> Agent {
        self.hear(|| builder.log_level(LogLevel::Debug).install())
    }

    /// The lines so far, each `LEVEL message`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.heard.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lines so far that an operator would see: above the start's own lines and the debug ones.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.lines()
            .into_iter()
            .filter(|line| line.starts_with("WARN") || line.starts_with("ERROR"))
            .collect()
    }

    /// Waits until a line contains `part`, and returns the lines so far.
    ///
    /// # Panics
    ///
    /// When no such line comes.
    #[track_caller]
    pub fn wait_for(&self, part: &str) -> Vec<String> {
        let lines = self.heard.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let (lines, _) = self
            .heard
            .more
            .wait_timeout_while(lines, PATIENCE, |lines| !lines.iter().any(|line| line.contains(part)))
            .unwrap_or_else(PoisonError::into_inner);
        assert!(lines.iter().any(|line| line.contains(part)), "no line with {part:?}: {lines:#?}");
        lines.clone()
    }
}

impl Default for AgentLog {
    fn default() -> Self {
        AgentLog::new()
    }
}

struct Listener(Arc<Heard>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let line = format!("{} {}", event.metadata().level(), message.0);
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        self.0.more.notify_all();
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
