//! The URL of a request, in parts.

use elastic_apm_intake::UrlRef;

use super::authority::HostAndPort;
use crate::captured::{CapturedUrl, MAX_AUTHORITY_BYTES};

/// The URL as received, without user name and password. Without a `Host` there is no `full`.
pub(super) struct RenderedUrl<'a> {
    captured: &'a CapturedUrl,
    server: Option<HostAndPort<'a>>,
    /// The whole URL, of which the parts are parts: scheme and colon, the server if it is known, then the target as received.
    text: String,
    /// Where in there the target begins.
    target: usize,
}

impl<'a> RenderedUrl<'a> {
    /// `host` is what the request's `Host` header says, if it was captured.
    pub(super) fn of(captured: &'a CapturedUrl, host: Option<&'a str>) -> Self {
        let CapturedUrl { scheme, authority, path, query } = captured;
        let authority = authority.as_deref().or(host).filter(|text| text.len() <= MAX_AUTHORITY_BYTES);
        let server = authority.and_then(HostAndPort::of);
        // Slashes, colons and question mark.
        let mut length = scheme.len() + 5 + path.len() + query.as_deref().map_or(0, str::len);
        length += server.as_ref().map_or(0, HostAndPort::length);
        let mut text = String::with_capacity(length);
        text.push_str(scheme);
        text.push(':');
        if let Some(HostAndPort { host, port }) = &server {
            text.push_str("//");
            text.push_str(host);
            if let Some((digits, _)) = port {
                text.push(':');
                text.push_str(digits);
            }
        }
        let target = text.len();
        match query {
            Some(query) => {
                text.push_str(path);
                text.push('?');
                text.push_str(query);
            }
            None => text.push_str(if path.is_empty() { "/" } else { path }),
        }
        RenderedUrl { captured, server, text, target }
    }

    pub(super) fn borrow(&self) -> UrlRef<'_> {
        let CapturedUrl { scheme, path, query, .. } = self.captured;
        let (server, raw) = self.text.split_at(self.target);
        // An asterisk asks about the server itself.
        let full = if raw == "*" { server } else { self.text.as_str() };
        UrlRef {
            full: self.server.is_some().then_some(full),
            raw,
            protocol: &self.text[..=scheme.len()],
            hostname: self.server.as_ref().map(HostAndPort::name),
            port: self.server.as_ref().and_then(HostAndPort::number),
            pathname: path,
            search: query.as_ref().filter(|query| !query.is_empty()).map(|_| &raw[path.len()..]),
        }
    }
}
