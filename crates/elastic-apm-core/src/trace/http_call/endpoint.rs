//! What a URL says of the server behind it. Pure functions of the URL and the `Host` header.

use elastic_apm_intake::Keyword;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Uri, header};

/// Host and port of an outgoing call.
pub(crate) struct Endpoint {
    authority: Authority,
    https: bool,
}

impl Endpoint {
    /// The server that `url` names or, where it is only a path, the `Host` header. `None` where neither does.
    pub(crate) fn of(url: &Uri, headers: Option<&HeaderMap>) -> Option<Self> {
        let authority = match url.authority() {
            Some(authority) => authority.clone(),
            None => headers?.get(header::HOST)?.to_str().ok()?.parse().ok()?,
        };
        let https = url.scheme() == Some(&Scheme::HTTPS);
        (!authority.host().is_empty()).then_some(Endpoint { authority, https })
    }

    /// The scheme; `http` where the URL has none.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// Host and port as the URL has them, without user name and password.
    pub(crate) fn server(&self) -> &str {
        let authority = self.authority.as_str();
        authority.rsplit_once('@').map_or(authority, |(_, server)| server)
    }

    /// The host without user name and password; IPv6 addresses in brackets.
    pub(crate) fn host(&self) -> &str {
        self.authority.host()
    }

    /// The host name or address alone: IPv6 without brackets.
    pub(crate) fn address(&self) -> &str {
        self.host().trim_start_matches('[').trim_end_matches(']')
    }

    pub(crate) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(self.default_port())
    }

    /// `host:port`, also where the port is the scheme's own.
    pub(crate) fn resource(&self) -> Keyword {
        Keyword::formatted(format_args!("{}:{}", self.host(), self.port()))
    }

    /// `host`, with the port only where it is not the scheme's own.
    pub(crate) fn short(&self) -> Keyword {
        if self.port() == self.default_port() { Keyword::copied(self.host()) } else { self.resource() }
    }

    fn default_port(&self) -> u16 {
        if self.https { 443 } else { 80 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        Endpoint::of(&url.parse().unwrap(), None).unwrap()
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
    fn ipv6_has_brackets_in_the_resource_and_none_in_the_address() {
        let endpoint = endpoint("http://[::1]:8080/");

        assert_eq!((endpoint.resource().as_str(), endpoint.address()), ("[::1]:8080", "::1"));
    }

    #[test]
    fn credentials_are_no_part_of_the_host() {
        assert_eq!(endpoint("http://joe:secret@example.com/").host(), "example.com");
    }

    #[test]
    fn a_path_alone_takes_its_server_from_the_host_header() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "shop.example:8080".parse().unwrap());

        let found = Endpoint::of(&Uri::from_static("/cart"), Some(&headers)).unwrap();

        assert_eq!(found.resource(), "shop.example:8080");
        assert!(Endpoint::of(&Uri::from_static("/cart"), None).is_none());
    }
}
