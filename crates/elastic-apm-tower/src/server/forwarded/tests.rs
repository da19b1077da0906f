use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair =
        |(name, value): &(&'static str, &str)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap());
    let mut headers = HeaderMap::new();
    for (name, value) in pairs.iter().map(pair) {
        let name: http::HeaderName = name;
        headers.append(name, value);
    }
    headers
}

/// The URL a client asked for when `/a?b` arrived with `Host: inner:8080` and these headers.
fn url(pairs: &[(&'static str, &str)]) -> String {
    let mut headers = headers(pairs);
    headers.insert(header::HOST, HeaderValue::from_static("inner:8080"));
    Forwarded::read(&headers).url(&Uri::from_static("/a?b"), &headers).to_string()
}

fn client(name: &'static str, value: &str) -> Option<String> {
    Forwarded::read(&headers(&[(name, value)])).client.map(|address| address.to_string())
}

#[test]
fn scheme_host_and_port_are_those_the_client_used() {
    for (said, expected) in [
        (&[][..], "http://inner:8080/a?b"),
        (&[("x-forwarded-proto", "https")], "https://inner:8080/a?b"),
        (&[("x-forwarded-host", "shop.test")], "http://shop.test/a?b"),
        (&[("x-forwarded-host", "shop.test"), ("x-forwarded-port", "8443")], "http://shop.test:8443/a?b"),
        (&[("x-forwarded-host", "shop.test:81"), ("x-forwarded-port", "8443")], "http://shop.test:81/a?b"),
        (
            &[("x-forwarded-host", "shop.test"), ("x-forwarded-proto", "https"), ("x-forwarded-port", "443")],
            "https://shop.test/a?b",
        ),
        (
            &[("x-forwarded-host", "shop.test, inner"), ("x-forwarded-proto", "https, http")],
            "https://shop.test/a?b",
        ),
        (
            &[("forwarded", "proto=https;host=\"shop.test:81\";for=10.0.0.1, host=other")],
            "https://shop.test:81/a?b",
        ),
        (
            &[("forwarded", "Host=a.test"), ("x-forwarded-host", "b.test"), ("x-forwarded-proto", "https")],
            "https://a.test/a?b",
        ),
    ] {
        assert_eq!(url(said), expected, "{said:?}");
    }
}

#[test]
fn what_is_malformed_counts_as_not_said() {
    for (name, value) in [
        ("x-forwarded-proto", "gopher:"),
        ("x-forwarded-proto", ""),
        ("x-forwarded-host", "a b"),
        ("x-forwarded-host", ""),
        ("x-forwarded-port", "99999"),
        ("x-forwarded-port", "-1"),
        ("forwarded", "host=\"never closed"),
        ("forwarded", ";;=;,"),
        ("forwarded", "=="),
        ("forwarded", "host"),
    ] {
        assert_eq!(url(&[(name, value)]), "http://inner:8080/a?b", "{name}: {value}");
    }
}

#[test]
fn the_client_is_the_first_address_named() {
    for (name, value, expected) in [
        ("x-forwarded-for", "192.0.2.7, 10.0.0.1", Some("192.0.2.7")),
        ("x-forwarded-for", "192.0.2.7:4711", Some("192.0.2.7")),
        ("x-forwarded-for", "2001:db8::1", Some("2001:db8::1")),
        ("x-forwarded-for", "unknown, 10.0.0.1", None),
        ("forwarded", "for=192.0.2.43, for=198.51.100.17", Some("192.0.2.43")),
        ("forwarded", "for=\"[2001:db8:cafe::17]:4711\"", Some("2001:db8:cafe::17")),
        ("forwarded", "For=\"[2001:db8::1]\"", Some("2001:db8::1")),
        ("forwarded", "by=10.0.0.1 ; for=192.0.2.1", Some("192.0.2.1")),
        ("forwarded", "for=\"192.0.2\\.9\"", Some("192.0.2.9")),
        ("forwarded", "for=_hidden", None),
        ("forwarded", "for=unknown", None),
    ] {
        assert_eq!(client(name, value).as_deref(), expected, "{name}: {value}");
    }
}

#[test]
fn the_standard_header_wins_where_it_says_something() {
    let client = |forwarded| {
        Forwarded::read(&headers(&[("x-forwarded-for", "192.0.2.1"), ("forwarded", forwarded)])).client
    };

    assert_eq!(client("for=192.0.2.2").unwrap().to_string(), "192.0.2.2");
    assert_eq!(client("proto=https").unwrap().to_string(), "192.0.2.1");
}

#[test]
fn a_target_without_a_path_stays_as_it_is() {
    let uri = Uri::from_static("inner:443");

    assert_eq!(
        Forwarded::read(&headers(&[("x-forwarded-host", "a.test")])).url(&uri, &HeaderMap::new()),
        uri
    );
}
