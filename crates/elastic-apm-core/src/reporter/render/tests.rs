use elastic_apm_intake::Headers;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::json;

use super::*;
use crate::captured::{CapturedHeaders, CapturedUrl};

fn defaults() -> Secrets {
    let mut secrets = Secrets::new();
    secrets.go_by(&crate::config::default_settings().sanitize_field_names);
    secrets
}

fn captured(uri: &str, host: Option<&'static str>) -> CapturedRequest {
    let host = host.map(HeaderValue::from_static);
    let url = CapturedUrl::copy(&uri.parse().unwrap(), host.as_ref());
    CapturedRequest::new(&Method::GET, url, Version::HTTP_11)
}

/// The request as an event of this kind has it.
fn request(captured: &CapturedRequest, bearer: Bearer) -> Request {
    let mut context = None;
    exchange(bearer, &mut context, Some(captured), None, &mut defaults());
    *context.unwrap().request.unwrap()
}

fn url(uri: &str, host: Option<&'static str>) -> elastic_apm_intake::Url {
    request(&captured(uri, host), Bearer::Transaction).url
}

fn headers(captured: &HeaderMap) -> Headers {
    with_headers(captured).headers
}

/// The request of a transaction with these headers.
fn with_headers(headers: &HeaderMap) -> Request {
    let headers = CapturedHeaders::copy(headers);
    request(&CapturedRequest { headers, ..captured("/", None) }, Bearer::Transaction)
}

#[test]
fn url_is_put_together_from_target_and_host() {
    let url = url("/hello/world?a=1&b=two%20words", Some("127.0.0.1:41289"));

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
    let url = url("https://joe:secret@example.com/x", None);

    assert_eq!(url.full.as_deref(), Some("https://example.com/x"));
}

#[test]
fn ipv6_host_keeps_its_brackets_only_in_the_full_url() {
    let url = url("/", Some("[::1]:8080"));

    assert_eq!((url.full.as_deref(), url.hostname.as_deref()), (Some("http://[::1]:8080/"), Some("::1")));
}

#[test]
fn request_without_a_usable_host_has_no_full_url() {
    assert_eq!(url("/a", None).full, None);
    assert_eq!(url("/a", Some("not a host")).full, None);
}

#[test]
fn secret_headers_are_redacted_and_keep_their_names() {
    let mut raw = HeaderMap::new();
    raw.insert("authorization", HeaderValue::from_static("Bearer abc"));
    raw.insert("x-api-key", HeaderValue::from_static("abc"));
    raw.append("set-cookie", HeaderValue::from_static("a=b"));
    raw.append("set-cookie", HeaderValue::from_static("c=d"));
    raw.insert("x-custom", HeaderValue::from_static("visible"));

    let headers = headers(&raw);

    assert_eq!(headers.get("authorization"), Some("[REDACTED]"));
    assert_eq!(headers.get("x-api-key"), Some("[REDACTED]"));
    assert_eq!(headers.get_all("set-cookie"), ["[REDACTED]", "[REDACTED]"]);
    assert_eq!(headers.get("x-custom"), Some("visible"));
}

#[test]
fn cookies_are_parsed_and_the_secret_ones_redacted() {
    for (sent, cookies) in [
        (
            &["sessionid=abc; theme=dark;auth_token=x"][..],
            json!({"sessionid": "[REDACTED]", "theme": "dark", "auth_token": "[REDACTED]"}),
        ),
        (&["a=1; a=2", "a=3; b==4="], json!({"a": "1", "b": "=4="})),
        (&["bare; =nameless; ;; c="], json!({"c": ""})),
        (&[""], json!({})),
    ] {
        let mut raw = HeaderMap::new();
        sent.iter().for_each(|value| _ = raw.append("cookie", HeaderValue::from_static(value)));

        let request = with_headers(&raw);

        assert_eq!(request.cookies, cookies.as_object().cloned(), "{sent:?}");
        let raw = request.headers.get_all("cookie");
        assert!(raw.iter().all(|value| value == "[REDACTED]"), "the raw header does not leave: {raw:?}");
        assert_eq!(raw.len(), sent.len());
    }
}

#[test]
fn without_a_cookie_header_there_are_no_cookies() {
    let request = with_headers(&HeaderMap::new());

    assert_eq!((request.cookies, request.headers.len()), (None, 0));
}

#[test]
fn headers_and_cookies_cannot_make_an_event_too_large() {
    let hostile = HeaderValue::from_bytes("\"é".repeat(20_000).as_bytes()).unwrap();
    let mut raw = HeaderMap::new();
    for number in 0..1_000 {
        raw.insert(http::HeaderName::try_from(format!("x-{number}")).unwrap(), hostile.clone());
        let cookie = HeaderValue::from_bytes(format!("c{number}={}", "\\".repeat(2_000)).as_bytes()).unwrap();
        raw.append("cookie", cookie);
    }
    raw.insert("x-last", HeaderValue::from_static("small"));

    let line = serde_json::to_string(&with_headers(&raw)).unwrap();

    assert!((60 * 1024..96 * 1024).contains(&line.len()), "{}", line.len());
    assert!(line.contains("\"x-last\":\"small\""), "what is small has room beside what is large");
}

#[test]
fn header_bytes_that_are_no_text_are_shown_with_replacements() {
    let mut raw = HeaderMap::new();
    raw.insert("x-bin", HeaderValue::from_bytes(b"a\xffb").unwrap());

    assert_eq!(headers(&raw).get("x-bin"), Some("a\u{fffd}b"));
}

