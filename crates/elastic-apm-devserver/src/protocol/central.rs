//! `/config/v1/agents`: what is set for a service, as its agents ask for it.
//!
//! Where nothing is set the answer says so in the server's own way: an empty object under the ETag `-`.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::Response;
use http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::Deserialize;

use super::answer;
use super::configurations::{self, Options};
use crate::state::App;

type Parameters = HashMap<String, String>;

/// A real server lets agents wait longer; here somebody is looking at them.
const CACHE: HeaderValue = HeaderValue::from_static("max-age=5, must-revalidate");
const CACHE_REFUSAL: HeaderValue = HeaderValue::from_static("max-age=300, must-revalidate");

#[derive(Deserialize, Default)]
#[serde(default)]
struct Document {
    service: Service,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Service {
    name: String,
}

/// Answers any method; all but GET and POST are refused with 405.
pub(crate) async fn agents(
    State(app): State<App>,
    method: Method,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (mut response, cache) = match service_name(&app, &method, &query, &headers, &body) {
        Ok(service) => (respond(&app.configurations.of(&service), &query, &headers), CACHE),
        Err((status, message)) => (answer::error(&headers, status, &message), CACHE_REFUSAL),
    };
    response.headers_mut().insert(CACHE_CONTROL, cache);
    response
}

fn respond(options: &Options, query: &Parameters, headers: &HeaderMap) -> Response {
    let etag = configurations::etag(options);
    let mut response = if known_etag(query, headers) == etag {
        answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        answer::json(headers, StatusCode::OK, options)
    };
    if let Ok(etag) = HeaderValue::try_from(format!("\"{etag}\"")) {
        response.headers_mut().insert(ETAG, etag);
    }
    response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Etag"));
    response
}

/// The service that asks, if it may.
fn service_name(
    app: &App,
    method: &Method,
    query: &Parameters,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<String, (StatusCode, String)> {
    app.credentials.check(headers).map_err(|message| (StatusCode::UNAUTHORIZED, message))?;
    let name = match *method {
        Method::GET => query.get("service.name").cloned().unwrap_or_default(),
        Method::POST => {
            serde_json::from_slice::<Document>(body)
                .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?
                .service
                .name
        }
        _ => return Err((StatusCode::METHOD_NOT_ALLOWED, format!("method not supported: {method}"))),
    };
    if name.is_empty() {
        return Err((StatusCode::BAD_REQUEST, "service.name is required".to_owned()));
    }
    Ok(name)
}

fn known_etag(query: &Parameters, headers: &HeaderMap) -> String {
    match headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()) {
        Some(etag) if !etag.is_empty() => etag.replace('"', ""),
        _ => query.get("ifnonematch").cloned().unwrap_or_default(),
    }
}
