//! A recording agent that checks what it recorded.

use std::ops::Deref;

use elastic_apm_core::AgentBuilder;
use elastic_apm_core::testing::{Events, RecordingAgent};

use crate::{policy, schema};

/// A [`RecordingAgent`] whose events are held against schemas and policies whenever they are looked at, and at the end.
#[derive(Debug, Default)]
pub struct CheckedAgent {
    agent: RecordingAgent,
}

impl CheckedAgent {
    /// An agent with default options.
    #[must_use]
    pub fn new() -> Self {
        CheckedAgent::default()
    }

    /// An agent whose options `configure` sets.
    #[must_use]
    pub fn with(configure: impl FnOnce(AgentBuilder) -> AgentBuilder) -> Self {
        CheckedAgent { agent: RecordingAgent::with(configure) }
    }

    /// Everything sent so far, checked.
    ///
    /// # Panics
    ///
    /// When an event violates a schema or a policy.
    #[must_use]
    #[track_caller]
    pub fn events(&self) -> Events {
        check(self.agent.events())
    }

    /// Everything that was sent, metrics included, after the agent was shut down; checked.
    ///
    /// # Panics
    ///
    /// When an event violates a schema or a policy.
    #[must_use]
    #[track_caller]
    pub fn all_events(&self) -> Events {
        check(self.agent.all_events())
    }
}

#[track_caller]
fn check(events: Events) -> Events {
    schema::check(&events.lines);
    policy::check(&events);
    events
}

impl Deref for CheckedAgent {
    type Target = RecordingAgent;

    fn deref(&self) -> &RecordingAgent {
        &self.agent
    }
}

impl Drop for CheckedAgent {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(self.events());
        }
    }
}
