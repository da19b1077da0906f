use http::{HeaderValue, Method, StatusCode};

use super::*;
use crate::config::WildcardList;

fn defaults() -> WildcardList {
    crate::config::default_settings().sanitize_field_names.clone()
}

fn captured(uri: &str, host: Option<&'static str>) -> CapturedRequest {
    CapturedRequest {
        method: Method::GET,
        uri: uri.parse().unwrap(),
        version: Version::HTTP_11,
        headers: HeaderMap::new(),
        host: host.map(HeaderValue::from_static),
        remote: None,
    }
}

#[test]
fn url_is_put_together_from_target_and_host() {
    let url = url(&captured("/hello/world?a=1&b=two%20words", Some("127.0.0.1:41289")));

    assert_eq!(url.full.as_deref(), Some("http://127.0.0.1:41289/hello/world?a=1&b=two%20words"));
    assert_eq!(url.raw.as_deref(), Some("/hello/world?a=1&b=two%20words"));
    assert_eq!(url.protocol.as_deref(), Some("http:"));
    assert_eq!(url.hostname.as_deref(), Some("127.0.0.1"));
    assert_eq!(url.port, Some(41289));
    assert_eq!(url.pathname.as_deref(), Some("/hello/world"));
    assert_eq!(url.search.as_deref(), Some("?a=1&b=two%20words"));
}

#[test]
fn user_and_password_in_a_url_are_left_out() {
    let url = url(&captured("https://joe:secret@example.com/x", None));

    assert_eq!(url.full.as_deref(), Some("https://example.com/x"));
}

#[test]
fn ipv6_host_keeps_its_brackets_only_in_the_full_url() {
    let url = url(&captured("/", Some("[::1]:8080")));

    assert_eq!((url.full.as_deref(), url.hostname.as_deref()), (Some("http://[::1]:8080/"), Some("::1")));
}

#[test]
fn request_without_a_usable_host_has_no_full_url() {
    assert_eq!(url(&captured("/a", None)).full, None);
    assert_eq!(url(&captured("/a", Some("not a host"))).full, None);
}

#[test]
fn secret_headers_and_cookies_are_redacted_and_keep_their_names() {
    let mut raw = HeaderMap::new();
    raw.insert("authorization", HeaderValue::from_static("Bearer abc"));
    raw.insert("x-api-key", HeaderValue::from_static("abc"));
    raw.insert("cookie", HeaderValue::from_static("sessionid=abc; theme=dark;auth_token=x"));
    raw.append("set-cookie", HeaderValue::from_static("a=b"));
    raw.append("set-cookie", HeaderValue::from_static("c=d"));
    raw.insert("x-custom", HeaderValue::from_static("visible"));

    let headers = headers(&raw, &defaults());

    assert_eq!(headers.get("authorization"), Some("[REDACTED]"));
    assert_eq!(headers.get("x-api-key"), Some("[REDACTED]"));
    assert_eq!(headers.get("cookie"), Some("sessionid=[REDACTED]; theme=dark; auth_token=[REDACTED]"));
    assert_eq!(headers.get_all("set-cookie"), ["[REDACTED]", "[REDACTED]"]);
    assert_eq!(headers.get("x-custom"), Some("visible"));
}

#[test]
fn header_bytes_that_are_no_text_are_shown_with_replacements() {
    let mut raw = HeaderMap::new();
    raw.insert("x-bin", HeaderValue::from_bytes(b"a\xffb").unwrap());

    assert_eq!(headers(&raw, &defaults()).get("x-bin"), Some("a\u{fffd}b"));
}

#[test]
fn unfinished_response_says_so() {
    let response = |finished| {
        response(
            &CapturedResponse { status: StatusCode::OK, headers: HeaderMap::new(), finished },
            &defaults(),
        )
        .finished
    };

    assert_eq!((response(true), response(false)), (None, Some(false)));
}
