//! `/config/v1/agents`: the central configuration endpoint, which here never has a setting to give.
//!
//! The answer says so in the server's own way: an empty object under the ETag `-`.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::Response;
use http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::Deserialize;

use super::answer;
use crate::state::App;

type Parameters = HashMap<String, String>;

const NO_CONFIG: &str = "-";

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
    let mut response = match respond(&app, &method, &query, &headers, &body) {
        Ok(response) => response,
        Err((status, message)) => answer::error(&headers, status, &message),
    };
    let cacheable = response.status().as_u16() < 400;
    let cache = if cacheable { "max-age=30, must-revalidate" } else { "max-age=300, must-revalidate" };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if cacheable {
        response.headers_mut().insert(ETAG, HeaderValue::from_static("\"-\""));
        response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Etag"));
    }
    response
}

fn respond(
    app: &App,
    method: &Method,
    query: &Parameters,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, (StatusCode, String)> {
    app.credentials.check(headers).map_err(|message| (StatusCode::UNAUTHORIZED, message))?;
    let service_name = match *method {
        Method::GET => query.get("service.name").cloned().unwrap_or_default(),
        Method::POST => {
            serde_json::from_slice::<Document>(body)
                .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?
                .service
                .name
        }
        _ => return Err((StatusCode::METHOD_NOT_ALLOWED, format!("method not supported: {method}"))),
    };
    if service_name.is_empty() {
        return Err((StatusCode::BAD_REQUEST, "service.name is required".to_owned()));
    }
    if known_etag(query, headers) == NO_CONFIG {
        return Ok(answer::empty(StatusCode::NOT_MODIFIED));
    }
    Ok(answer::json(headers, StatusCode::OK, &serde_json::Map::new()))
}

fn known_etag(query: &Parameters, headers: &HeaderMap) -> String {
    match headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()) {
        Some(etag) if !etag.is_empty() => etag.replace('"', ""),
        _ => query.get("ifnonematch").cloned().unwrap_or_default(),
    }
}
