//! The URL of a request, in parts.

use elastic_apm_intake::{Keyword, Url};
use http::uri::Authority;

use crate::captured::CapturedUrl;

/// The URL as received, without user name and password. Without a `Host` there is no `full`.
pub(super) fn render(captured: &CapturedUrl) -> Url {
    let CapturedUrl { scheme, path, query, .. } = captured;
    let raw = match query {
        Some(query) => Keyword::joined([path, "?", query]),
        None if path.is_empty() => Keyword::from_static("/"),
        None => path.clone(),
    };
    let mut url = Url {
        protocol: Some(protocol(scheme)),
        pathname: Some(path.clone()),
        search: query.as_ref().filter(|query| !query.is_empty()).map(|query| Keyword::joined(["?", query])),
        ..Url::default()
    };
    let authority = captured.authority.as_ref().and_then(|text| Authority::try_from(text.as_str()).ok());
    if let Some(authority) = authority {
        let host = authority.host();
        // An asterisk asks about the server itself.
        let path = if raw == "*" { "" } else { raw.as_str() };
        url.full = Some(match authority.port() {
            Some(port) => Keyword::joined([scheme, "://", host, ":", port.as_str(), path]),
            None => Keyword::joined([scheme, "://", host, path]),
        });
        url.hostname = Some(Keyword::copied(host.trim_start_matches('[').trim_end_matches(']')));
        url.port = authority.port_u16();
    }
    url.raw = Some(raw);
    url
}

fn protocol(scheme: &str) -> Keyword {
    match scheme {
        "http" => Keyword::from_static("http:"),
        "https" => Keyword::from_static("https:"),
        _ => Keyword::joined([scheme, ":"]),
    }
}
