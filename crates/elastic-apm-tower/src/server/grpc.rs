//! A call by gRPC that is being answered: how its transaction is named, and what it came to. Knows no transaction.

use elastic_apm_core::{GrpcStatus, Keyword};
use http::HeaderMap;

/// A call, and what it came to.
pub(super) struct Call {
    /// `/package.Service/Method`
    method: Keyword,
    status: Option<GrpcStatus>,
}

impl Call {
    pub(super) fn new(path: &str) -> Self {
        Call { method: Keyword::copied(path), status: None }
    }

    /// Headers or trailers of the answer are there.
    pub(super) fn on_headers(&mut self, headers: &HeaderMap) {
        self.status = GrpcStatus::read(headers).or(self.status);
    }

    pub(super) fn status(&self) -> Option<GrpcStatus> {
        self.status
    }

    /// The method. `None` where there is no such method: anybody can ask for any.
    pub(super) fn name(&self) -> Option<Keyword> {
        (self.status != Some(GrpcStatus::UNIMPLEMENTED)).then(|| self.method.clone())
    }
}
