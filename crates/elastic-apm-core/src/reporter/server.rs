//! Who the server is: asks for its version until it is known, and again when it may be another one.
//!
//! Runs beside the worker and never holds up an event: while the version is unknown, the agent does what is right for any.

use std::cell::Cell;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::sync::Notify;

use super::backoff::Backoff;
use super::exchange::{Answer, Exchange};
use super::version::Version;
use crate::config::Dynamic;
use crate::log::AgentLog;
use crate::transport::Transport;

/// The least time between two questions.
const FLOOR: Duration = Duration::from_secs(1);

/// What is known of the server. Shared by what runs on the agent's thread.
pub(super) struct Server {
    version: Cell<Option<Version>>,
    ask: Notify,
    back: Notify,
    settings: Dynamic,
    log: AgentLog,
}

impl Server {
    /// A server of unknown version.
    pub(super) fn new(settings: Dynamic, log: AgentLog) -> Self {
        Server { version: Cell::new(None), ask: Notify::new(), back: Notify::new(), settings, log }
    }

    /// The version, where it is known.
    pub(super) fn version(&self) -> Option<Version> {
        self.version.get()
    }

    /// It answers again, and may have been replaced meanwhile; until it is known otherwise it is the same.
    pub(super) fn returned(&self) {
        self.ask.notify_one();
        self.back.notify_one();
    }

    /// Waits until the server answers again.
    pub(super) async fn is_back(&self) {
        self.back.notified().await;
    }

    /// The settings have changed: it may be time to ask now.
    pub(super) fn reconsider(&self) {
        self.ask.notify_one();
    }

    /// Asks until the version is known, and whenever it may have changed.
    pub(super) async fn watch(&self, transport: &Arc<dyn Transport>) -> Infallible {
        let mut backoff = Backoff::default();
        loop {
            // An agent that does not record says nothing to the server beyond what the central configuration needs.
            let answered = !self.settings.load().reports() || self.ask_once(transport).await;
            let wait = backoff.failed(fastrand::f64()).max(FLOOR);
            tokio::select! {
                () = self.ask.notified() => backoff.reset(),
                () = tokio::time::sleep(wait), if !answered => {}
            }
        }
    }

    /// Says whether the version is known now.
    async fn ask_once(&self, transport: &Arc<dyn Transport>) -> bool {
        let answer = Exchange::begin(transport, Request::new(Bytes::new())).answer().await;
        match version_in(&answer) {
            Some(version) => {
                let before = self.version.get();
                self.learn(Some(version));
                if before != Some(version) {
                    self.log.debug(format_args!("the APM Server has version {version}"));
                }
            }
            None => {
                self.log.debug(format_args!("the version of the APM Server is unknown: {}", why(&answer)));
            }
        }
        self.version.get().is_some()
    }

    fn learn(&self, version: Option<Version>) {
        self.version.set(version);
        let keeps_unsampled = version.is_none_or(Version::keeps_unsampled);
        if self.settings.load().keeps_unsampled != keeps_unsampled {
            self.settings.change(|settings| settings.keeps_unsampled = keeps_unsampled);
        }
    }
}

fn version_in(answer: &Answer) -> Option<Version> {
    let response = answer.as_ref().ok().filter(|response| response.status() == StatusCode::OK)?;
    let json: serde_json::Value = serde_json::from_slice(response.body()).ok()?;
    Version::parse(json.get("version")?.as_str()?)
}

fn why(answer: &Answer) -> String {
    match answer {
        // Without valid credentials a server tells nothing but that it is there.
        Ok(response) if response.status() == StatusCode::OK => "the answer names none".to_owned(),
        Ok(response) => format!("the server answered {}", response.status()),
        Err(error) => error.to_string(),
    }
}
