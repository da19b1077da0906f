//! Requests that no honest client sends, as raw bytes: the service answers as ever, and what is recorded is valid.

use axum::body::Body;
use elastic_apm::intake::{Body as BodyContext, Request as RequestContext};
use elastic_apm::testing::Events;
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::events_of;
use crate::stack::{AXUM_HTTP1, Around, Server, TOWER_HTTP1};

async fn answers(_: Request<Body>) -> Response<Body> {
    Response::new(Body::from("hello"))
}

/// The status line that comes back for these bytes.
async fn raw(server: &Server, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Sends the request to both frameworks and hands what was recorded to `check`.
async fn on_both(request: &[u8], status: &str, check: impl Fn(&Events)) {
    for stack in [TOWER_HTTP1, AXUM_HTTP1] {
        let agent = CheckedAgent::new();
        let server = stack.serve(&agent, answers).await;

        assert_eq!(raw(&server, request).await, status, "{stack:?}");

        check(&events_of(&agent, 1).await);
    }
}

fn described(events: &Events) -> &RequestContext {
    events.transactions[0].context.as_ref().unwrap().request.as_ref().unwrap()
}

#[tokio::test]
async fn header_values_that_are_not_utf8_are_recorded_with_replacement_characters() {
    let request = b"GET /orders/7 HTTP/1.1\r\nhost: a.test\r\nx-bad: \xff\xfe!\r\nx-good: \xc3\xa9\r\nconnection: close\r\n\r\n";

    on_both(request, "HTTP/1.1 200 OK", |events| {
        let headers = &described(events).headers;
        assert_eq!(headers.get("x-bad"), Some("\u{fffd}\u{fffd}!"));
        assert_eq!(headers.get("x-good"), Some("é"));
    })
    .await;
}

#[tokio::test]
async fn as_many_headers_as_the_server_takes_are_recorded() {
    let many: String = (0..97).map(|number| format!("x-{number}: {number}\r\n")).collect();
    let request = format!("GET /orders/7 HTTP/1.1\r\nhost: a.test\r\n{many}connection: close\r\n\r\n");

    on_both(request.as_bytes(), "HTTP/1.1 200 OK", |events| {
        assert_eq!(described(events).headers.len(), 99);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_the_server_itself_refuses_is_no_transaction() {
    let too_many: String = (0..1_000).map(|number| format!("x-{number}: {number}\r\n")).collect();
    let request = format!("GET /orders/7 HTTP/1.1\r\nhost: a.test\r\n{too_many}connection: close\r\n\r\n");
    let agent = CheckedAgent::new();
    let server = AXUM_HTTP1.serve(&agent, answers).await;

    let status = raw(&server, request.as_bytes()).await;

    assert_eq!(status, "HTTP/1.1 431 Request Header Fields Too Large");
    assert_eq!(agent.stats().recorded(), 0);
}

#[tokio::test]
async fn header_values_of_64_kilobytes_are_cut() {
    let value = "x".repeat(64 * 1024);
    let request = format!(
        "GET /orders/7 HTTP/1.1\r\nhost: a.test\r\nx-long: {value}\r\ncookie: sessionid={value}\r\n\
         traceparent: {value}\r\ntracestate: {value}\r\nconnection: close\r\n\r\n"
    );

    on_both(request.as_bytes(), "HTTP/1.1 200 OK", |events| {
        let headers = &described(events).headers;
        let long = headers.get("x-long").unwrap();
        assert_eq!((long.chars().count(), long.ends_with('…')), (1024, true));
        assert_eq!(headers.get("cookie"), Some("[REDACTED]"));
        assert_eq!(described(events).cookies.as_ref().unwrap()["sessionid"], "[REDACTED]");
        assert_eq!(events.transactions[0].parent_id, None);
    })
    .await;
}

#[tokio::test]
async fn a_path_that_is_not_ascii_is_recorded_as_it_came() {
    let request = "GET /orders/zażółć?☃=1 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n";

    on_both(request.as_bytes(), "HTTP/1.1 200 OK", |events| {
        let url = &described(events).url;
        assert_eq!(url.full.as_deref(), Some("http://a.test/orders/zażółć?☃=1"));
        assert_eq!((url.pathname.as_deref(), url.search.as_deref()), (Some("/orders/zażółć"), Some("?☃=1")));
    })
    .await;
}

#[tokio::test]
async fn a_path_of_60_kilobytes_is_cut_and_never_in_the_name() {
    let path = format!("/orders/{}?{}", "p".repeat(30_000), "q".repeat(30_000));
    let request = format!("GET {path} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");

    on_both(request.as_bytes(), "HTTP/1.1 200 OK", |events| {
        let url = &described(events).url;
        for part in [&url.full, &url.raw, &url.pathname, &url.search] {
            assert_eq!(part.as_ref().unwrap().chars().count(), 1024);
        }
        assert!(events.transactions[0].name.as_ref().unwrap().len() < 30);
    })
    .await;
}

#[tokio::test]
async fn http_1_0_without_a_host_has_no_full_url() {
    on_both(b"GET /orders/7?a=1 HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK", |events| {
        let request = described(events);
        assert_eq!(request.http_version.as_deref(), Some("1.0"));
        assert_eq!((request.url.full.as_deref(), request.url.hostname.as_deref()), (None, None));
        assert_eq!(request.url.raw.as_deref(), Some("/orders/7?a=1"));
    })
    .await;
}

#[tokio::test]
async fn a_host_that_is_no_host_gives_no_full_url() {
    for host in [&b"\xff\xfe"[..], b"a b", b"", b"a.test:99999999", b"[::1", b"a/b"] {
        let request = joined(&[b"GET /orders/7 HTTP/1.1\r\nhost: ", host, b"\r\nconnection: close\r\n\r\n"]);

        on_both(&request, "HTTP/1.1 200 OK", |events| {
            let url = &described(events).url;
            let host = String::from_utf8_lossy(host);
            assert_eq!(url.pathname.as_deref(), Some("/orders/7"), "{host}");
            assert!(url.full.as_deref().is_none_or(|full| full.ends_with("/orders/7")), "{host}: {url:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn credentials_in_the_request_target_never_leave() {
    let request =
        b"GET http://joe:hunter2@a.test:81/orders/7 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n";

    on_both(request, "HTTP/1.1 200 OK", |events| {
        assert_eq!(described(events).url.full.as_deref(), Some("http://a.test:81/orders/7"));
        assert!(!events.lines.iter().any(|line| line.contains("hunter2")));
    })
    .await;
}

#[tokio::test]
async fn methods_that_nobody_registered_are_recorded_as_they_are_and_named_other() {
    for (method, name) in
        [("BREW", "OTHER "), ("get", "OTHER "), ("X-1-2-3", "OTHER "), ("PROPFIND", "PROPFIND ")]
    {
        let request = format!("{method} /orders/7 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");

        on_both(request.as_bytes(), "HTTP/1.1 200 OK", |events| {
            assert_eq!(described(events).method, method);
            assert!(events.transactions[0].name.as_ref().unwrap().starts_with(name), "{method}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_target_that_is_an_asterisk_or_an_authority_does_no_harm() {
    let agent = CheckedAgent::new();
    let refuses = |_| async { Response::builder().status(405).body(Body::empty()).unwrap() };
    let server = TOWER_HTTP1.serve(&agent, refuses).await;

    let star = raw(&server, b"OPTIONS * HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n").await;
    let connect =
        raw(&server, b"CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\nconnection: close\r\n\r\n").await;

    assert_eq!([star, connect], ["HTTP/1.1 405 Method Not Allowed"; 2]);
    let events = events_of(&agent, 2).await;
    for (event, name, url) in [
        (&events.transactions[0], "OPTIONS unknown route", "http://a.test"),
        (&events.transactions[1], "CONNECT unknown route", "http://a.test:443/"),
    ] {
        let request = event.context.as_ref().unwrap().request.as_ref().unwrap();
        assert_eq!((event.name.as_deref(), request.url.full.as_deref()), (Some(name), Some(url)));
    }
}

#[tokio::test]
async fn hostile_trace_headers_start_a_new_trace() {
    let members: String = (0..90).map(|number| format!("tracestate: k{number}=v\r\n")).collect();
    let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = joined(&[
        b"GET /orders/7 HTTP/1.1\r\nhost: a.test\r\ntraceparent: \xff",
        &good.as_bytes()[1..],
        b"\r\n",
        members.as_bytes(),
        b"connection: close\r\n\r\n",
    ]);

    on_both(&request, "HTTP/1.1 200 OK", |events| {
        assert_eq!(events.transactions[0].parent_id, None);
    })
    .await;
}

#[tokio::test]
async fn thirty_three_tracestate_members_spoil_the_list_and_not_the_trace() {
    let members: String = (0..33).map(|number| format!("tracestate: es{number}=s:0.5\r\n")).collect();
    let request = format!(
        "GET /orders/7 HTTP/1.1\r\nhost: a.test\r\n{members}\
         traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nconnection: close\r\n\r\n"
    );

    on_both(request.as_bytes(), "HTTP/1.1 200 OK", |events| {
        let event = &events.transactions[0];
        assert_eq!(event.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(event.sample_rate, None, "nobody said at which rate");
    })
    .await;
}

#[tokio::test]
async fn a_traceparent_that_is_ignored_is_explained_in_the_log() {
    let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (traceparents, explanation) in [
        (&[][..], None),
        (&[good], None),
        (&["nonsense"], Some("traceparent has the wrong length: it is ignored")),
        (&[good, good], Some("traceparent is there more than once: it is ignored")),
    ] {
        let agent = CheckedAgent::with(|options| options.log_level(elastic_apm::LogLevel::Debug));
        let server = TOWER_HTTP1.serve(&agent, answers).await;
        let headers: String = traceparents.iter().map(|value| format!("traceparent: {value}\r\n")).collect();

        raw(&server, format!("GET / HTTP/1.1\r\nhost: a\r\n{headers}connection: close\r\n\r\n").as_bytes())
            .await;

        let log = agent.log_lines();
        let said: Vec<_> = log.iter().filter(|line| line.contains("traceparent")).collect();
        assert_eq!(said.len(), usize::from(explanation.is_some()), "{traceparents:?}: {log:#?}");
        assert!(explanation.is_none_or(|words| said[0].contains(words)), "{said:?}");
    }
}

#[tokio::test]
async fn headers_that_fill_the_servers_buffer_leave_an_event_that_fits() {
    // What takes the most room in JSON.
    for filling in [&b"\""[..], b"\\", b"\xff", "𝄞".as_bytes()] {
        let value = filling.repeat(3_800 / filling.len());
        let mut request = b"GET /orders/7 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n".to_vec();
        for number in 0..45 {
            request.extend(joined(&[format!("x-{number}: ").as_bytes(), &value, b"\r\n"]));
            request.extend(joined(&[format!("cookie: c{number}=").as_bytes(), &value, b"\r\n"]));
        }
        request.extend(b"x-last: small\r\n\r\n");

        on_both(&request, "HTTP/1.1 200 OK", |events| {
            let request = described(events);
            assert!((10..46).contains(&request.headers.len()), "{}", request.headers.len());
            assert_eq!(request.headers.get("x-last"), Some("small"), "what is small has room");
            assert!(request.cookies.as_ref().is_some_and(|cookies| !cookies.is_empty()));
        })
        .await;
    }
}

#[tokio::test]
async fn a_hostile_form_is_captured_within_bounds() {
    let fields = ["&".repeat(200_000), "=".repeat(200_000), "%".repeat(200_000), "password=".repeat(20_000)];
    for form in fields {
        for stack in [TOWER_HTTP1, AXUM_HTTP1] {
            let agent = CheckedAgent::with(|options| options.capture_body(elastic_apm::CaptureBody::All));
            let reads = |request: Request<Body>| async {
                let body = request.into_body().collect().await.unwrap().to_bytes();
                Response::new(Body::from(body.len().to_string()))
            };
            let server = stack.serve_with(agent.tracer(), Around::CapturingBodies, reads).await;
            let request = format!(
                "POST /orders/7 HTTP/1.1\r\nhost: a.test\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n{form}",
                form.len()
            );

            assert_eq!(raw(&server, request.as_bytes()).await, "HTTP/1.1 200 OK");

            let events = events_of(&agent, 1).await;
            let Some(BodyContext::Text(text)) = &described(&events).body else {
                panic!("no body: {events:?}")
            };
            assert!(text.chars().count() <= 10_000);
        }
    }
}
