//! What trusted proxies say of the request they passed on: `Forwarded` and `X-Forwarded-*`.
//!
//! Of several proxies the first named counts, which is the one the client spoke to. What is malformed counts as not said.

use std::net::{IpAddr, SocketAddr};

use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Uri, header};

/// The request as the client sent it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Forwarded {
    pub(super) client: Option<IpAddr>,
    scheme: Option<Scheme>,
    host: Option<Authority>,
    port: Option<u16>,
}

impl Forwarded {
    /// Reads the headers; `Forwarded` wins where it says something.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let mut forwarded = first(headers, "forwarded").map(Forwarded::parse).unwrap_or_default();
        let list = |name| first(headers, name).and_then(|value| value.split(',').next()).map(str::trim);
        forwarded.client = forwarded.client.or_else(|| address(list("x-forwarded-for")?));
        forwarded.scheme = forwarded.scheme.or_else(|| scheme(list("x-forwarded-proto")?));
        forwarded.host = forwarded.host.or_else(|| list("x-forwarded-host")?.try_into().ok());
        forwarded.port = list("x-forwarded-port").and_then(|port| port.parse().ok());
        forwarded
    }

    /// Reads the first element of `Forwarded`: pairs of a name and a token or quoted text.
    fn parse(value: &str) -> Self {
        let mut forwarded = Forwarded::default();
        for (name, value) in pairs(value) {
            match name.to_ascii_lowercase().as_str() {
                "for" => forwarded.client = address(&value),
                "proto" => forwarded.scheme = scheme(&value),
                "host" => forwarded.host = value.as_str().try_into().ok(),
                _ => {}
            }
        }
        forwarded
    }

    /// The URL that the client asked for, as far as anybody knows.
    pub(super) fn url(&self, uri: &Uri, headers: &HeaderMap) -> Uri {
        let host = || headers.get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
        let authority = self.host.clone().or_else(|| uri.authority().cloned()).or_else(host);
        let scheme = self.scheme.as_ref().or(uri.scheme()).unwrap_or(&Scheme::HTTP);
        let is_default = |port| port == if *scheme == Scheme::HTTPS { 443 } else { 80 };
        let authority = match (authority, self.port.filter(|port| !is_default(*port))) {
            (Some(authority), Some(port)) if authority.port().is_none() => {
                Authority::try_from(format!("{}:{port}", authority.host())).ok()
            }
            (authority, _) => authority,
        };
        let mut parts = uri.clone().into_parts();
        (parts.scheme, parts.authority) = (Some(scheme.clone()), authority);
        Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
    }
}

fn first<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(HeaderValue::to_str)?.ok()
}

/// The name-value pairs up to the first comma; separators inside quotes do not count.
fn pairs(element: &str) -> Vec<(&str, String)> {
    let mut pairs = Vec::new();
    let mut rest = element;
    while let Some((name, tail)) = rest.split_once('=') {
        let (value, tail) = value(tail.trim_start());
        pairs.push((name.trim(), value));
        match tail.trim_start().strip_prefix(';') {
            Some(tail) => rest = tail,
            None => break,
        }
    }
    pairs
}

/// A token or a quoted text, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return (text[..end].trim_end().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    // A quote that is never closed: the rest is unreadable.
    (String::new(), "")
}

fn scheme(text: &str) -> Option<Scheme> {
    match text {
        _ if text.eq_ignore_ascii_case("https") => Some(Scheme::HTTPS),
        _ if text.eq_ignore_ascii_case("http") => Some(Scheme::HTTP),
        _ => None,
    }
}

/// An address with or without port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests;
