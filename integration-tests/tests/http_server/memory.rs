//! What a recorded exchange holds in memory: copies within bounds, and nothing of the server's buffers.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use elastic_apm::tower::ApmLayer;
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use tower::{Layer, ServiceExt, service_fn};

/// A server's read buffer, of which headers and URIs are slices: it is freed when the last of them is.
#[derive(Clone, Default)]
struct Buffer(Arc<()>);

impl Buffer {
    fn slice(&self, text: &str) -> Bytes {
        struct Slice(Vec<u8>, #[expect(dead_code, reason = "held for as long as the bytes")] Arc<()>);
        impl AsRef<[u8]> for Slice {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        Bytes::from_owner(Slice(text.as_bytes().to_vec(), Arc::clone(&self.0)))
    }

    fn header(&self, text: &str) -> HeaderValue {
        HeaderValue::from_maybe_shared(self.slice(text)).unwrap()
    }

    fn is_free(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

#[tokio::test]
async fn nothing_that_is_recorded_keeps_the_servers_buffer_in_memory() {
    for captures_headers in [true, false] {
        let agent = CheckedAgent::with(|options| options.capture_headers(captures_headers));
        let buffer = Buffer::default();
        let answer = {
            let buffer = buffer.clone();
            service_fn(move |request: Request<Body>| {
                drop(request);
                let answer = Response::builder().header("x-answer", buffer.header("a value"));
                std::future::ready(Ok::<_, Infallible>(answer.body(Body::from("hello")).unwrap()))
            })
        };
        let mut request = Request::new(Body::empty());
        *request.uri_mut() =
            Uri::from_maybe_shared(buffer.slice("http://a.test:8080/a/path?and=query")).unwrap();
        let headers = request.headers_mut();
        for name in ["host", "user-agent", "cookie", "x-custom", "traceparent", "tracestate", "baggage"] {
            headers.append(HeaderName::from_static(name), buffer.header("a=value"));
        }

        let service = ApmLayer::new().tracer(agent.tracer()).layer(answer);
        let (head, body) = service.oneshot(request).await.unwrap().into_parts();
        drop(head);

        assert!(buffer.is_free(), "headers are captured: {captures_headers}");
        drop(body);
        let events = agent.events();
        let url = &events.transactions[0].context.as_ref().unwrap().request.as_ref().unwrap().url;
        assert_eq!(url.full.as_deref(), Some("http://a.test:8080/a/path?and=query"));
    }
}

#[tokio::test]
async fn what_is_longer_than_can_be_sent_is_not_kept() {
    let agent = CheckedAgent::new();
    let hello = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let long = "x".repeat(60_000);
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = format!("/{0}?{0}", &long[..30_000]).parse().unwrap();
    *request.headers_mut() = (0..1_000)
        .map(|number| (HeaderName::try_from(format!("x-{number}")).unwrap(), long.parse().unwrap()))
        .collect::<HeaderMap>();

    let measured = allocation_counter::measure(|| {
        let service = ApmLayer::new().tracer(agent.tracer()).layer(hello);
        drop(futures_util::FutureExt::now_or_never(service.oneshot(request)));
    });

    assert!(measured.bytes_max < 256 * 1024, "{measured:?}");
    assert_eq!(agent.events().transactions.len(), 1);
}
