//! What HTTP says in Elastic's terms: names, results, outcomes. Knows no transaction.

use elastic_apm_core::{Keyword, Outcome};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// The registered methods that have no constant in the `http` crate, sorted.
const OTHER_REGISTERED: &[&str] = &[
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PRI",
    "PROPFIND",
    "PROPPATCH",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// The method in a transaction's name. Anybody can send any word as a method, and each distinct name costs: those that are not
/// registered share the name `OTHER`.
pub(super) fn method_name(method: &Method) -> &str {
    let name = method.as_str();
    let is_registered = matches!(
        *method,
        Method::GET
            | Method::POST
            | Method::PUT
            | Method::DELETE
            | Method::HEAD
            | Method::OPTIONS
            | Method::CONNECT
            | Method::PATCH
            | Method::TRACE
    ) || OTHER_REGISTERED.binary_search(&name).is_ok();
    if is_registered { name } else { "OTHER" }
}

/// The name of a request of a known route.
pub(super) fn name(method: &Method, route: &str) -> Keyword {
    // As with nearly all: two pieces take less than three.
    match *method {
        Method::GET => Keyword::joined(["GET ", route]),
        Method::POST => Keyword::joined(["POST ", route]),
        _ => Keyword::joined([method_name(method), " ", route]),
    }
}

/// The name of a request of which no route is known: low in cardinality whatever it asked for.
pub(super) fn unknown_route(method: &Method) -> Keyword {
    match *method {
        Method::GET => Keyword::from_static("GET unknown route"),
        Method::POST => Keyword::from_static("POST unknown route"),
        Method::PUT => Keyword::from_static("PUT unknown route"),
        Method::DELETE => Keyword::from_static("DELETE unknown route"),
        Method::HEAD => Keyword::from_static("HEAD unknown route"),
        Method::OPTIONS => Keyword::from_static("OPTIONS unknown route"),
        Method::PATCH => Keyword::from_static("PATCH unknown route"),
        _ => name(method, "unknown route"),
    }
}

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
pub(super) fn has_no_body(is_head: bool, status: StatusCode) -> bool {
    is_head
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

/// Whether what follows the head is another protocol's: an upgrade, a tunnel, a WebSocket over HTTP/2.
pub(super) fn switches_protocols(is_connect: bool, status: StatusCode) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS || (is_connect && status.is_success())
}

/// Whether the response is a stream of events, which lasts as long as somebody listens.
pub(super) fn is_event_stream(headers: &HeaderMap) -> bool {
    const ESSENCE: &[u8] = b"text/event-stream";
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let parts = content_type.trim_ascii_start().split_at_checked(ESSENCE.len());
    parts.is_some_and(|(essence, rest)| {
        matches!(rest.trim_ascii_start(), [] | [b';', ..]) && essence.eq_ignore_ascii_case(ESSENCE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_methods_name_themselves_and_all_others_are_one() {
        assert!(OTHER_REGISTERED.is_sorted());
        for (method, expected) in [
            ("GET", "GET"),
            ("PATCH", "PATCH"),
            ("PROPFIND", "PROPFIND"),
            ("QUERY", "QUERY"),
            ("BREW", "OTHER"),
            ("get", "OTHER"),
            ("x-1234567890", "OTHER"),
        ] {
            assert_eq!(method_name(&Method::from_bytes(method.as_bytes()).unwrap()), expected);
        }
    }

    #[test]
    fn event_streams_are_told_by_their_content_type() {
        for (content_type, is_stream) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            (" text/event-stream \t;charset=utf-8", true),
            ("text/event-stream ", true),
            ("text/event-stream utf-8", false),
            ("text/event-strea;", false),
            ("text/event-streams", false),
            ("text/plain", false),
        ] {
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
            assert_eq!(is_event_stream(&headers), is_stream, "{content_type}");
        }
        assert!(!is_event_stream(&HeaderMap::new()));
    }
}
