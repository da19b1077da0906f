//! `GET /`: who this server is. Agents read the version from it.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use super::answer;
use crate::page;
use crate::state::App;

#[derive(Serialize)]
struct Info<'a> {
    build_date: &'a str,
    build_sha: &'a str,
    publish_ready: bool,
    server: &'a str,
    version: &'a str,
}

/// Agents get JSON, browsers the page; without valid credentials the answer is 200 and empty, so that an
/// agent knows only that something is there.
pub(crate) async fn info(State(app): State<App>, headers: HeaderMap) -> Response {
    let mut response = if wants_html(&headers) {
        page::index().await.into_response()
    } else if app.credentials.check(&headers).is_err() {
        answer::empty(StatusCode::OK)
    } else {
        let info = Info {
            build_date: "1970-01-01T00:00:00Z",
            build_sha: "0000000000000000000000000000000000000000",
            publish_ready: true,
            server: env!("CARGO_PKG_NAME"),
            version: &app.version,
        };
        answer::json(&headers, StatusCode::OK, &info)
    };
    response.headers_mut().insert(VARY, HeaderValue::from_name(ACCEPT));
    response
}

/// Any other path.
pub(crate) async fn not_found(headers: HeaderMap) -> Response {
    answer::error(&headers, StatusCode::NOT_FOUND, "404 page not found")
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
