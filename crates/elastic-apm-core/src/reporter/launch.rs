//! What a reporter is started with, in the process that the agent was built in and in those that are forked off from it.

use std::sync::Arc;

use elastic_apm_intake::Metadata;

use super::filters::Filters;
use crate::config::{Config, Dynamic};
use crate::log::AgentLog;
use crate::metadata::{Framework, HostLookup};
use crate::queue::Queue;
use crate::transport::Transport;

/// What does not change from process to process.
pub(crate) struct Launch {
    pub(crate) config: Config,
    pub(crate) settings: Dynamic,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) filters: Filters,
    pub(crate) log: AgentLog,
    /// What is said of the process that the agent was built in.
    pub(crate) metadata: Metadata,
    /// Where an integration says which framework it serves.
    pub(crate) framework: Framework,
    /// How the full name of the machine is found.
    pub(crate) host_lookup: HostLookup,
}

impl Launch {
    /// An empty queue of the size that is configured.
    pub(super) fn queue(&self) -> Arc<Queue> {
        Arc::new(Queue::new(self.config.max_queue_size, self.config.max_queue_bytes.as_usize()))
    }
}
