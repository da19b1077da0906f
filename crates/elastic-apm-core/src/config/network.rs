//! The addresses of servers.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

use super::lists::items;
use super::options::Config;
use super::value::{OptionValue, REDACTED};

/// The address of an APM Server: `http` or `https`, host, port, and a path prefix that may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerUrl {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at its end: `""` or `/prefix`.
    prefix: String,
}

impl ServerUrl {
    fn local() -> Self {
        let authority = Authority::from_static("127.0.0.1:8200");
        Self { scheme: Scheme::HTTP, authority, prefix: String::new() }
    }

    /// Tells whether the connection is encrypted.
    pub(crate) fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Returns the host without port and without the brackets of an IPv6 address.
    pub(crate) fn host(&self) -> &str {
        self.authority.host().trim_start_matches('[').trim_end_matches(']')
    }

    /// Tells whether the server runs on this machine, judged by the name alone: nothing is looked up.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.host();
        host.eq_ignore_ascii_case("localhost")
            || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
    }

    /// Appends an absolute path such as `/intake/v2/events` to the address and its prefix.
    pub(crate) fn join(&self, path: &PathAndQuery) -> Result<Uri, http::Error> {
        let builder = Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone());
        if self.prefix.is_empty() {
            builder.path_and_query(path.clone()).build()
        } else {
            builder.path_and_query(format!("{}{path}", self.prefix)).build()
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

impl OptionValue for ServerUrl {
    const KIND: &'static str = "URL";
    const EXPECTED: &'static str =
        "an http or https URL without user name, password, query and fragment, such as http://127.0.0.1:8200";

    fn unset() -> Self {
        Self::local()
    }

    fn parse(text: &str) -> Option<Self> {
        // `Uri` drops fragments in silence.
        if text.contains(['#', '?', '@']) {
            return None;
        }
        let parts = text.parse::<Uri>().ok()?.into_parts();
        let scheme = parts.scheme.filter(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme))?;
        let authority = parts.authority.filter(has_usable_port)?;
        let prefix = parts
            .path_and_query
            .map_or_else(String::new, |path| path.path().trim_end_matches('/').to_owned());
        (!authority.host().is_empty()).then_some(Self { scheme, authority, prefix })
    }

    fn render(&self) -> String {
        self.to_string()
    }

    fn printable(text: &str) -> Cow<'_, str> {
        match text.rsplit_once('@') {
            Some((before, host)) => {
                let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
                let separator = if scheme.is_empty() { "" } else { "://" };
                Cow::Owned(format!("{scheme}{separator}{REDACTED}@{host}"))
            }
            None => Cow::Borrowed(text),
        }
    }
}

/// The addresses of several servers that do the same; none where `server_url` is all there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerUrls(Vec<ServerUrl>);

impl OptionValue for ServerUrls {
    const KIND: &'static str = "list of URLs";
    const EXPECTED: &'static str =
        "http or https URLs without user name, password, query and fragment, with commas between them";

    fn unset() -> Self {
        Self::default()
    }

    fn parse(text: &str) -> Option<Self> {
        items(text).map(ServerUrl::parse).collect::<Option<_>>().map(Self)
    }

    fn render(&self) -> String {
        let urls: Vec<String> = self.0.iter().map(ServerUrl::to_string).collect();
        urls.join(",")
    }

    fn printable(text: &str) -> Cow<'_, str> {
        let urls: Vec<Cow<'_, str>> = items(text).map(ServerUrl::printable).collect();
        Cow::Owned(urls.join(","))
    }
}

impl Config {
    /// The servers that may be sent to: one at least.
    pub(crate) fn servers(&self) -> Vec<ServerUrl> {
        let several = &self.server_urls.0;
        if several.is_empty() { vec![self.server_url.clone()] } else { several.clone() }
    }
}

/// `Authority` takes any digits as a port, and none.
fn has_usable_port(authority: &Authority) -> bool {
    let after_host = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    after_host.is_empty() || authority.port_u16().is_some_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> ServerUrl {
        ServerUrl::parse(text).unwrap()
    }

    #[test]
    fn a_trailing_slash_is_tolerated_and_a_path_prefix_kept() {
        let path = PathAndQuery::from_static("/intake/v2/events?verbose");

        for (text, joined) in [
            ("http://apm:8200", "http://apm:8200/intake/v2/events?verbose"),
            ("http://apm:8200/", "http://apm:8200/intake/v2/events?verbose"),
            ("https://apm/a/b/", "https://apm/a/b/intake/v2/events?verbose"),
            ("http://[::1]:8200", "http://[::1]:8200/intake/v2/events?verbose"),
        ] {
            assert_eq!(url(text).join(&path).unwrap().to_string(), joined);
        }
    }

    #[test]
    fn anything_but_a_plain_http_url_is_refused() {
        for text in [
            "apm:8200",
            "127.0.0.1:8200",
            "ftp://apm",
            "http://",
            "http:///x",
            "/x",
            "http://user:pass@apm:8200",
            "http://apm/?x",
            "http://apm/#x",
            "http://apm:99999",
            "http://apm:0",
            "http://apm:",
            "http://apm:8200 x",
            "",
        ] {
            assert_eq!(ServerUrl::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_refused_url_is_shown_without_its_password() {
        assert_eq!(ServerUrl::printable("http://user:p@ss@apm:8200"), "http://[REDACTED]@apm:8200");
        assert_eq!(ServerUrl::printable("user:pass@apm"), "[REDACTED]@apm");
        assert_eq!(ServerUrl::printable("ftp://apm"), "ftp://apm");
    }

    #[test]
    fn a_list_of_servers_is_used_as_a_whole_or_not_at_all() {
        let urls = |text: &str| ServerUrls::parse(text).map(|urls| urls.render());

        assert_eq!(urls("http://a:8200/, https://b").as_deref(), Some("http://a:8200,https://b"));
        assert_eq!(urls("http://a:8200,b"), None);
        assert_eq!(
            ServerUrls::printable("http://a:8200,http://user:p@ss@b"),
            "http://a:8200,http://[REDACTED]@b"
        );
    }

    #[test]
    fn loopback_is_told_from_the_host_alone() {
        for text in [
            "http://localhost:8200",
            "http://LOCALHOST",
            "http://127.0.0.1",
            "http://127.9.9.9",
            "http://[::1]:8200",
        ] {
            assert!(url(text).is_loopback(), "{text}");
        }
        for text in [
            "http://apm",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://[::2]",
            "http://0.0.0.0",
        ] {
            assert!(!url(text).is_loopback(), "{text}");
        }
    }

    #[test]
    fn the_canonical_form_has_no_slash_at_its_end() {
        assert_eq!(url("HTTP://Apm.Example:8200/").to_string(), "http://Apm.Example:8200");
        assert_eq!(ServerUrl::unset(), url("http://127.0.0.1:8200"));
    }
}
