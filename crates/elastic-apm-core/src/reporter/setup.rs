//! What the reporter works with: made once, and kept where a panic of its thread does not reach.

use std::sync::Arc;
use std::time::Duration;

use elastic_apm_intake::Metadata;
use tokio::sync::mpsc::UnboundedReceiver;

use super::control::Control;
use super::filters::Filters;
use super::launch::Launch;
use crate::config::{Dynamic, Settings};
use crate::log::AgentLog;
use crate::metadata::{Framework, HostLookup};
use crate::queue::Queue;
use crate::stats::DropReason;
use crate::transport::Transport;

/// What the reporter needs to know, and what it must not forget.
pub(super) struct Setup {
    pub(super) queue: Arc<Queue>,
    pub(super) control: UnboundedReceiver<Control>,
    /// A request that was received and not looked at yet.
    pub(super) unheard: Option<Control>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) filters: Filters,
    pub(super) settings: Dynamic,
    /// The settings of this process, before the server has its say.
    pub(super) local: Arc<Settings>,
    /// Whether the server is asked for its say.
    pub(super) central_config: bool,
    pub(super) log: AgentLog,
    /// What opens every request.
    pub(super) metadata: Metadata,
    /// Where an integration says which framework it serves.
    pub(super) framework: Framework,
    /// How the full name of the machine is found; nobody once it was.
    pub(super) host_lookup: HostLookup,
    /// The time between two reports of metrics; zero for none.
    pub(super) metrics_interval: Duration,
    /// Events taken from the queue whose fate has not been counted.
    pub(super) in_hand: u64,
    /// The agent was shut down: what is left is sent, nothing new is taken.
    pub(super) stopping: bool,
}

impl Setup {
    /// What the reporter of a process works with.
    pub(super) fn new(
        launch: &Launch,
        metadata: Metadata,
        queue: Arc<Queue>,
        control: UnboundedReceiver<Control>,
    ) -> Self {
        let config = &launch.config;
        Setup {
            queue,
            control,
            unheard: None,
            transport: Arc::clone(&launch.transport),
            filters: launch.filters.clone(),
            settings: launch.settings.clone(),
            local: Arc::clone(&config.settings),
            central_config: config.central_config,
            log: launch.log.clone(),
            metadata,
            framework: launch.framework.clone(),
            host_lookup: launch.host_lookup,
            metrics_interval: config.metrics_interval,
            in_hand: 0,
            stopping: false,
        }
    }

    /// Counts the fate of events: `sent` arrived, `lost` did not for `reason`.
    pub(super) fn settle(&mut self, sent: u64, reason: DropReason, lost: u64) {
        self.queue.counters.sent(sent);
        self.queue.counters.drop_events(reason, lost);
        self.in_hand = self.in_hand.saturating_sub(sent + lost);
    }

    /// Takes no further event.
    pub(super) fn stop(&mut self) {
        self.queue.close();
        self.stopping = true;
    }

    /// Gives up what is in hand, for `reason`; returns how many these were.
    pub(super) fn lose_in_hand(&mut self, reason: DropReason) -> u64 {
        let in_hand = self.in_hand;
        self.settle(0, reason, in_hand);
        in_hand
    }

    /// Gives up what is in hand, for `reason`, and what waits in the queue; returns how many these were.
    pub(super) fn abandon(&mut self, reason: DropReason) -> u64 {
        self.lose_in_hand(reason) + self.queue.abandon()
    }
}
