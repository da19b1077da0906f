//! Requests that came through proxies: what they say of the client counts where it is trusted, and only there.

use axum::body::Body;
use elastic_apm::intake::Request as RequestContext;
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response};

use crate::client::events_of;
use crate::stack::{Options, PATH, Stack};

async fn answers(_: Request<Body>) -> Response<Body> {
    Response::new(Body::from("hello"))
}

async fn described(stack: Stack, trusts_forwarded: bool, headers: &[(&str, &str)]) -> RequestContext {
    let agent = CheckedAgent::new();
    let options = Options { trusts_forwarded, ..Options::default() };
    let server = stack.serve_told(&agent, options, answers).await;
    let request = headers
        .iter()
        .fold(Request::get(format!("{PATH}?a=1")), |request, (name, value)| request.header(*name, *value));
    server.connect().await.exchange(request).await;
    let mut events = events_of(&agent, 1).await;
    *events.transactions.remove(0).context.unwrap().request.unwrap()
}

fn remote(request: &RequestContext) -> Option<&str> {
    request.socket.as_ref()?.remote_address.as_deref()
}

const SAID: &[(&str, &str)] = &[
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "shop.test"),
    ("x-forwarded-port", "8443"),
    ("x-forwarded-for", "192.0.2.7, 10.0.0.1"),
];

pub(crate) async fn trusted_forwarded_headers_give_the_clients_url_and_address(stack: Stack) {
    let request = described(stack, true, SAID).await;

    assert_eq!(request.url.full.as_deref(), Some("https://shop.test:8443/orders/7?a=1"));
    assert_eq!((request.url.protocol.as_deref(), request.url.port), (Some("https:"), Some(8443)));
    assert_eq!(
        (request.url.hostname.as_deref(), request.url.raw.as_deref()),
        (Some("shop.test"), Some("/orders/7?a=1"))
    );
    assert_eq!(remote(&request), Some("192.0.2.7"));

    let standard = [("forwarded", "for=\"[2001:db8::7]:81\";proto=https;host=shop.test, for=10.0.0.1")];
    let request = described(stack, true, &standard).await;
    assert_eq!(request.url.full.as_deref(), Some("https://shop.test/orders/7?a=1"));
    assert_eq!(remote(&request), Some("2001:db8::7"));
}

pub(crate) async fn forwarded_headers_that_nobody_trusts_are_only_headers(stack: Stack) {
    let request = described(stack, false, SAID).await;

    assert!(request.url.full.as_deref().unwrap().starts_with("http://127.0.0.1:"));
    assert_ne!(remote(&request), Some("192.0.2.7"));
    assert_eq!(request.headers.get("x-forwarded-host"), Some("shop.test"));
}

pub(crate) async fn trusted_headers_that_are_malformed_change_nothing(stack: Stack) {
    let hostile = [
        ("x-forwarded-proto", "javascript"),
        ("x-forwarded-host", "a b\"c"),
        ("x-forwarded-port", "99999999"),
        ("x-forwarded-for", "<script>"),
        ("forwarded", "host=\";;;,,=;\\"),
    ];

    let request = described(stack, true, &hostile).await;

    assert!(request.url.full.as_deref().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(request.url.pathname.as_deref(), Some(PATH));
}
