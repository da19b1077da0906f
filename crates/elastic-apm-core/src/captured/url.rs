//! The URL of a request, copied.

use elastic_apm_intake::Keyword;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri};

/// No name of a host is longer, and no port; what is longer is no address of a server.
pub(crate) const MAX_AUTHORITY_BYTES: usize = 1024;

/// The URL that a request asked for. For authors of integrations.
///
/// A copy, for the same reason as with [`CapturedHeaders`](crate::CapturedHeaders); of path and query as much as can be sent.
#[derive(Clone)]
pub struct CapturedUrl {
    pub(crate) scheme: Keyword,
    /// As it was written, with user name and password if there are any.
    pub(crate) authority: Option<Keyword>,
    pub(crate) path: Keyword,
    pub(crate) query: Option<Keyword>,
}

impl CapturedUrl {
    /// Copies the target of a request: its origin form over HTTP/1, usually an absolute one over HTTP/2. Where it names no server, the
    /// `Host` header does, which is looked up among the captured headers if it is not given.
    pub fn copy(target: &Uri, host: Option<&HeaderValue>) -> Self {
        let host = || std::str::from_utf8(host?.as_bytes()).ok();
        let authority = target.authority().map(Authority::as_str).or_else(host);
        CapturedUrl {
            scheme: scheme(target),
            authority: authority.filter(|text| text.len() <= MAX_AUTHORITY_BYTES).map(Keyword::copied),
            path: sendable(target.path()),
            query: target.query().map(sendable),
        }
    }

    /// How much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        let query = self.query.as_ref().map_or(0, Keyword::heap_bytes);
        self.authority.as_ref().map_or(0, Keyword::heap_bytes) + self.path.heap_bytes() + query
    }
}

impl std::fmt::Debug for CapturedUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The path alone: what stands before it may be a password, and what follows a secret.
        f.debug_struct("CapturedUrl").field("path", &self.path).finish_non_exhaustive()
    }
}

/// `http` where nothing is said.
fn scheme(target: &Uri) -> Keyword {
    match target.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => Keyword::from_static("https"),
        Some(scheme) if *scheme != Scheme::HTTP => sendable(scheme.as_str()),
        _ => Keyword::from_static("http"),
    }
}

/// One character more than is sent, so that a cut can be seen.
pub(super) fn sendable(text: &str) -> Keyword {
    if text.len() <= Keyword::LIMIT {
        return Keyword::copied(text);
    }
    Keyword::copied(text.char_indices().nth(Keyword::LIMIT + 1).map_or(text, |(end, _)| &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_url_as_much_is_kept_as_can_be_sent() {
        let target: Uri = format!("/{0}?{0}", "é".repeat(10_000)).parse().unwrap();

        let url = CapturedUrl::copy(&target, Some(&HeaderValue::from_str(&"h".repeat(2_000)).unwrap()));

        assert_eq!(url.path.chars().count(), Keyword::LIMIT + 1);
        assert_eq!(url.query.as_ref().unwrap().chars().count(), Keyword::LIMIT + 1);
        assert_eq!(url.authority, None);
        assert!(url.bytes() < 6 * Keyword::LIMIT);
    }

    #[test]
    fn the_target_names_the_server_before_the_header_does() {
        let header = HeaderValue::from_static("header.test");
        let copy = |target: &'static str, host| CapturedUrl::copy(&Uri::from_static(target), host).authority;

        assert_eq!(copy("https://a.test:1/", Some(&header)).as_deref(), Some("a.test:1"));
        assert_eq!(copy("/path", Some(&header)).as_deref(), Some("header.test"));
        assert_eq!(copy("/path", None), None);
    }
}
