//! The URL of a request, in parts.

use elastic_apm_intake::{Keyword, Url};
use http::uri::{Authority, PathAndQuery};

use crate::captured::CapturedRequest;

/// The URL as received, without user name and password. Without a `Host` there is no `full`.
pub(super) fn render(captured: &CapturedRequest) -> Url {
    let uri = &captured.uri;
    let scheme = uri.scheme_str().unwrap_or("http");
    let from_header = || Authority::try_from(captured.host.as_ref()?.as_bytes()).ok();
    let authority = uri.authority().cloned().or_else(from_header);
    let raw = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut url = Url {
        raw: Some(Keyword::copied(raw)),
        protocol: Some(Keyword::formatted(format_args!("{scheme}:"))),
        pathname: Some(Keyword::copied(uri.path())),
        search: uri
            .query()
            .filter(|query| !query.is_empty())
            .map(|query| Keyword::formatted(format_args!("?{query}"))),
        ..Url::default()
    };
    if let Some(authority) = authority {
        let host = authority.host();
        // An asterisk asks about the server itself.
        let path = if raw == "*" { "" } else { raw };
        url.full = Some(match authority.port_u16() {
            Some(port) => Keyword::formatted(format_args!("{scheme}://{host}:{port}{path}")),
            None => Keyword::formatted(format_args!("{scheme}://{host}{path}")),
        });
        url.hostname = Some(Keyword::copied(host.trim_start_matches('[').trim_end_matches(']')));
        url.port = authority.port_u16();
    }
    url
}
