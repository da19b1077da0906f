//! Waiting until the store looks as a test expects, without polling.

use std::fmt;
use std::time::Duration;

use super::{Stats, Store};

/// The deadline of [`Store::wait_for`] passed and the condition was still false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadlinePassed {
    after: Duration,
    stats: Stats,
}

impl fmt::Display for DeadlinePassed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stats { accepted, rejected, failed_requests, traces, .. } = self.stats;
        write!(
            f,
            "the store did not get there within {:?}: {accepted} events accepted, {rejected} rejected, \
             {failed_requests} failed requests, {traces} traces",
            self.after
        )
    }
}

impl std::error::Error for DeadlinePassed {}

impl Store {
    /// Waits until `condition` is true: now, or after a later change of the store.
    ///
    /// # Errors
    ///
    /// [`DeadlinePassed`] when it was still false after `deadline`.
    pub async fn wait_for(
        &self,
        mut condition: impl FnMut(&Self) -> bool,
        deadline: Duration,
    ) -> Result<(), DeadlinePassed> {
        let mut version = self.watch();
        let met = tokio::time::timeout(deadline, async {
            loop {
                version.mark_unchanged();
                if condition(self) {
                    return true;
                }
                if version.changed().await.is_err() {
                    return false;
                }
            }
        });
        match met.await {
            Ok(true) => Ok(()),
            _ => Err(DeadlinePassed { after: deadline, stats: self.stats() }),
        }
    }
}
