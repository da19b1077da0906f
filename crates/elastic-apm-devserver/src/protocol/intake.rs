//! `POST /intake/v2/events`: decides, reads, answers.

use std::collections::HashMap;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use bytes::BytesMut;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Method, StatusCode};
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, timeout_at};

use super::answer::{self, IntakeBody};
use super::linger::{linger, linger_on_body};
use super::stream::Stream;
use super::{encoding, faults};
use crate::state::App;

/// How much is decompressed at a time.
const CHUNK: usize = 32 * 1024;

/// Handles every method, since a real server answers each with its own 400.
pub(crate) async fn events(
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let response = match precheck(&app, &parts) {
        Some(response) => {
            linger_on_body(body);
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
    None
}

/// What came next of a body.
enum Next {
    Chunk,
    End,
    Broken(io::Error),
    Late,
    Stopping,
}

async fn read(app: &App, parts: &Parts, body: Body, verbose: bool) -> Response {
    let headers = &parts.headers;
    let deadline = Instant::now() + app.read_timeout;
    let timed_out = || answer::error(headers, StatusCode::SERVICE_UNAVAILABLE, "request timed out");
    let mut reader = match timeout_at(deadline, encoding::open(headers, body)).await {
        Ok(Ok(reader)) => reader,
        Ok(Err((body, problem))) => {
            linger_on_body(body);
            let refusal = IntakeBody::refusal(format!("data decoding error: {problem}"));
            return answer::json(headers, StatusCode::BAD_REQUEST, &refusal);
        }
        Err(_) => return timed_out(),
    };
    let mut stopping = app.stopping.subscribe();
    let mut stream = Stream::new(app.store.clone(), app.keep_unsampled, now_us());
    let mut chunk = BytesMut::with_capacity(CHUNK);
    let result = loop {
        chunk.clear();
        let next = tokio::select! {
            read = timeout_at(deadline, reader.read_buf(&mut chunk)) => match read {
                Ok(Ok(0)) => Next::End,
                Ok(Ok(_)) => Next::Chunk,
                Ok(Err(error)) => Next::Broken(error),
                Err(_) => Next::Late,
            },
            _ = stopping.wait_for(|stopping| *stopping) => Next::Stopping,
        };
        match next {
            Next::Chunk if stream.push(&chunk) => {}
            Next::Chunk => {
                linger(reader);
                break stream.finish();
            }
            Next::End => break stream.finish(),
            Next::Broken(error) => {
                let broken = stream.fail(format!("cannot handle stream: {}", reason(&error)));
                return answer::json(headers, StatusCode::INTERNAL_SERVER_ERROR, &broken);
            }
            Next::Late => {
                linger(reader);
                return timed_out();
            }
            Next::Stopping => {
                let ended = stream.fail("server is shutting down".to_owned());
                return answer::json(headers, StatusCode::SERVICE_UNAVAILABLE, &ended);
            }
        }
    };
    if !result.errors.is_empty() {
        return answer::json(headers, StatusCode::BAD_REQUEST, &result);
    }
    if verbose {
        return answer::json(headers, StatusCode::ACCEPTED, &result);
    }
    answer::empty(StatusCode::ACCEPTED)
}

/// An end that came too early is named as the server names it.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        _ => error.to_string(),
    }
}

fn now_us() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX)
}
