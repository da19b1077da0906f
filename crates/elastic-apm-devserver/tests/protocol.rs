//! What agents see, over a real socket, row by row as a real APM Server answers.

mod support;

use std::time::Duration;

use elastic_apm_devserver::{DevServer, RunningServer};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use support::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn post(server: &RunningServer, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
    parts(intake(server).body(body).send().await.unwrap()).await
}

async fn parts(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn refusal(message: &str) -> Value {
    json!({"accepted": 0, "errors": [{"message": message}]})
}

#[tokio::test]
async fn good_streams_get_202_without_a_body() {
    let server = start().await;

    let response = intake(&server).body(ndjson(&checkout_lines())).send().await.unwrap();

    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert!(!response.headers().contains_key(CONNECTION));
    assert_eq!(response.text().await.unwrap(), "");
    assert_eq!(server.events().len(), 2);
}

#[tokio::test]
async fn verbose_answers_say_how_many_were_accepted() {
    let server = start().await;
    let url = format!("{}/intake/v2/events?verbose", server.url());

    let response = Client::new().post(url).body(ndjson(&checkout_lines())).send().await.unwrap();

    assert_eq!(parts(response).await, (StatusCode::ACCEPTED, json!({"accepted": 2})));
}

#[tokio::test]
async fn every_encoding_is_read_whether_declared_or_not() {
    let plain = ndjson(&checkout_lines());
    for (declared, body) in [
        (Some("gzip"), gzip(&plain)),
        (Some("deflate"), zlib(&plain)),
        (None, gzip(&plain)),
        (None, zlib(&plain)),
        (Some("br"), gzip(&plain)),
        (Some("identity"), plain.clone()),
        (None, [gzip(&plain[..100]), gzip(&plain[100..])].concat()),
    ] {
        let server = start().await;
        let mut request = intake(&server);
        if let Some(encoding) = declared {
            request = request.header(CONTENT_ENCODING, encoding);
        }

        let (status, answer) = parts(request.body(body).send().await.unwrap()).await;

        assert_eq!((status, server.events().len()), (StatusCode::ACCEPTED, 2), "{declared:?} {answer}");
    }
}

#[tokio::test]
async fn chunked_streams_are_stored_while_they_arrive() {
    let server = start().await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /intake/v2/events HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\
                content-type: application/x-ndjson\r\nconnection: close\r\n\r\n";
    let lines = ndjson(&checkout_lines());
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();

    socket.write_all(head.as_bytes()).await.unwrap();
    // The cut is in the middle of the last line.
    let cut = lines.len() - 50;
    socket.write_all(&chunk(&lines[..cut])).await.unwrap();
    server.wait_for(|store| store.events().len() == 1, DEADLINE).await.unwrap();
    socket.write_all(&chunk(&lines[cut..])).await.unwrap();
    socket.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();

    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    assert_eq!(server.events().len(), 2);
}

#[tokio::test]
async fn empty_bodies_are_accepted() {
    let server = start().await;

    assert_eq!(post(&server, "").await.0, StatusCode::ACCEPTED);
    let declared = intake(&server).header(CONTENT_ENCODING, "gzip").body("").send().await.unwrap();
    assert_eq!(declared.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn bad_lines_get_400_and_good_ones_stay() {
    let server = start().await;
    let mut lines = checkout_lines();
    lines.insert(2, json!({"span": {"id": "nonsense"}}));
    lines.insert(3, json!({"surprise": {}}));
    lines.push(metadata("again"));

    let (status, body) = post(&server, ndjson(&lines)).await;

    assert_eq!((status, &body["accepted"]), (StatusCode::BAD_REQUEST, &json!(2)));
    let messages: Vec<_> = (0..3).map(|index| body["errors"][index]["message"].as_str().unwrap()).collect();
    assert!(messages[0].contains("span.id"), "{messages:?}");
    assert_eq!(messages[1], "did not recognize object type: \"surprise\"");
    assert_eq!(messages[2], "did not recognize object type: \"metadata\"");
    assert_eq!(body["errors"][1]["document"], json!({"surprise": {}}).to_string());
    assert_eq!(server.events().len(), 2);
    assert_eq!(server.store().stats().rejected, 3);
}

#[tokio::test]
async fn at_most_five_errors_are_listed() {
    let server = start().await;
    let mut lines = vec![metadata("a")];
    lines.extend((0..9).map(|_| json!({"surprise": 1})));

    let (_, body) = post(&server, ndjson(&lines)).await;

    assert_eq!(body["errors"].as_array().unwrap().len(), 5);
    assert_eq!(server.store().stats().rejected, 9);
}

#[tokio::test]
async fn a_line_over_the_permitted_size_costs_only_itself() {
    let server = start().await;
    let mut lines = checkout_lines();
    let mut large = span("aaaaaaaaaaaaaaaa", CHECKOUT, CHECKOUT, "", 0, 1.0);
    let overhead = large.to_string().len() + 1;
    let name = |length: usize| json!("x".repeat(length - overhead));
    large["span"]["name"] = name(307_200);
    lines.insert(1, large.clone());
    large["span"]["name"] = name(307_201);
    lines.insert(2, large);

    let (status, body) = post(&server, gzip(&ndjson(&lines))).await;

    assert_eq!((status, &body["accepted"]), (StatusCode::BAD_REQUEST, &json!(3)));
    assert_eq!(body["errors"][0]["message"], "event exceeded the permitted size");
    assert_eq!(body["errors"].as_array().unwrap().len(), 1);
    assert_eq!(server.store().stats().too_large, 1);
}

#[tokio::test]
async fn the_first_line_has_to_be_metadata() {
    let server = start().await;
    let required = "\"metadata\" or \"m\" required";
    for lines in [&checkout_lines()[1..], &[json!({}), metadata("a")], &[json!({"x": 1})]] {
        let (status, body) = post(&server, ndjson(lines)).await;

        assert_eq!((status, &body["accepted"]), (StatusCode::BAD_REQUEST, &json!(0)));
        assert_eq!(body["errors"][0]["message"], required);
    }
    assert_eq!(post(&server, "\n").await.1["errors"][0]["message"], required);
    assert!(server.events().is_empty());
}

#[tokio::test]
async fn bad_metadata_refuses_the_whole_stream() {
    let server = start().await;
    let mut lines = checkout_lines();
    lines[0]["metadata"]["service"]["name"] = json!(7);

    let (status, body) = post(&server, ndjson(&lines)).await;

    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body["errors"][0]["message"].as_str().unwrap().contains("metadata.service.name"), "{body}");
    assert!(server.events().is_empty());
}

#[tokio::test]
async fn the_last_event_may_lack_its_newline_but_metadata_may_not() {
    let server = start().await;
    let mut lines = ndjson(&checkout_lines());
    lines.pop();

    assert_eq!(post(&server, lines).await.0, StatusCode::ACCEPTED);
    let (status, body) = post(&server, metadata("a").to_string()).await;
    assert_eq!(
        (status, &body["errors"][0]["message"]),
        (StatusCode::BAD_REQUEST, &json!("EOF while reading metadata"))
    );
}

#[tokio::test]
async fn empty_lines_and_bytes_after_the_object_are_ignored() {
    let server = start().await;
    let [metadata, span, transaction] = checkout_lines().try_into().unwrap();

    let (status, _) = post(&server, format!("{metadata}\n\n{span} trailing\n\n{transaction}\n\n")).await;

    assert_eq!((status, server.events().len()), (StatusCode::ACCEPTED, 2));
}

#[tokio::test]
async fn other_content_types_are_refused_and_a_missing_one_is_not() {
    let server = start().await;
    let url = format!("{}/intake/v2/events", server.url());
    let send = async |content_type: Option<&str>| {
        let mut request = Client::new().post(&url).body(ndjson(&checkout_lines()));
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        parts(request.send().await.unwrap()).await
    };

    let invalid = refusal("invalid content type: 'application/json'");
    assert_eq!(send(Some("application/json")).await, (StatusCode::BAD_REQUEST, invalid));
    assert_eq!(send(Some("application/x-ndjson; charset=utf-8")).await.0, StatusCode::ACCEPTED);
    assert_eq!(send(None).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn only_post_is_supported_and_the_refusal_is_a_400() {
    let server = start().await;

    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let url = format!("{}/intake/v2/events", server.url());
        let response = Client::new().request(method, url).send().await.unwrap();

        assert_eq!(
            parts(response).await,
            (StatusCode::BAD_REQUEST, refusal("only POST requests are supported"))
        );
    }
}

#[tokio::test]
async fn broken_compression_headers_are_named() {
    let server = start().await;
    let send = async |encoding: &str, body: Vec<u8>| {
        parts(intake(&server).header(CONTENT_ENCODING, encoding).body(body).send().await.unwrap()).await
    };

    let broken = |why| (StatusCode::BAD_REQUEST, refusal(&format!("data decoding error: {why}")));
    let lines = ndjson(&checkout_lines());
    assert_eq!(send("gzip", lines.clone()).await, broken("gzip: invalid header"));
    assert_eq!(send("deflate", lines).await, broken("zlib: invalid header"));
    assert_eq!(send("gzip", vec![0x1f, 0x8b]).await, broken("unexpected EOF"));
}

#[tokio::test]
async fn a_cut_compressed_stream_keeps_what_came_before() {
    let server = start().await;
    let noise: String = (0..5_000_u32).map(|n| format!("{:x}", n.wrapping_mul(2_654_435_761))).collect();
    let mut lines = checkout_lines();
    lines.push(span("aaaaaaaaaaaaaaaa", CHECKOUT, CHECKOUT, &noise, 0, 1.0));
    let mut body = gzip(&ndjson(&lines));
    body.truncate(body.len() - 500);

    let (status, body) = post(&server, body).await;

    assert_eq!((status, &body["accepted"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!(2)));
    assert_eq!(body["errors"][0]["message"], "cannot handle stream: unexpected EOF");
    assert_eq!(server.events().len(), 2);
}

#[tokio::test]
async fn errors_close_the_connection_and_follow_the_accept_header() {
    let server = start().await;
    let send = async |accept: &str| {
        let response = intake(&server).header(ACCEPT, accept).body("{}\n").send().await.unwrap();
        let content_type = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        assert_eq!(response.headers()[CONNECTION], "close");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        (content_type, response.text().await.unwrap())
    };

    let message = r#""\"metadata\" or \"m\" required""#;
    assert_eq!(
        send("text/html, */*").await,
        (
            "application/json".to_owned(),
            format!(
                "{{\n  \"accepted\": 0,\n  \"errors\": [\n    {{\n      \"message\": {message},\n      \"document\": \"{{}}\"\n    \
                 }}\n  ]\n}}\n"
            )
        )
    );
    assert_eq!(
        send("text/plain").await,
        (
            "text/plain; charset=utf-8".to_owned(),
            format!("{{\"accepted\":0,\"errors\":[{{\"message\":{message},\"document\":\"{{}}\"}}]}}\n")
        )
    );
}

#[tokio::test]
async fn credentials_are_asked_for_when_configured() {
    let server = start_with(DevServer::builder().secret_token("s3cret").api_key("id:key")).await;
    let send = async |authorization: Option<&str>| {
        let mut request = intake(&server).body(ndjson(&checkout_lines()));
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        parts(request.send().await.unwrap()).await
    };

    let missing = "authentication failed: missing or improperly formatted Authorization header: expected \
                   'Authorization: Bearer secret_token' or 'Authorization: ApiKey base64(API key ID:API key)'";
    assert_eq!(send(None).await, (StatusCode::UNAUTHORIZED, json!({"error": missing})));
    let failed = (StatusCode::UNAUTHORIZED, json!({"error": "authentication failed"}));
    assert_eq!(send(Some("Bearer wrong")).await, failed);
    assert!(server.events().is_empty());
    assert_eq!(send(Some("Bearer s3cret")).await.0, StatusCode::ACCEPTED);
    assert_eq!(send(Some("ApiKey aWQ6a2V5")).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_large_body_does_not_hide_an_early_refusal() {
    let server = start_with(DevServer::builder().secret_token("s3cret")).await;

    let (status, _) = post(&server, vec![b'x'; 3 << 20]).await;

    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_stream_that_takes_too_long_is_timed_out() {
    let server = start_with(DevServer::builder().read_timeout(Duration::from_millis(200))).await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let lines = ndjson(&checkout_lines());
    let head =
        format!("POST /intake/v2/events HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", lines.len() + 1);

    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&lines).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();

    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("{\"error\":\"request timed out\"}\n"),
        "{answer}"
    );
    assert_eq!(server.events().len(), 2);
}

#[tokio::test]
async fn unsampled_transactions_are_kept_before_8_0_only() {
    let mut lines = checkout_lines();
    lines[2]["transaction"]["sampled"] = json!(false);
    for (version, kept) in [("8.15.0", 1), ("7.17.0", 2)] {
        let server = start_with(DevServer::builder().version(version)).await;

        send(&server, &lines).await;

        let stats = server.store().stats();
        assert_eq!(
            (stats.accepted, stats.unsampled, server.events().len()),
            (2, 2 - kept as u64, kept),
            "{version}"
        );
    }
}

#[tokio::test]
async fn faults_replace_the_true_answer_as_often_as_asked() {
    let server = start().await;
    server.answer_next_with(503, 1);

    let (status, body) = post(&server, ndjson(&checkout_lines())).await;
    assert_eq!((status, body), (StatusCode::SERVICE_UNAVAILABLE, refusal("queue is full")));
    assert!(server.events().is_empty());

    server.answer_with(429);
    for _ in 0..3 {
        assert_eq!(post(&server, "").await.0, StatusCode::TOO_MANY_REQUESTS);
    }
    server.answer_truly();
    assert_eq!(post(&server, ndjson(&checkout_lines())).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn the_root_tells_agents_the_version_and_that_it_is_ours() {
    let server = start_with(DevServer::builder().version("8.7.1")).await;

    let info = get_json(&server, "/").await;

    let keys: Vec<_> = info.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["build_date", "build_sha", "publish_ready", "server", "version"]);
    assert_eq!((&info["version"], &info["server"]), (&json!("8.7.1"), &json!("elastic-apm-devserver")));
    let request = async |method| Client::new().request(method, server.url()).send().await.unwrap().status();
    assert_eq!(request(Method::HEAD).await, StatusCode::OK);
    assert_eq!(request(Method::POST).await, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_root_is_silent_without_valid_credentials() {
    let server = start_with(DevServer::builder().secret_token("s3cret")).await;

    assert_eq!(parts(get(&server, "/").await).await, (StatusCode::OK, json!("")));
    let known = Client::new().get(server.url()).header(AUTHORIZATION, "Bearer s3cret").send().await.unwrap();
    assert_eq!(known.json::<Value>().await.unwrap()["version"], "8.15.0");
}

#[tokio::test]
async fn unknown_paths_get_the_servers_404() {
    let server = start().await;

    let answer = parts(get(&server, "/nope").await).await;

    assert_eq!(answer, (StatusCode::NOT_FOUND, json!({"error": "404 page not found"})));
}

#[tokio::test]
async fn central_configuration_is_empty_and_known_by_its_etag() {
    let server = start().await;
    let url = format!("{}/config/v1/agents", server.url());
    let get = Client::new().get(format!("{url}?service.name=a&service.environment=b"));
    let post = Client::new().post(&url).body(r#"{"service":{"name":"a"}}"#);

    for request in [get.try_clone().unwrap(), post] {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["etag"], "\"-\"");
        assert_eq!(response.headers()["cache-control"], "max-age=30, must-revalidate");
        assert_eq!(parts(response).await, (StatusCode::OK, json!({})));
    }
    let known = get.header("if-none-match", "\"-\"").send().await.unwrap();
    assert_eq!(known.headers()["etag"], "\"-\"");
    assert_eq!(parts(known).await, (StatusCode::NOT_MODIFIED, json!("")));
    let known = Client::new().get(format!("{url}?service.name=a&ifnonematch=-")).send().await.unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn central_configuration_refuses_with_a_longer_max_age() {
    let server = start().await;
    let url = format!("{}/config/v1/agents", server.url());

    let nameless = Client::new().get(&url).send().await.unwrap();
    assert_eq!(nameless.headers()["cache-control"], "max-age=300, must-revalidate");
    assert_eq!(
        parts(nameless).await,
        (StatusCode::BAD_REQUEST, json!({"error": "service.name is required"}))
    );
    let put = Client::new().put(&url).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::METHOD_NOT_ALLOWED);
}