#[test]
fn unfinished_response_says_so() {
    let response = |finished| {
        let captured =
            CapturedResponse { status: StatusCode::OK, headers: CapturedHeaders::default(), finished };
        super::response(&captured, &RenderedHeaders::default()).finished
    };

    assert_eq!((response(true), response(false)), (None, Some(false)));
}

#[test]
fn each_kind_of_event_carries_the_body_where_its_option_says_so() {
    for (in_transactions, in_errors) in [(true, false), (false, true), (true, true)] {
        let body = CapturedBody::new("application/x-www-form-urlencoded", in_transactions, in_errors, 10_000);
        body.push(b"user=joe&passwd=hunter2");
        let captured = CapturedRequest { body: Some(body), ..captured("/", None) };

        let carried = |bearer| request(&captured, bearer).body;
        let expected = Some(Body::from("user=joe&passwd=[REDACTED]"));

        assert_eq!(carried(Bearer::Transaction), expected.clone().filter(|_| in_transactions));
        assert_eq!(carried(Bearer::Error), expected.filter(|_| in_errors));
    }
}

#[test]
fn a_body_that_nobody_read_is_left_out_and_one_that_is_no_form_stays_as_it_is() {
    let rendered = |read: &[u8]| {
        let body = CapturedBody::new("text/plain", true, true, 10_000);
        body.push(read);
        request(&CapturedRequest { body: Some(body), ..captured("/", None) }, Bearer::Error).body
    };

    assert_eq!(rendered(b""), None);
    assert_eq!(rendered(b"password=hunter2 \xff"), Some(Body::from("password=hunter2 \u{fffd}".to_owned())));
}

#[test]
fn an_exchange_is_written_from_where_it_lies_as_it_is_from_the_event() {
    let values = ["", "short", "a value that is longer than sixteen", "\"quoted\"\t\\", "żółć", "\u{fffd}"];
    let mut headers = HeaderMap::new();
    for (number, value) in values.iter().enumerate() {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        headers.append("x-many", value.clone());
        headers.append(http::HeaderName::try_from(format!("x-{number}")).unwrap(), value);
    }
    headers.append("x-bytes", HeaderValue::from_bytes(b"a\xff\xc3").unwrap());
    headers.append("x-long", HeaderValue::from_bytes("é".repeat(2_000).as_bytes()).unwrap());
    headers.append("authorization", HeaderValue::from_static("hunter2"));
    let without_cookies = CapturedHeaders::copy(&headers);
    headers.append("cookie", HeaderValue::from_static("a=1; session=2; b=\"x\""));
    headers.append("cookie", HeaderValue::from_static("a=3"));
    let mut hostile = headers.clone();
    for number in 0..100 {
        hostile.insert(
            http::HeaderName::try_from(format!("y-{number}")).unwrap(),
            HeaderValue::from_bytes(&b"\\".repeat(900)).unwrap(),
        );
    }
    let all = [
        CapturedHeaders::default(),
        without_cookies,
        CapturedHeaders::copy(&headers),
        CapturedHeaders::copy(&hostile),
    ];
    let long = format!("/{0}?{0}", "p".repeat(2_000));
    let targets =
        ["/", "*", "/a?", "/a/b?c=d%20e", "https://joe:secret@a.test:1/x?y", "http://[::1]:80", &long];
    for (target, host, headers) in targets.iter().flat_map(|target| {
        let hosts = [None, Some("shop.test"), Some("shop.test:8080"), Some("no host")];
        hosts.into_iter().flat_map({
            let all = &all;
            move |host| all.iter().map(move |headers| (target, host, headers))
        })
    }) {
        let remote = host.map(|_| std::net::IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]));
        let request = CapturedRequest { headers: headers.clone(), remote, ..captured(target, host) };
        let response =
            CapturedResponse { status: StatusCode::OK, headers: headers.clone(), finished: host.is_some() };
        for (request, response) in
            [(Some(&request), Some(&response)), (Some(&request), None), (None, Some(&response)), (None, None)]
        {
            let mut event = TransactionEvent::default();
            let mut borrowed = Vec::new();
            let length = with_exchange(&event, request, response, &mut defaults(), |event| {
                elastic_apm_intake::write_line(event, &mut borrowed)
            });

            exchange(Bearer::Transaction, &mut event.context, request, response, &mut defaults());
            let mut owned = Vec::new();
            elastic_apm_intake::write_line(&event, &mut owned);

            assert_eq!(String::from_utf8(borrowed).unwrap(), String::from_utf8(owned).unwrap());
            assert!(length > 0);
        }
    }
}

#[test]
fn without_a_server_in_the_url_the_first_captured_host_is_it_whether_it_is_shown_or_not() {
    let full = |uri: &str, hosts: &[&'static str]| {
        let mut raw = HeaderMap::new();
        // So many that there is no room for what comes behind them.
        let much = HeaderValue::from_str(&"x".repeat(1_000)).unwrap();
        for _ in 0..200 {
            raw.append("x-much", much.clone());
        }
        for host in hosts {
            raw.append(http::header::HOST, HeaderValue::from_static(host));
        }
        let headers = CapturedHeaders::copy(&raw);
        let request = request(&CapturedRequest { headers, ..captured(uri, None) }, Bearer::Transaction);
        request.url.full
    };

    assert_eq!(full("/a", &["shop.test:81", "other.test"]).as_deref(), Some("http://shop.test:81/a"));
    assert_eq!(full("http://url.test/a", &["shop.test"]).as_deref(), Some("http://url.test/a"));
    for host in ["", "not a host"] {
        assert_eq!(full("/a", &[host]), None, "{host}");
    }
    assert_eq!(full("/a", &[]), None);
}
