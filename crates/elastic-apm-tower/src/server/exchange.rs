//! One request and its response: owns the transaction and decides how it ends.
//!
//! Future and body own an exchange in turn and tell it what they saw. Dropped before it was told of an end, it was cancelled.

use std::any::Any;

use elastic_apm_core::{CapturedResponse, Keyword, Outcome, TaskContext, Transaction};
use http::{HeaderMap, Method, Response, StatusCode, header};

use super::semantics;

/// A transaction on its way through a service.
pub(super) struct Exchange {
    transaction: Transaction,
    context: TaskContext,
    method: Method,
    head: Option<Head>,
    /// The end was told; nothing later changes it.
    settled: bool,
}

/// The head of the response.
struct Head {
    status: StatusCode,
    headers: HeaderMap,
    content_length: Option<u64>,
}

impl Exchange {
    pub(super) fn new(transaction: Transaction, method: Method) -> Self {
        let context = transaction.context();
        Exchange { transaction, context, method, head: None, settled: false }
    }

    /// Runs `f` with the transaction current.
    pub(super) fn within<T>(&mut self, f: impl FnOnce() -> T) -> T {
        let _entered = self.context.enter();
        f()
    }

    /// The response head is there.
    pub(super) fn on_head<B>(&mut self, response: &Response<B>) {
        let captures = self.transaction.captures_headers();
        let length = response.headers().get(header::CONTENT_LENGTH);
        self.head = Some(Head {
            status: response.status(),
            headers: if captures { response.headers().clone() } else { HeaderMap::new() },
            content_length: length.and_then(|value| value.to_str().ok()?.parse().ok()),
        });
    }

    /// Whether a body that was dropped after `bytes` was nevertheless complete.
    pub(super) fn is_complete_after(&self, bytes: u64) -> bool {
        self.head.as_ref().is_some_and(|head| {
            semantics::has_no_body(&self.method, head.status) || head.content_length == Some(bytes)
        })
    }

    /// The response is complete.
    pub(super) fn on_complete(&mut self) {
        self.settle(|exchange| {
            let Some(head) = exchange.head.take() else { return };
            exchange.transaction.set_result_if_unset(semantics::result(head.status));
            exchange.transaction.set_protocol_outcome(semantics::outcome(head.status));
            exchange.capture(head, true);
        });
    }

    /// The body failed midway: whatever the status said, the caller did not get its answer.
    pub(super) fn on_body_error(&mut self) {
        self.settle(|exchange| {
            exchange.transaction.set_protocol_outcome(Outcome::Failure);
            if let Some(head) = exchange.head.take() {
                exchange.transaction.set_result_if_unset(semantics::result(head.status));
                exchange.capture(head, false);
            }
        });
    }

    /// The service answered with an error of its own instead of a response.
    pub(super) fn on_service_error(&mut self) {
        self.settle(|exchange| exchange.fail());
    }

    /// The service or the body panicked.
    pub(super) fn on_panic(&mut self, panic: &(dyn Any + Send)) {
        self.settle(|exchange| {
            exchange.transaction.capture_panic(panic);
            exchange.fail();
            if let Some(head) = exchange.head.take() {
                exchange.capture(head, false);
            }
        });
    }

    fn on_cancelled(&mut self) {
        self.settle(|exchange| {
            exchange.transaction.set_result_if_unset("cancelled");
            exchange.transaction.set_protocol_outcome(Outcome::Unknown);
            // Headers went out only if there was a head.
            if let Some(head) = exchange.head.take() {
                exchange.capture(head, false);
            }
        });
    }

    fn fail(&self) {
        self.transaction.set_result_if_unset("HTTP 5xx");
        self.transaction.set_protocol_outcome(Outcome::Failure);
    }

    fn capture(&self, head: Head, finished: bool) {
        let Head { status, headers, .. } = head;
        self.transaction.capture_response(CapturedResponse { status, headers, finished });
    }

    fn settle(&mut self, end: impl FnOnce(&mut Self)) {
        if !std::mem::replace(&mut self.settled, true) {
            end(self);
            let method = &self.method;
            self.transaction
                .set_name_if_unset_with(|| Keyword::formatted(format_args!("{method} unknown route")));
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.on_cancelled();
    }
}
