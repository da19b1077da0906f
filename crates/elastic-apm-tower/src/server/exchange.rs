//! One request and its response: owns the transaction and decides how it ends.
//!
//! Future and body own an exchange in turn and tell it what they saw. Dropped before it was told of an end, it was cancelled.

use std::any::Any;

use elastic_apm_core::{
    CapturedHeaders, CapturedResponse, Keyword, Outcome, TaskContext, Transaction, TransactionRef,
};
use http::{HeaderMap, Method, StatusCode, header, response};

use super::captured_error::CapturedError;
use super::grpc::Call;
use super::hooks::{EndAtHeaders, ask};
use super::semantics;

/// A transaction on its way through a service.
pub(super) struct Exchange {
    transaction: Subject,
    context: TaskContext,
    /// What is needed to say how it went. `None` where nobody is told.
    reported: Option<Box<Reported>>,
}

/// What an event says of the exchange, and what that depends on.
pub(super) struct Reported {
    method: Method,
    /// What it is called where nobody names it.
    routeless: Option<Keyword>,
    /// The call that it is by gRPC.
    call: Option<Call>,
    end_at_headers: Option<EndAtHeaders>,
    head: Option<Head>,
}

/// The transaction, which ends before the exchange does: what future and body own is dropped later, and an event stream goes on.
enum Subject {
    Running(Transaction),
    Ended(TransactionRef),
}

/// The head of the response.
struct Head {
    status: StatusCode,
    headers: CapturedHeaders,
    content_length: Option<u64>,
}

impl Reported {
    pub(super) fn new(
        method: &Method,
        routeless: Option<Keyword>,
        call: Option<Call>,
        end_at_headers: Option<EndAtHeaders>,
    ) -> Box<Self> {
        Box::new(Reported { method: method.clone(), routeless, call, end_at_headers, head: None })
    }

    /// Whether the transaction ends with the response's head.
    fn ends_with(&self, head: &response::Parts) -> bool {
        semantics::switches_protocols(&self.method, head.status)
            || ask(self.end_at_headers.as_ref(), head)
                .unwrap_or_else(|| semantics::is_event_stream(&head.headers))
    }
}

impl Exchange {
    pub(super) fn new(transaction: Transaction, reported: Option<Box<Reported>>) -> Self {
        let context = transaction.context();
        Exchange { transaction: Subject::Running(transaction), context, reported }
    }

    /// Runs `f` with the transaction current.
    pub(super) fn within<T>(&mut self, f: impl FnOnce() -> T) -> T {
        let _entered = self.context.enter();
        f()
    }

    /// The response head is there.
    pub(super) fn on_head(&mut self, head: &mut response::Parts) {
        if let Some(error) = head.extensions.remove::<CapturedError>() {
            self.within(|| error.report());
        }
        let captures = self.transaction().captures_headers();
        let Some(reported) = &mut self.reported else { return };
        if let Some(call) = &mut reported.call {
            call.on_headers(&head.headers);
        }
        let length = head.headers.get(header::CONTENT_LENGTH);
        reported.head = Some(Head {
            status: head.status,
            headers: if captures { CapturedHeaders::copy(&head.headers) } else { CapturedHeaders::default() },
            content_length: length.and_then(|value| value.to_str().ok()?.parse().ok()),
        });
        if reported.ends_with(head) {
            self.on_complete();
        }
    }

    /// The trailers of the response are there.
    pub(super) fn on_trailers(&mut self, trailers: &HeaderMap) {
        if let Some(call) = self.reported.as_mut().and_then(|reported| reported.call.as_mut()) {
            call.on_headers(trailers);
        }
    }

    /// Whether a body that was dropped after `bytes` was nevertheless complete.
    pub(super) fn is_complete_after(&self, bytes: u64) -> bool {
        let Some(reported) = &self.reported else { return false };
        reported.head.as_ref().is_some_and(|head| {
            semantics::has_no_body(&reported.method, head.status) || head.content_length == Some(bytes)
        })
    }

    /// The response is complete.
    pub(super) fn on_complete(&mut self) {
        let Some(reported) = &mut self.reported else { return };
        let Some(head) = reported.head.take() else { return };
        let status = reported.call.as_ref().and_then(Call::status).filter(|_| head.status.is_success());
        let (result, outcome) = match status {
            Some(status) => (status.result(), status.outcome()),
            None => (semantics::result(head.status), semantics::outcome(head.status)),
        };
        self.settle(result, outcome, Some(head.captured(true)));
    }

    /// The body failed midway: whatever the status said, the caller did not get its answer.
    pub(super) fn on_body_error(&mut self) {
        if let Some(head) = self.take_head() {
            self.settle(semantics::result(head.status), Outcome::Failure, Some(head.captured(false)));
        }
    }

    /// The service answered with an error of its own instead of a response.
    pub(super) fn on_service_error(&mut self) {
        self.settle(Keyword::from_static("HTTP 5xx"), Outcome::Failure, None);
    }

    /// The service or the body panicked.
    pub(super) fn on_panic(&mut self, panic: &(dyn Any + Send)) {
        self.transaction().capture_panic(panic);
        let response = self.take_head().map(|head| head.captured(false));
        self.settle(Keyword::from_static("HTTP 5xx"), Outcome::Failure, response);
    }

    fn on_cancelled(&mut self) {
        // Headers went out only if there was a head.
        let response = self.take_head().map(|head| head.captured(false));
        self.settle(Keyword::from_static("cancelled"), Outcome::Unknown, response);
    }

    /// Ends the transaction; nothing that is told later changes it.
    fn settle(&mut self, result: Keyword, outcome: Outcome, response: Option<CapturedResponse>) {
        let Subject::Running(transaction) = &self.transaction else { return };
        if let Some(reported) = &mut self.reported {
            let name = reported.call.as_ref().and_then(Call::name).or_else(|| reported.routeless.take());
            transaction.conclude_request(name, result, outcome, response);
        }
        self.transaction = Subject::Ended(TransactionRef::clone(transaction));
    }

    fn take_head(&mut self) -> Option<Head> {
        self.reported.as_mut()?.head.take()
    }

    fn transaction(&self) -> &TransactionRef {
        match &self.transaction {
            Subject::Running(transaction) => transaction,
            Subject::Ended(reference) => reference,
        }
    }
}

impl Head {
    fn captured(self, finished: bool) -> CapturedResponse {
        CapturedResponse { status: self.status, headers: self.headers, finished }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.on_cancelled();
    }
}
