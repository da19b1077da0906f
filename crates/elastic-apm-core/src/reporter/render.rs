//! Turns what a layer captured into the wire's request and response context, sanitised.
//!
//! Runs on the reporter thread: the application paid for reference counts only.

use elastic_apm_intake::{Context, Headers, Keyword, Request, Response, Socket, Url};
use http::uri::Authority;
use http::{HeaderMap, Version};

use super::sanitize;
use crate::captured::{CapturedRequest, CapturedResponse};
use crate::config::WildcardList;

/// Puts both halves of an exchange into `context`, which is made if there is something to put.
pub(crate) fn exchange(
    context: &mut Option<Box<Context>>,
    request: Option<&CapturedRequest>,
    response: Option<&CapturedResponse>,
    sanitized: &WildcardList,
) {
    if let Some(captured) = request {
        context.get_or_insert_default().request = Some(Box::new(self::request(captured, sanitized)));
    }
    if let Some(captured) = response {
        context.get_or_insert_default().response = Some(Box::new(self::response(captured, sanitized)));
    }
}

fn request(captured: &CapturedRequest, sanitized: &WildcardList) -> Request {
    Request {
        method: Keyword::copied(captured.method.as_str()),
        url: url(captured),
        headers: headers(&captured.headers, sanitized),
        http_version: http_version(captured.version).map(Keyword::from_static),
        socket: captured.remote.map(|ip| Socket {
            remote_address: Some(Keyword::formatted(format_args!("{ip}"))),
            ..Socket::default()
        }),
        ..Request::default()
    }
}

fn response(captured: &CapturedResponse, sanitized: &WildcardList) -> Response {
    Response {
        status_code: Some(captured.status.as_u16()),
        headers: headers(&captured.headers, sanitized),
        // Worth saying only when it is not so.
        finished: (!captured.finished).then_some(false),
        ..Response::default()
    }
}

fn headers(captured: &HeaderMap, sanitized: &WildcardList) -> Headers {
    let mut headers = Headers::with_capacity(captured.keys_len());
    for name in captured.keys() {
        for value in captured.get_all(name) {
            headers.append(Keyword::copied(name.as_str()), text(value.as_bytes()));
        }
    }
    sanitize::headers(&mut headers, sanitized);
    headers
}

/// Header values are bytes; what is not UTF-8 is shown with replacement characters.
fn text(bytes: &[u8]) -> Keyword {
    match std::str::from_utf8(bytes) {
        Ok(text) => Keyword::copied(text),
        Err(_) => Keyword::from(String::from_utf8_lossy(bytes).into_owned()),
    }
}

fn http_version(version: Version) -> Option<&'static str> {
    Some(match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => return None,
    })
}

/// The URL as received, without user name and password. Without a `Host` there is no `full`.
fn url(captured: &CapturedRequest) -> Url {
    let uri = &captured.uri;
    let scheme = uri.scheme_str().unwrap_or("http");
    let from_header = || Authority::try_from(captured.host.as_ref()?.as_bytes()).ok();
    let authority = uri.authority().cloned().or_else(from_header);
    let raw = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
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
        url.full = Some(match authority.port_u16() {
            Some(port) => Keyword::formatted(format_args!("{scheme}://{host}:{port}{raw}")),
            None => Keyword::formatted(format_args!("{scheme}://{host}{raw}")),
        });
        url.hostname = Some(Keyword::copied(host.trim_start_matches('[').trim_end_matches(']')));
        url.port = authority.port_u16();
    }
    url
}

#[cfg(test)]
mod tests;
