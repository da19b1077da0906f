//! What a URL says of the server behind it. Pure functions of the URL and the `Host` header.

use elastic_apm_intake::Keyword;
use http::uri::Authority;
use http::{HeaderMap, header};

use super::url::CallUrl;

/// Host and port of an outgoing call.
pub(crate) struct Endpoint<'a> {
    /// Host and port as they stand, without user name and password.
    server: &'a str,
    host: &'a str,
    /// The port, where it is said.
    port: Option<u16>,
    scheme: &'a str,
    /// The port that the scheme has of its own, and how a resource says it.
    own_port: Option<(u16, &'static str)>,
}

impl<'a> Endpoint<'a> {
    /// The server that `url` names or, where it is only a path, the `Host` header. `None` where neither does.
    pub(crate) fn of(url: &CallUrl<'a>, headers: Option<&'a HeaderMap>) -> Option<Self> {
        let text = if url.authority.is_empty() { said_by(headers?)? } else { url.authority };
        let start = last(text, b'@').map_or(0, |at| at + 1);
        let server = text.get(start..)?;
        // An IPv6 address has colons of its own, within its brackets.
        let colon =
            last(server, b':').filter(|colon| last(server, b']').is_none_or(|bracket| bracket < *colon));
        let host = server.get(..colon.unwrap_or(server.len())).filter(|host| !host.is_empty())?;
        let port = colon.and_then(|colon| server.get(colon + 1..)?.parse().ok());
        let scheme = if url.scheme.is_empty() { "http" } else { url.scheme };
        Some(Endpoint { server, host, port, scheme, own_port: own_port(scheme) })
    }

    /// The scheme; `http` where the URL has none.
    pub(crate) fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// Host and port as the URL has them, without user name and password.
    pub(crate) fn server(&self) -> &'a str {
        self.server
    }

    /// The host without user name and password; IPv6 addresses in brackets.
    pub(crate) fn host(&self) -> &'a str {
        self.host
    }

    /// The host name or address alone: IPv6 without brackets.
    pub(crate) fn address(&self) -> &'a str {
        self.host().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port that is said, or the scheme's own. `None` where neither is known.
    pub(crate) fn port(&self) -> Option<u16> {
        self.port.or(self.own_port.map(|(port, _)| port))
    }

    /// `host:port`, also where the port is the scheme's own; the host alone where no port is known.
    pub(crate) fn resource(&self) -> Keyword {
        match (self.port, self.own_port) {
            (Some(_), _) => Keyword::copied(self.server()),
            (None, Some((_, own))) => Keyword::joined([self.host(), own]),
            (None, None) => Keyword::copied(self.host()),
        }
    }

    /// `host`, with the port only where it is not the scheme's own.
    pub(crate) fn short(&self) -> &'a str {
        let is_own = self.port.is_none_or(|port| self.own_port.is_some_and(|(own, _)| own == port));
        if is_own { self.host() } else { self.server() }
    }
}

/// The port that this scheme has of its own, and how a resource says it.
#[inline]
fn own_port(scheme: &str) -> Option<(u16, &'static str)> {
    match scheme {
        "http" | "ws" => Some((80, ":80")),
        "https" | "wss" => Some((443, ":443")),
        "ftp" => Some((21, ":21")),
        _ => own_port_of_any_case(scheme),
    }
}

/// Whoever takes URLs apart writes schemes in lower case, as a rule.
#[cold]
fn own_port_of_any_case(scheme: &str) -> Option<(u16, &'static str)> {
    let lower = scheme.to_ascii_lowercase();
    if lower == scheme { None } else { own_port(&lower) }
}

/// Where this ASCII character is for the last time.
#[inline]
fn last(text: &str, character: u8) -> Option<usize> {
    text.as_bytes().iter().rposition(|byte| *byte == character)
}

