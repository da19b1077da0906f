//! The transaction of an inbound HTTP request: whether there is to be one, and how it starts.
//!
//! One look at the settings decides everything about a request. What is captured of it is the layer's to say.

use std::sync::Arc;

use elastic_apm_intake::Keyword;
use http::{HeaderMap, HeaderValue, header};

use super::capture_rules::CaptureRules;
use super::origin::Origin;
use super::tracer::Tracer;
use super::transaction::Transaction;
use crate::captured::{CapturedRequest, KeptRequest};
use crate::config::Settings;
use crate::propagation::TraceContext;

/// What an agent wants of an inbound request. For authors of integrations.
///
/// It comes from [`Tracer::inbound`].
#[derive(Debug)]
pub enum Inbound {
    /// No agent records here. One further inside may.
    NotRecorded,
    /// `transaction_ignore_urls` or `transaction_ignore_user_agents` names it: nobody further inside is to trace it either.
    Ignored,
    /// It is to have a transaction.
    Recorded(InboundTransaction),
}

/// The transaction of an inbound request, before it starts. For authors of integrations.
#[must_use = "nothing starts until start is called"]
pub struct InboundTransaction {
    tracer: Tracer,
    settings: Arc<Settings>,
}

impl Tracer {
    /// Says what is to become of an inbound request. For authors of integrations.
    ///
    /// `path` is that of the URL, without the query. It is asked for only where the answer depends on it.
    pub fn inbound<'a>(&self, path: impl FnOnce() -> &'a str, headers: &HeaderMap) -> Inbound {
        if !self.is_instrumenting() {
            return Inbound::NotRecorded;
        }
        let Some(settings) = self.settings().filter(|settings| settings.recording) else {
            return Inbound::NotRecorded;
        };
        let ignored = &settings.transaction_ignore_urls;
        if !ignored.is_empty() && ignored.matches_any(path()) || is_ignored_agent(&settings, headers) {
            return Inbound::Ignored;
        }
        Inbound::Recorded(InboundTransaction { tracer: self.clone(), settings })
    }
}

/// Most have no such patterns. What is not text matches none.
fn is_ignored_agent(settings: &Settings, headers: &HeaderMap) -> bool {
    let agents = &settings.transaction_ignore_user_agents;
    let user_agent = || headers.get(header::USER_AGENT).map(HeaderValue::to_str)?.ok();
    !agents.is_empty() && user_agent().is_some_and(|user_agent| agents.matches_any(user_agent))
}

impl InboundTransaction {
    /// The tracer that will start it.
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Starts the transaction below the caller that the headers name, if they do.
    ///
    /// `name` is what it is called, if that is known by now. `capture` is asked for the request only where the transaction is sampled,
    /// and told what of it is wanted.
    pub fn start(
        self,
        headers: &HeaderMap,
        name: Option<Keyword>,
        capture: impl FnOnce(CaptureRules<'_>) -> CapturedRequest,
    ) -> Transaction {
        let mut origin = Origin::default();
        if TraceContext::may_be_in(headers) {
            origin.take_headers(headers, &self.tracer);
        }
        let kind = Keyword::from_static("request");
        origin.start(self.tracer, self.settings, name, kind, |record, settings, sampled| {
            if sampled {
                record.request = Some(KeptRequest::Own(capture(CaptureRules::new(settings))));
            }
        })
    }
}

impl std::fmt::Debug for InboundTransaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InboundTransaction").finish_non_exhaustive()
    }
}
