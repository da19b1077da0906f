use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use super::*;
use crate::config::{ConfigBuilder, Environment, resolve};

mod proxy;
mod servers;
mod tls;

const OK: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}";

/// Runs a server's part on a thread of its own; returns the address.
fn serve<T: Send + 'static>(
    script: impl FnOnce(TcpListener) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (address, thread::spawn(move || script(listener)))
}

fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().unwrap().0
}

/// Reads one request with `Content-Length`.
fn read_request(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let head = String::from_utf8(request).unwrap();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn answer(stream: &mut impl Write, answer: &str) {
    stream.write_all(answer.as_bytes()).unwrap();
    stream.flush().unwrap();
}

fn transport(code: ConfigBuilder) -> HttpTransport {
    let resolved = resolve(code, &Environment::empty());
    assert_eq!(resolved.warnings, []);
    HttpTransport::new(&resolved.config, &Environment::empty(), &AgentLog::recording())
}

fn to(address: &str) -> ConfigBuilder {
    ConfigBuilder::default().server_url(format!("http://{address}")).service_name("shop")
}

fn events(body: &'static str) -> Request<Bytes> {
    Request::post("/intake/v2/events")
        .header("content-type", "application/x-ndjson")
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

/// Runs the agent's part on a runtime like the agent's.
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn the_request_carries_address_credentials_and_names() {
    let (address, server) = serve(|listener| {
        let mut stream = accept(&listener);
        let request = read_request(&mut stream);
        answer(&mut stream, OK);
        request
    });
    let code = to(&format!("{address}/prefix/")).secret_token("t0ken").service_version("v1");

    let response = run(transport(code).send(events("{}\n"))).unwrap();

    let request = server.join().unwrap();
    let mut lines: Vec<&str> = request.split("\r\n").collect();
    let first = lines.remove(0);
    lines.sort_unstable();
    assert_eq!(first, "POST /prefix/intake/v2/events HTTP/1.1");
    assert_eq!(
        lines,
        [
            "",
            "accept: application/json",
            "authorization: Bearer t0ken",
            "content-length: 3",
            "content-type: application/x-ndjson",
            &format!("host: {address}"),
            concat!("user-agent: apm-agent-rust/", env!("CARGO_PKG_VERSION"), " (shop v1)"),
            "{}\n",
        ]
    );
    assert_eq!(response.status(), 202);
    assert_eq!(response.body(), "{}");
}

#[test]
fn a_request_without_body_has_no_length_and_keeps_its_query() {
    let (address, server) = serve(|listener| {
        let mut stream = accept(&listener);
        let request = read_request(&mut stream);
        answer(&mut stream, OK);
        request
    });
    let request = Request::get("/config/v1/agents?service.name=shop")
        .header("accept", "*/*")
        .body(Bytes::new())
        .unwrap();

    run(transport(to(&address)).send(request)).unwrap();

    let request = server.join().unwrap();
    assert!(request.starts_with("GET /config/v1/agents?service.name=shop HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("accept: */*\r\n") && !request.contains("content-length"), "{request}");
    assert!(!request.contains("authorization"), "{request}");
}

#[test]
fn a_refused_connection_is_not_sent() {
    // Nobody listens on a system port that went out of use long ago.
    let error = run(transport(to("127.0.0.1:1")).send(events("{}"))).unwrap_err();

    assert!(error.is_not_sent() && !error.is_timeout());
    assert!(error.to_string().to_lowercase().contains("connection refused"), "{error}");
}

#[test]
fn an_unknown_host_is_not_sent() {
    let code = to("host.invalid:8200").server_timeout(Duration::from_secs(2));

    let error = run(transport(code).send(events("{}"))).unwrap_err();

    assert!(error.is_not_sent(), "{error}");
}

#[test]
fn a_connection_closed_without_answer_may_have_arrived() {
    let (address, server) = serve(|listener| read_request(&mut accept(&listener)));

    let error = run(transport(to(&address)).send(events("{}"))).unwrap_err();

    server.join().unwrap();
    assert!(!error.is_not_sent() && !error.is_timeout(), "{error}");
}

#[test]
fn an_answer_cut_short_may_have_arrived() {
    for cut in ["HTTP/1.1 202 Acc", "HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\n{}"] {
        let (address, server) = serve(move |listener| {
            let mut stream = accept(&listener);
            read_request(&mut stream);
            answer(&mut stream, cut);
        });

        let error = run(transport(to(&address)).send(events("{}"))).unwrap_err();

        server.join().unwrap();
        assert!(!error.is_not_sent(), "{error}");
    }
}

#[test]
fn garbage_instead_of_an_answer_may_have_arrived() {
    let (address, server) = serve(|listener| {
        let mut stream = accept(&listener);
        read_request(&mut stream);
        answer(&mut stream, "SSH-2.0-OpenSSH_9.6\r\n\r\n");
    });

    let error = run(transport(to(&address)).send(events("{}"))).unwrap_err();

    server.join().unwrap();
    assert!(!error.is_not_sent(), "{error}");
}

#[test]
fn a_slow_answer_times_out_and_may_have_arrived() {
    for slow in ["", "HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\n{}"] {
        let (done, wait) = mpsc::channel::<()>();
        let (address, server) = serve(move |listener| {
            let mut stream = accept(&listener);
            read_request(&mut stream);
            answer(&mut stream, slow);
            wait.recv().unwrap_err();
        });
        let code = to(&address).server_timeout(Duration::from_millis(50));

        let error = run(transport(code).send(events("{}"))).unwrap_err();

        drop(done);
        server.join().unwrap();
        assert!(error.is_timeout() && !error.is_not_sent());
        assert_eq!(error.to_string(), "the exchange with the server was interrupted: no answer within 50ms");
    }
}

#[test]
fn a_connection_is_used_again() {
    let (address, server) = serve(|listener| {
        let mut stream = accept(&listener);
        for _ in 0..3 {
            read_request(&mut stream);
            answer(&mut stream, OK);
        }
    });
    let transport = transport(to(&address));

    run(async {
        for _ in 0..3 {
            assert_eq!(transport.send(events("{}")).await.unwrap().status(), 202);
        }
    });

    server.join().unwrap();
}

#[test]
fn a_connection_closed_while_idle_loses_nothing() {
    let (closed, is_closed) = mpsc::channel();
    let (address, server) = serve(move |listener| {
        for _ in 0..20 {
            let mut stream = accept(&listener);
            read_request(&mut stream);
            answer(&mut stream, OK);
            drop(stream);
            closed.send(()).unwrap();
        }
    });
    let transport = transport(to(&address));

    run(async {
        for _ in 0..20 {
            assert_eq!(transport.send(events("{}")).await.unwrap().status(), 202);
            is_closed.recv().unwrap();
        }
    });

    server.join().unwrap();
}

#[test]
fn an_error_answer_is_an_answer() {
    let (address, server) = serve(|listener| {
        let mut stream = accept(&listener);
        read_request(&mut stream);
        answer(&mut stream, "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n{\"accepted\": 0}");
    });

    let response = run(transport(to(&address)).send(events("{}"))).unwrap();

    server.join().unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.body(), "{\"accepted\": 0}");
}

#[test]
fn redirects_are_not_followed() {
    let (address, server) = serve(|listener| {
        let mut stream = accept(&listener);
        read_request(&mut stream);
        answer(
            &mut stream,
            "HTTP/1.1 308 Permanent Redirect\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n",
        );
        stream.read(&mut [0]).unwrap()
    });

    let response = run(transport(to(&address)).send(events("{}"))).unwrap();

    assert_eq!(response.status(), 308);
    assert_eq!(server.join().unwrap(), 0);
}

#[test]
fn a_long_answer_is_cut_and_its_connection_used_again() {
    let (address, server) = serve(|listener| {
        let mut stream = accept(&listener);
        read_request(&mut stream);
        answer(&mut stream, "HTTP/1.1 400 Bad Request\r\ncontent-length: 500000\r\n\r\n");
        answer(&mut stream, &"x".repeat(500_000));
        read_request(&mut stream);
        answer(&mut stream, OK);
    });
    let transport = transport(to(&address));

    run(async {
        let long = transport.send(events("{}")).await.unwrap();
        assert_eq!(long.body().len(), MAX_ANSWER_KEPT);
        assert_eq!(transport.send(events("{}")).await.unwrap().status(), 202);
    });

    server.join().unwrap();
}

#[test]
fn an_endless_answer_is_not_read_to_its_end() {
    let (address, server) = serve(|listener| {
        let mut stream = accept(&listener);
        read_request(&mut stream);
        answer(&mut stream, "HTTP/1.1 400 Bad Request\r\n\r\n");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });

    let response = run(transport(to(&address)).send(events("{}"))).unwrap();

    server.join().unwrap();
    assert_eq!(response.body().len(), MAX_ANSWER_KEPT);
}

#[test]
fn a_server_that_comes_back_is_reached_by_the_same_transport() {
    run(async {
        // Bound but not listening: connections are refused, and nobody else gets the port.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let transport = transport(to(&socket.local_addr().unwrap().to_string()));
        assert!(transport.send(events("{}")).await.unwrap_err().is_not_sent());

        let listener = socket.listen(1).unwrap().into_std().unwrap();
        listener.set_nonblocking(false).unwrap();
        let server = thread::spawn(move || {
            let mut stream = accept(&listener);
            read_request(&mut stream);
            answer(&mut stream, OK);
        });

        assert_eq!(transport.send(events("{}")).await.unwrap().status(), 202);
        server.join().unwrap();
    });
}

#[test]
fn compression_is_for_servers_elsewhere() {
    assert!(!transport(to("127.0.0.1:8200")).wants_compression());
    assert!(!transport(to("localhost:8200")).wants_compression());
    assert!(!transport(to("[::1]:8200")).wants_compression());
    assert!(transport(to("apm.example.com")).wants_compression());
}
