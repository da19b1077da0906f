//! Central configuration: asks the server what it wants of this service, and puts that in force.
//!
//! Runs beside the worker. No failure here is more than a line in the log: the last configuration stays in force.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use elastic_apm_intake::MetadataService;
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use tokio::time::{Instant, sleep, sleep_until};

use super::exchange::{Answer, Exchange};
use super::server::Server;
use crate::config::{CentralOutcome, Dynamic, Settings, apply_central};
use crate::log::AgentLog;
use crate::transport::Transport;

/// The time between two questions where the server does not say.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(300);
/// The least and the most time between two questions, whatever the server says.
const MIN_INTERVAL: Duration = Duration::from_secs(5);
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// What is asked, and what came of it so far.
pub(super) struct Central<'a> {
    server: &'a Server,
    transport: Arc<dyn Transport>,
    uri: Uri,
    /// The settings of this process, which the server's go over.
    local: Arc<Settings>,
    settings: Dynamic,
    log: AgentLog,
    etag: Option<HeaderValue>,
    texts: BTreeMap<String, String>,
    in_force: BTreeMap<&'static str, String>,
    /// The last answer was a server's failure, of which has been spoken.
    failing: bool,
}

impl<'a> Central<'a> {
    /// Prepares the questions for the service that `service` names.
    pub(super) fn new(
        server: &'a Server,
        transport: Arc<dyn Transport>,
        service: &MetadataService,
        local: Arc<Settings>,
        settings: Dynamic,
        log: AgentLog,
    ) -> Self {
        Central {
            server,
            transport,
            uri: uri(service),
            local,
            settings,
            log,
            etag: None,
            texts: BTreeMap::new(),
            in_force: BTreeMap::new(),
            failing: false,
        }
    }

    /// Asks as often as the server wants to be asked.
    pub(super) async fn poll(mut self) -> Infallible {
        loop {
            let asked = Instant::now();
            let answer = self.ask().await;
            let wait = interval(&answer);
            self.take(answer);
            tokio::select! {
                () = sleep(wait) => {}
                // Who was not there when asked may have something to say after all.
                () = self.server.is_back() => sleep_until(asked + MIN_INTERVAL).await,
            }
        }
    }

    async fn ask(&self) -> Answer {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = self.uri.clone();
        if let Some(etag) = &self.etag {
            request.headers_mut().insert(IF_NONE_MATCH, etag.clone());
        }
        Exchange::begin(&self.transport, request).answer().await
    }

    fn take(&mut self, answer: Answer) {
        let response = match answer {
            Ok(response) => response,
            // The events say loudly enough that the server cannot be reached.
            Err(error) => return self.log.debug(format_args!("no central configuration: {error}")),
        };
        let status = response.status();
        if status.is_server_error() && !self.failing {
            self.failing = true;
            return self.log.error(format_args!("no central configuration: the server answered {status}"));
        }
        if status != StatusCode::OK {
            self.failing &= status.is_server_error();
            // 304 says that nothing changed, 403 and 404 that there is none to be had.
            return self.log.debug(format_args!("central configuration: the server answered {status}"));
        }
        self.failing = false;
        match texts(response.body()) {
            Some(texts) => {
                self.etag = response.headers().get(ETAG).cloned();
                self.put_in_force(texts);
            }
            None => {
                self.log.warn(format_args!("Central config failure. The answer is no JSON object of texts"));
            }
        }
    }

    fn put_in_force(&mut self, texts: BTreeMap<String, String>) {
        if texts == self.texts {
            return;
        }
        self.texts = texts;
        let CentralOutcome { settings, in_force, problems } = apply_central(&self.local, &self.texts);
        let level = settings.log_level;
        let is_new_level = level != self.settings.load().log_level;
        self.settings.change(|current| {
            let keeps_unsampled = current.keeps_unsampled;
            *current = Settings { keeps_unsampled, ..settings };
        });
        if is_new_level {
            self.log.set_level(level);
        }
        for (name, value) in &in_force {
            if self.in_force.get(name) != Some(value) {
                self.log.info(format_args!("Central configuration: {name}={value:?} (source: central)"));
            }
        }
        for name in self.in_force.keys().filter(|name| !in_force.contains_key(*name)) {
            self.log.info(format_args!("Central configuration: {name} is as set locally again"));
        }
        for problem in problems {
            self.log.warn(format_args!("{problem}"));
        }
        self.in_force = in_force;
        // Whether the agent records may have changed, and with it whether it asks.
        self.server.reconsider();
    }
}

/// How long to wait after this answer.
fn interval(answer: &Answer) -> Duration {
    let told = answer.as_ref().ok().and_then(max_age).filter(|age| !age.is_zero());
    told.unwrap_or(DEFAULT_INTERVAL).clamp(MIN_INTERVAL, MAX_INTERVAL)
}

fn max_age(response: &Response<Bytes>) -> Option<Duration> {
    let header = response.headers().get(CACHE_CONTROL)?.to_str().ok()?;
    let directive = header.split(',').find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        name.trim().eq_ignore_ascii_case("max-age").then_some(value)
    });
    directive?.trim().trim_matches('"').parse().ok().map(Duration::from_secs)
}

/// The flat object as texts. Plain numbers and booleans are what they look like.
fn texts(body: &[u8]) -> Option<BTreeMap<String, String>> {
    use serde_json::Value;
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return None };
    let text = |value| match value {
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    object.into_iter().map(|(name, value)| Some((name, text(value)?))).collect()
}

fn uri(service: &MetadataService) -> Uri {
    let mut path = format!("/config/v1/agents?service.name={}", escaped(&service.name));
    if let Some(environment) = &service.environment {
        path.push_str("&service.environment=");
        path.push_str(&escaped(environment));
    }
    // Escaped, it is always one.
    path.parse().unwrap_or_else(|_| Uri::from_static("/config/v1/agents"))
}

/// Percent-encodes all that is not unreserved in a URI.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