/// The server that the `Host` header names, if that is well-formed.
fn said_by(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    host.parse::<Authority>().is_ok().then_some(host)
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::*;

    fn endpoint(url: &str) -> Endpoint<'_> {
        Endpoint::of(&CallUrl::parse(url), None).unwrap()
    }

    #[test]
    fn the_schemes_own_port_is_in_the_resource_and_not_in_the_short_form() {
        for url in ["https://example.com/a", "https://example.com:443/a"] {
            assert_eq!(endpoint(url).short(), "example.com");
            assert_eq!(endpoint(url).resource(), "example.com:443");
        }
        assert_eq!(endpoint("http://example.com").resource(), "example.com:80");
    }

    #[test]
    fn another_port_is_in_both_forms() {
        assert_eq!(endpoint("https://example.com:8443/").short(), "example.com:8443");
        assert_eq!(endpoint("https://example.com:8443/").resource(), "example.com:8443");
    }

    #[test]
    fn the_scheme_is_the_urls_own() {
        assert_eq!(endpoint("ftp://example.com/a").scheme(), "ftp");
        assert_eq!(endpoint("https://example.com/a").scheme(), "https");
    }

    #[test]
    fn a_scheme_has_a_port_of_its_own_or_none_is_made_up() {
        for (url, port, resource) in [
            ("ftp://a/", Some(21), "a:21"),
            ("ftp://a:80/", Some(80), "a:80"),
            ("ws://a/", Some(80), "a:80"),
            ("WSS://[::1]/", Some(443), "[::1]:443"),
            ("HTTPS://a/", Some(443), "a:443"),
            ("gopher://a:70/", Some(70), "a:70"),
            ("gopher://a/", None, "a"),
        ] {
            let endpoint = endpoint(url);
            assert_eq!((endpoint.port(), endpoint.resource().as_str()), (port, resource), "{url}");
        }
        for (url, short) in
            [("ftp://a:21/", "a"), ("ftp://a:80/", "a:80"), ("gopher://a:80/", "a:80"), ("gopher://a/", "a")]
        {
            assert_eq!(endpoint(url).short(), short, "{url}");
        }
    }

    #[test]
    fn ipv6_has_brackets_in_the_resource_and_none_in_the_address() {
        let endpoint = endpoint("http://[::1]:8080/");

        assert_eq!((endpoint.resource().as_str(), endpoint.address()), ("[::1]:8080", "::1"));
    }

    #[test]
    fn credentials_are_no_part_of_the_host() {
        for (url, resource) in [
            ("http://joe:secret@example.com/", "example.com:80"),
            ("http://joe:secret@example.com:81/", "example.com:81"),
            ("http://joe@[::1]/", "[::1]:80"),
            ("http://joe:se:cret@[::1]:81/", "[::1]:81"),
        ] {
            assert_eq!(endpoint(url).resource(), resource);
        }
    }

    #[test]
    fn it_agrees_with_the_url_on_host_and_port() {
        for url in [
            "http://a",
            "http://a:1/",
            "https://a:65535",
            "http://a:/x",
            "http://joe@a",
            "http://:@a:2",
            "http://[::1]",
            "http://[::ffff:1.2.3.4]:80/",
            "http://a.b-c_d~e!f$g&h'i(j)k*l+m,n;o=p:3",
        ] {
            let (uri, endpoint): (Uri, _) = (url.parse().unwrap(), endpoint(url));
            assert_eq!(uri.host(), Some(endpoint.host()), "{url}");
            assert_eq!(
                uri.port_u16().or(Some(if url.starts_with("https") { 443 } else { 80 })),
                endpoint.port()
            );
        }
    }

    #[test]
    fn a_path_alone_takes_its_server_from_the_host_header() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "shop.example:8080".parse().unwrap());

        let path = Uri::from_static("/cart");
        let url = CallUrl::from(&path);
        let found = Endpoint::of(&url, Some(&headers)).unwrap();

        assert_eq!((found.scheme(), found.resource().as_str()), ("http", "shop.example:8080"));
        assert!(Endpoint::of(&url, None).is_none());
    }
}
