//! One request and its response: owns the transaction and decides how it ends.
//!
//! Future and body own an exchange in turn and tell it what they saw. Dropped before it was told of an end, it was cancelled.

use std::any::Any;

use elastic_apm_core::{
    CapturedHeaders, CapturedResponse, EnteredContext, Keyword, Outcome, TaskContext, Transaction,
    TransactionRef,
};
use http::{HeaderMap, Method, StatusCode, header, response};

use super::captured_error::CapturedError;
use super::grpc::Call;
use super::hooks::{EndAtHeaders, ask};
use super::semantics;

/// A transaction on its way through a service.
pub(super) struct Exchange {
    /// The transaction until it ends, which is before the exchange does: what future and body own is dropped later, and an event stream
    /// goes on.
    running: Option<Transaction>,
    ended: TransactionRef,
    context: TaskContext,
    /// `None` where no event will say how it went.
    reported: Option<Reported>,
}

/// What an event says of the exchange depends on this.
pub(super) struct Reported {
    is_head: bool,
    is_connect: bool,
    naming: Option<Box<Naming>>,
    end_at_headers: Option<EndAtHeaders>,
    head: Option<Head>,
}

/// What a request is called that has no route.
pub(super) struct Naming {
    pub(super) routeless: Keyword,
    /// The call that it is by gRPC.
    pub(super) call: Option<Call>,
}

/// The head of the response, once it is there and until it is known what became of the rest.
#[derive(Clone, Copy)]
struct Head {
    status: StatusCode,
    content_length: Option<u64>,
}

impl Reported {
    pub(super) fn new(method: &Method, naming: Option<Naming>, end_at_headers: Option<EndAtHeaders>) -> Self {
        Reported {
            is_head: *method == Method::HEAD,
            is_connect: *method == Method::CONNECT,
            naming: naming.map(Box::new),
            end_at_headers,
            head: None,
        }
    }

    fn call(&mut self) -> Option<&mut Call> {
        self.naming.as_mut()?.call.as_mut()
    }

    /// Whether the transaction ends with the response's head.
    fn ends_with(&self, head: &response::Parts) -> bool {
        semantics::switches_protocols(self.is_connect, head.status)
            || ask(self.end_at_headers.as_ref(), head)
                .unwrap_or_else(|| semantics::is_event_stream(&head.headers))
    }
}

impl Exchange {
    pub(super) fn new(transaction: Transaction, reported: Option<Reported>) -> Self {
        let context = transaction.context();
        Exchange { running: Some(transaction), ended: TransactionRef::default(), context, reported }
    }

    /// Makes the transaction current until the guard is dropped.
    pub(super) fn enter(&mut self) -> EnteredContext<'_> {
        self.context.enter()
    }

    /// The response head is there, and how many bytes will follow if the body knows.
    pub(super) fn on_head(&mut self, head: &mut response::Parts, length: Option<u64>) {
        if let Some(error) = head.extensions.remove::<CapturedError>() {
            let _entered = self.enter();
            error.report();
        }
        let Some(reported) = &mut self.reported else { return };
        if let Some(call) = reported.call() {
            call.on_headers(&head.headers);
        }
        let said = || head.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
        let content_length = length.or_else(said);
        reported.head = Some(Head { status: head.status, content_length });
        let ends = reported.ends_with(head);
        self.keep(head);
        if ends {
            self.on_complete();
        }
    }

    /// Keeps of the response what its event shows.
    fn keep(&self, head: &response::Parts) {
        let transaction = self.transaction();
        if transaction.is_sampled() {
            let captures = transaction.captures_headers();
            let headers =
                if captures { CapturedHeaders::copy(&head.headers) } else { CapturedHeaders::default() };
            transaction.set_response(CapturedResponse { status: head.status, headers, finished: false });
        }
    }

    /// The trailers of the response are there.
    pub(super) fn on_trailers(&mut self, trailers: &HeaderMap) {
        if let Some(call) = self.reported.as_mut().and_then(Reported::call) {
            call.on_headers(trailers);
        }
    }

    /// Whether a body that was dropped after `bytes` was nevertheless complete.
    pub(super) fn is_complete_after(&self, bytes: u64) -> bool {
        let Some(reported) = &self.reported else { return false };
        reported.head.as_ref().is_some_and(|head| {
            semantics::has_no_body(reported.is_head, head.status) || head.content_length == Some(bytes)
        })
    }

    /// The response is complete.
    pub(super) fn on_complete(&mut self) {
        let Some(reported) = &mut self.reported else { return };
        let Some(Head { status, .. }) = reported.head.take() else { return };
        let of_call = reported.call().and_then(|call| call.status()).filter(|_| status.is_success());
        let (result, outcome) = match of_call {
            Some(of_call) => (Keyword::from_static(of_call.as_str()), of_call.server_outcome()),
            None => (semantics::result(status), semantics::outcome(status)),
        };
        self.settle(result, outcome, true);
    }

    /// The body failed midway: whatever the status said, the caller did not get its answer.
    pub(super) fn on_body_error(&mut self) {
        if let Some(head) = self.reported.as_mut().and_then(|reported| reported.head.take()) {
            self.settle(semantics::result(head.status), Outcome::Failure, false);
        }
    }

    /// The service answered with an error of its own instead of a response.
    pub(super) fn on_service_error(&mut self) {
        self.settle(Keyword::from_static("HTTP 5xx"), Outcome::Failure, false);
    }

    /// The service or the body panicked.
    pub(super) fn on_panic(&mut self, panic: &(dyn Any + Send)) {
        self.transaction().capture_panic(panic);
        self.settle(Keyword::from_static("HTTP 5xx"), Outcome::Failure, false);
    }

    /// Ends the transaction; nothing that is told later changes it.
    fn settle(&mut self, result: Keyword, outcome: Outcome, finished: bool) {
        let Some(transaction) = self.running.take() else { return };
        let Some(reported) = &mut self.reported else { return };
        let name = reported.naming.take().map(|naming| naming.name());
        self.ended = transaction.conclude_request(name, result, outcome, finished);
    }

    fn transaction(&self) -> &TransactionRef {
        self.running.as_deref().unwrap_or(&self.ended)
    }
}

impl Naming {
    fn name(self) -> Keyword {
        self.call.as_ref().and_then(Call::name).unwrap_or(self.routeless)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // Whoever was told of an end has settled it: the client has left.
        self.settle(Keyword::from_static("cancelled"), Outcome::Unknown, false);
    }
}
