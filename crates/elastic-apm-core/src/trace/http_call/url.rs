//! The parts of an outgoing request's URL, as its client's library has it.

use http::Uri;

/// Where an outgoing request goes: the parts of its URL, borrowed. For authors of integrations.
///
/// Made from a [`Uri`] or, where a client has its URLs as text, by [`parse`](Self::parse).
///
/// ```
/// use elastic_apm_core::CallUrl;
/// use http::Uri;
///
/// let uri: Uri = "https://api.example.com/users?page=2".parse().unwrap();
///
/// assert_eq!(CallUrl::from(&uri), CallUrl::parse("https://api.example.com/users?page=2#top"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallUrl<'a> {
    pub(super) scheme: &'a str,
    /// User name and password, host and port. Empty where the URL is only a path.
    pub(super) authority: &'a str,
    /// With the query.
    pub(super) path: &'a str,
}

impl<'a> CallUrl<'a> {
    /// The longest URL that is sent by clients that are built on `http`.
    const LONGEST: usize = u16::MAX as usize - 1;
    /// Of a URL that says nothing.
    const ROOT: &'static str = "/";

    /// The parts of an absolute URL in text. The fragment is none of them. One that names no server has no parts, and one that is too long
    /// to be sent (65,534 bytes) only a server.
    #[must_use]
    pub fn parse(url: &'a str) -> Self {
        let Some((scheme, rest)) = scheme_and_rest(url) else {
            return CallUrl { scheme: "", authority: "", path: Self::ROOT };
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let path = path.split_once('#').map_or(path, |(path, _)| path);
        let is_said = !path.is_empty() && url.len() <= Self::LONGEST;
        CallUrl { scheme, authority, path: if is_said { path } else { Self::ROOT } }
    }
}

/// What comes before the first `://` and behind it, if the former is a scheme: text that is no more than data may have one too.
#[inline]
fn scheme_and_rest(url: &str) -> Option<(&str, &str)> {
    let is_of_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let (scheme, rest) = url.split_at_checked(url.bytes().position(|byte| !is_of_scheme(byte))?)?;
    Some((scheme, rest.strip_prefix("://").filter(|_| !scheme.is_empty())?))
}

impl<'a> From<&'a Uri> for CallUrl<'a> {
    fn from(uri: &'a Uri) -> Self {
        CallUrl {
            scheme: uri.scheme_str().unwrap_or_default(),
            authority: uri.authority().map_or("", |authority| authority.as_str()),
            path: uri.path_and_query().map_or(Self::ROOT, |path| path.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> (&str, &str, &str) {
        let CallUrl { scheme, authority, path } = CallUrl::parse(url);
        (scheme, authority, path)
    }

    #[test]
    fn a_url_is_taken_apart_where_a_uri_is() {
        for url in [
            "http://a/",
            "http://a/b/c?d=e&f",
            "https://a:8443/b?c=http://d/",
            "http://joe:secret@[::1]:81/",
            "http://a/b@c:d",
        ] {
            assert_eq!(CallUrl::parse(url), CallUrl::from(&url.parse::<Uri>().unwrap()), "{url}");
        }
    }

    #[test]
    fn a_fragment_is_no_part_of_it() {
        assert_eq!(parts("http://a/b?c#d?e/f"), ("http", "a", "/b?c"));
        assert_eq!(parts("http://a#b"), ("http", "a", "/"));
    }

    #[test]
    fn a_server_alone_has_the_root_as_its_path() {
        assert_eq!(parts("http://a:80"), ("http", "a:80", "/"));
    }

    #[test]
    fn what_names_no_server_has_no_parts() {
        for url in [
            "mailto:joe@example.com",
            "mailto:joe@example.com?body=http://joe:secret@a/",
            "data:text/plain,http://joe:secret@a/",
            "blob:https://a/b",
            "/login?next=https://a/",
            "://a/",
            "é://a/",
            "http:",
            "",
        ] {
            assert_eq!(parts(url), ("", "", "/"), "{url}");
        }
    }

    #[test]
    fn of_a_url_that_is_too_long_the_server_is_kept() {
        let url = format!("http://a:80/{}", "x".repeat(70_000));

        assert_eq!(parts(&url), ("http", "a:80", "/"));
    }
}
