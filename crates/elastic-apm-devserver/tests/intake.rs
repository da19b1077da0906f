//! Streams of events over a real socket: what is taken, what is refused, and in which words.

mod support;

use std::time::Duration;

use elastic_apm_devserver::DevServer;
use reqwest::header::{CONNECTION, CONTENT_ENCODING};
use reqwest::{Client, StatusCode};
use serde_json::json;
use support::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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
async fn a_stopping_server_ends_open_streams_and_keeps_what_came() {
    let server = start().await;
    let store = server.store().clone();
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let lines = ndjson(&checkout_lines());
    let head =
        format!("POST /intake/v2/events HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", lines.len() + 1);
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&lines).await.unwrap();
    server.wait_for(|store| store.events().len() == 2, DEADLINE).await.unwrap();

    let mut answer = String::new();
    let (_, read) = tokio::join!(server.shutdown(), socket.read_to_string(&mut answer));
    read.unwrap();

    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("server is shutting down"), "{answer}");
    assert_eq!(store.events().len(), 2);
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
