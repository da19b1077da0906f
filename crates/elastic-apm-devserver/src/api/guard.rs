//! Keeps foreign web pages out of the API.
//!
//! A page on the internet can point a host name of its own at 127.0.0.1 and then read what a browser may read
//! from there. While the server listens on a loopback address, only names of this machine are answered.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::HOST;

use crate::state::App;

/// The middleware: 403 for a `Host` that is neither an address nor `localhost`.
pub(crate) async fn local_names_only(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    if app.local_only && !host.is_some_and(is_local_name) {
        return (StatusCode::FORBIDDEN, "open this page by the server's address or as localhost\n")
            .into_response();
    }
    next.run(request).await
}

fn is_local_name(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_local_name;

    #[test]
    fn addresses_and_localhost_are_local() {
        for host in ["localhost", "localhost:8200", "app.localhost:8200", "127.0.0.1:8200", "[::1]:8200"] {
            assert!(is_local_name(host), "{host}");
        }
    }

    #[test]
    fn other_names_are_foreign() {
        for host in
            ["evil.example", "localhost.evil.example:8200", "127.0.0.1.evil.example", "", "notlocalhost"]
        {
            assert!(!is_local_name(host), "{host}");
        }
    }
}
