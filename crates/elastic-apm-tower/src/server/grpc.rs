//! gRPC in Elastic's terms: which requests are calls, how they are named, what their status means. Knows no transaction.

use elastic_apm_core::{Keyword, Outcome};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

static STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Whether a request is a gRPC call. Not one of gRPC-Web, which has its trailers within the body.
pub(super) fn is_call(method: &Method, headers: &HeaderMap) -> bool {
    if *method != Method::POST {
        return false;
    }
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let rest = content_type.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// A call, and what it came to.
pub(super) struct Call {
    /// `/package.Service/Method`
    method: Keyword,
    status: Option<Status>,
}

impl Call {
    pub(super) fn new(path: &str) -> Self {
        Call { method: Keyword::copied(path), status: None }
    }

    /// Headers or trailers of the answer are there.
    pub(super) fn on_headers(&mut self, headers: &HeaderMap) {
        self.status = Status::read(headers).or(self.status);
    }

    pub(super) fn status(&self) -> Option<Status> {
        self.status
    }

    /// The method. `None` where there is no such method: anybody can ask for any.
    pub(super) fn name(&self) -> Option<Keyword> {
        (self.status != Some(Status::UNIMPLEMENTED)).then(|| self.method.clone())
    }
}

/// The status of a call, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(u8);

impl Status {
    const UNKNOWN: Status = Status(2);
    const UNIMPLEMENTED: Status = Status(12);
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];

    /// What these headers or trailers say, if anything. A number that gRPC does not have is unknown to its clients too.
    fn read(headers: &HeaderMap) -> Option<Self> {
        let number = headers.get(&STATUS)?.to_str().ok().and_then(|text| text.parse().ok());
        Some(number.filter(|number| usize::from(*number) < Self::NAMES.len()).map_or(Self::UNKNOWN, Status))
    }

    /// Its name, such as `NOT_FOUND`.
    pub(super) fn result(self) -> Keyword {
        Keyword::from_static(Self::NAMES.get(usize::from(self.0)).copied().unwrap_or("UNKNOWN"))
    }

    /// On the server's side only its own failures count.
    pub(super) fn outcome(self) -> Outcome {
        match self.result().as_str() {
            "UNKNOWN"
            | "DEADLINE_EXCEEDED"
            | "RESOURCE_EXHAUSTED"
            | "FAILED_PRECONDITION"
            | "ABORTED"
            | "INTERNAL"
            | "UNAVAILABLE"
            | "DATA_LOSS" => Outcome::Failure,
            _ => Outcome::Success,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn calls_are_told_by_their_content_type() {
        for (content_type, is) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc;charset=utf-8", true),
            ("application/grpc-web", false),
            ("application/grpc-web+proto", false),
            ("application/json", false),
            ("", false),
        ] {
            let headers = headers(header::CONTENT_TYPE, content_type);
            assert_eq!(is_call(&Method::POST, &headers), is, "{content_type}");
            assert!(!is_call(&Method::GET, &headers));
        }
        assert!(!is_call(&Method::POST, &HeaderMap::new()));
    }

    #[test]
    fn only_the_servers_own_failures_are_failures() {
        let failures: Vec<_> = (0..17)
            .map(Status)
            .filter(|status| status.outcome() == Outcome::Failure)
            .map(|it| it.0)
            .collect();

        assert_eq!(failures, [2, 4, 8, 9, 10, 13, 14, 15]);
    }

    #[test]
    fn a_status_that_grpc_does_not_have_is_unknown() {
        for (value, result) in
            [("0", "OK"), ("16", "UNAUTHENTICATED"), ("17", "UNKNOWN"), ("x", "UNKNOWN"), ("-1", "UNKNOWN")]
        {
            let status = Status::read(&headers(STATUS.clone(), value)).map(Status::result);
            assert_eq!(status.as_deref(), Some(result), "{value}");
        }
        assert_eq!(Status::read(&HeaderMap::new()), None);
    }
}
