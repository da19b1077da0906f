//! What all handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::protocol::auth::Credentials;
use crate::protocol::configurations::Configurations;
use crate::protocol::faults::FaultSwitch;
use crate::store::Store;

/// The state of one running server; clones are the same server.
#[derive(Clone, Debug)]
pub(crate) struct App(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) credentials: Credentials,
    pub(crate) faults: FaultSwitch,
    pub(crate) configurations: Configurations,
    /// The version that agents are told.
    pub(crate) version: String,
    /// Servers before 8.0 keep unsampled transactions.
    pub(crate) keep_unsampled: bool,
    /// The longest an intake request may take to arrive.
    pub(crate) read_timeout: Duration,
    /// Only names of this machine are answered under `/api`.
    pub(crate) local_only: bool,
    /// Turns true once, when the server stops.
    pub(crate) stopping: watch::Sender<bool>,
}

impl App {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
