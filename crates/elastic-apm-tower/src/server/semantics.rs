//! What an HTTP status says in Elastic's terms. Knows no transaction.

use elastic_apm_core::{Keyword, Outcome};
use http::{Method, StatusCode};

/// `HTTP 2xx` and its like.
pub(super) fn result(status: StatusCode) -> Keyword {
    match status.as_u16() / 100 {
        1 => Keyword::from_static("HTTP 1xx"),
        2 => Keyword::from_static("HTTP 2xx"),
        3 => Keyword::from_static("HTTP 3xx"),
        4 => Keyword::from_static("HTTP 4xx"),
        5 => Keyword::from_static("HTTP 5xx"),
        class => Keyword::formatted(format_args!("HTTP {class}xx")),
    }
}

/// On the server's side only its own failures count: a 4xx is the caller's.
pub(super) fn outcome(status: StatusCode) -> Outcome {
    if status.is_server_error() { Outcome::Failure } else { Outcome::Success }
}

/// Whether a response to this never carries a body, so that an unread one is no abort.
pub(super) fn has_no_body(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}
