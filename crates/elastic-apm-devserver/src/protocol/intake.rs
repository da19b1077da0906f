//! `POST /intake/v2/events`: decides, reads, answers.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::Instant;

use super::answer::{self, IntakeBody};
use super::encoding::Undecodable;
use super::faults;
use super::linger::linger;
use super::stream::Stream;
use crate::state::App;

/// Handles every method, since a real server answers each with its own 400.
pub(crate) async fn events(
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let response = match precheck(&app, &parts) {
        Some(response) => {
            linger(body);
            response
        }
        None => read(&app, &parts, body, query.contains_key("verbose")).await,
    };
    app.store.count(|stats| {
        stats.requests += 1;
        stats.failed_requests += u64::from(response.status().as_u16() >= 400);
    });
    response
}

/// The answer to a request whose body is not worth reading.
fn precheck(app: &App, parts: &Parts) -> Option<Response> {
    let headers = &parts.headers;
    if let Some(status) = app.faults.take() {
        return Some(faults::response(headers, status));
    }
    if let Err(message) = app.credentials.check(headers) {
        return Some(answer::error(headers, StatusCode::UNAUTHORIZED, &message));
    }
    let refuse =
        |message: String| Some(answer::json(headers, StatusCode::BAD_REQUEST, &IntakeBody::refusal(message)));
    if parts.method != Method::POST {
        return refuse("only POST requests are supported".to_owned());
    }
    let content_type = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    match content_type.as_deref() {
        None | Some("") => {}
        Some(content_type) if content_type.contains("application/x-ndjson") => {}
        Some(other) => return refuse(format!("invalid content type: '{other}'")),
    }
    parts.extensions.get::<Undecodable>().and_then(|Undecodable(message)| refuse(message.clone()))
}

async fn read(app: &App, parts: &Parts, mut body: Body, verbose: bool) -> Response {
    let deadline = Instant::now() + app.read_timeout;
    let mut stream = Stream::new(app.store.clone(), app.keep_unsampled, now_us());
    let result = loop {
        let Ok(frame) = tokio::time::timeout_at(deadline, body.frame()).await else {
            linger(body);
            return answer::error(&parts.headers, StatusCode::SERVICE_UNAVAILABLE, "request timed out");
        };
        match frame {
            None => break stream.finish(),
            Some(Ok(frame)) => {
                let chunk = frame.data_ref().map_or(&b""[..], |data| data);
                if !stream.push(chunk) {
                    linger(body);
                    break stream.finish();
                }
            }
            Some(Err(error)) => {
                let broken = stream.fail(format!("cannot handle stream: {}", reason(&error)));
                return answer::json(&parts.headers, StatusCode::INTERNAL_SERVER_ERROR, &broken);
            }
        }
    };
    if !result.errors.is_empty() {
        return answer::json(&parts.headers, StatusCode::BAD_REQUEST, &result);
    }
    if verbose {
        return answer::json(&parts.headers, StatusCode::ACCEPTED, &result);
    }
    answer::empty(StatusCode::ACCEPTED)
}

/// The innermost cause; an end that came too early is named as the server names it.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    match innermost.downcast_ref::<std::io::Error>() {
        Some(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        _ => innermost.to_string(),
    }
}

fn now_us() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX)
}
