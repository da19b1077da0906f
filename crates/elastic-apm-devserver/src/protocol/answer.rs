//! How an answer of the agent-facing routes is put on the wire: status, headers, and JSON in the form
//! that the `Accept` header asks for. Knows nothing of what was decided or why.

use axum::body::Body;
use axum::response::Response;
use http::header::{ACCEPT, CONNECTION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

/// The body of an intake answer: how many events were taken, and what was wrong with the others.
#[derive(Debug, Default, Serialize)]
pub(crate) struct IntakeBody {
    pub(crate) accepted: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Problem>,
}

/// One refused line, or one failure of the whole stream (then without a document).
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) document: String,
}

impl IntakeBody {
    /// Nothing was taken, for this one reason.
    pub(crate) fn refusal(message: impl Into<String>) -> Self {
        let problem = Problem { message: message.into(), document: String::new() };
        Self { accepted: 0, errors: vec![problem] }
    }
}

/// The body of every other refusal: `{"error": ".."}`.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorBody<'a> {
    pub(crate) error: &'a str,
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    finish(status, None, Body::empty())
}

/// An answer with a body: indented JSON when the client accepts JSON, else one line of text that is
/// JSON all the same.
pub(crate) fn json(request: &HeaderMap, status: StatusCode, body: &impl Serialize) -> Response {
    let (content_type, text) = if accepts_json(request) {
        ("application/json", serde_json::to_string_pretty(body))
    } else {
        ("text/plain; charset=utf-8", serde_json::to_string(body))
    };
    match text {
        Ok(text) => finish(status, Some(content_type), Body::from(text + "\n")),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// A refusal in the form `{"error": message}`.
pub(crate) fn error(request: &HeaderMap, status: StatusCode, message: &str) -> Response {
    json(request, status, &ErrorBody { error: message })
}

fn accepts_json(request: &HeaderMap) -> bool {
    let accept = request.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("*/*") || accept.contains("application/json")
}

fn finish(status: StatusCode, content_type: Option<&'static str>, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if status.as_u16() >= 400 {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))])
    }

    #[test]
    fn json_is_accepted_by_name_or_wildcard_only() {
        assert!(accepts_json(&accept("text/html, */*;q=0.1")));
        assert!(accepts_json(&accept("application/json")));
        assert!(!accepts_json(&accept("text/plain")));
        assert!(!accepts_json(&HeaderMap::new()));
    }

    #[test]
    fn errors_close_the_connection_and_successes_do_not() {
        assert_eq!(error(&HeaderMap::new(), StatusCode::UNAUTHORIZED, "no").headers()[CONNECTION], "close");
        assert!(!empty(StatusCode::ACCEPTED).headers().contains_key(CONNECTION));
        assert_eq!(empty(StatusCode::ACCEPTED).headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }

    #[test]
    fn the_error_list_is_absent_when_empty() {
        let body = IntakeBody { accepted: 3, errors: Vec::new() };

        assert_eq!(serde_json::to_string(&body).unwrap(), r#"{"accepted":3}"#);
    }
}
