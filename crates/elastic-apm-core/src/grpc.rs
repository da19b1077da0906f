//! gRPC in Elastic's terms: which requests are calls, what their status means on either side. Knows no transaction and no span.
//!
//! From the specification's page on gRPC.

use elastic_apm_intake::Outcome;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

static STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Whether a request is a call by gRPC. For authors of integrations.
///
/// Not one by gRPC-Web, which has its trailers within the body.
///
/// ```
/// use http::{HeaderMap, HeaderValue, Method, header};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc+proto"));
///
/// assert!(elastic_apm_core::is_grpc_call(&Method::POST, &headers));
/// ```
#[must_use]
pub fn is_grpc_call(method: &Method, headers: &HeaderMap) -> bool {
    if *method != Method::POST {
        return false;
    }
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let rest = content_type.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// What a call by gRPC came to, by the number that gRPC gives it. For authors of integrations.
///
/// ```
/// use elastic_apm_core::{GrpcStatus, Outcome};
/// use http::{HeaderMap, HeaderValue};
///
/// let mut trailers = HeaderMap::new();
/// trailers.insert("grpc-status", HeaderValue::from_static("5"));
/// let status = GrpcStatus::read(&trailers).unwrap();
///
/// assert_eq!(status.as_str(), "NOT_FOUND");
/// assert_eq!((status.server_outcome(), status.client_outcome()), (Outcome::Success, Outcome::Failure));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrpcStatus(u8);

impl GrpcStatus {
    /// It went well.
    pub const OK: GrpcStatus = GrpcStatus(0);
    /// There is no such method.
    pub const UNIMPLEMENTED: GrpcStatus = GrpcStatus(12);
    const UNKNOWN: GrpcStatus = GrpcStatus(2);
    const NAMES: [&'static str; 17] = [
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

    /// What these headers or trailers of an answer say, if anything. A number that gRPC does not have is `UNKNOWN`, as to its clients.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let number = headers.get(&STATUS)?.to_str().ok().and_then(|text| text.parse().ok());
        let known = number.filter(|number| usize::from(*number) < Self::NAMES.len());
        Some(known.map_or(Self::UNKNOWN, GrpcStatus))
    }

    /// Its name, such as `NOT_FOUND`: the result of a transaction.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::NAMES.get(usize::from(self.0)).copied().unwrap_or("UNKNOWN")
    }

    /// What it is to the server: a failure where it is the server's own.
    #[must_use]
    pub fn server_outcome(self) -> Outcome {
        match self.as_str() {
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

    /// What it is to the client: a failure unless it is `OK`.
    #[must_use]
    pub fn client_outcome(self) -> Outcome {
        if self == Self::OK { Outcome::Success } else { Outcome::Failure }
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
            assert_eq!(is_grpc_call(&Method::POST, &headers), is, "{content_type}");
            assert!(!is_grpc_call(&Method::GET, &headers));
        }
        assert!(!is_grpc_call(&Method::POST, &HeaderMap::new()));
    }

    fn failures(outcome: fn(GrpcStatus) -> Outcome) -> Vec<u8> {
        (0..17).filter(|number| outcome(GrpcStatus(*number)) == Outcome::Failure).collect()
    }

    #[test]
    fn on_the_servers_side_only_its_own_failures_are_failures() {
        assert_eq!(failures(GrpcStatus::server_outcome), [2, 4, 8, 9, 10, 13, 14, 15]);
    }

    #[test]
    fn on_the_clients_side_all_but_ok_are_failures() {
        assert_eq!(failures(GrpcStatus::client_outcome), Vec::from_iter(1..17));
    }

    #[test]
    fn a_status_that_grpc_does_not_have_is_unknown() {
        for (value, name) in
            [("0", "OK"), ("16", "UNAUTHENTICATED"), ("17", "UNKNOWN"), ("x", "UNKNOWN"), ("-1", "UNKNOWN")]
        {
            let status = GrpcStatus::read(&headers(STATUS.clone(), value)).map(GrpcStatus::as_str);
            assert_eq!(status, Some(name), "{value}");
        }
        assert_eq!(GrpcStatus::read(&HeaderMap::new()), None);
    }
}
