//! What the reporter works with: made once, and kept where a panic of its thread does not reach.

use std::sync::Arc;
use std::time::Duration;

use elastic_apm_intake::Metadata;
use tokio::sync::mpsc::UnboundedReceiver;

use super::control::Control;
use crate::config::{Dynamic, Settings};
use crate::log::AgentLog;
use crate::queue::Queue;
use crate::stats::DropReason;
use crate::transport::Transport;

/// What the reporter needs to know, and what it must not forget.
pub(crate) struct Setup {
    pub(crate) queue: Arc<Queue>,
    pub(crate) control: UnboundedReceiver<Control>,
    /// A request that was received and not looked at yet.
    pub(crate) unheard: Option<Control>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) settings: Dynamic,
    /// The settings of this process, before the server has its say.
    pub(crate) local: Arc<Settings>,
    /// Whether the server is asked for its say.
    pub(crate) central_config: bool,
    pub(crate) log: AgentLog,
    /// What opens every request.
    pub(crate) metadata: Metadata,
    pub(crate) request_time: Duration,
    pub(crate) request_size: usize,
    /// Events taken from the queue whose fate has not been counted.
    pub(crate) in_hand: u64,
    /// The agent was shut down: what is left is sent, nothing new is taken.
    pub(crate) stopping: bool,
}

impl Setup {
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
