//! The same by way of a proxy. The servers' names are known to the proxy alone.

use super::tls::Authority;
use super::*;

const PASSED_ON: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

fn by_way_of(variable: &str, proxy: &str, code: ConfigBuilder) -> HttpTransport {
    let environment = [(variable, format!("http://joe:s3cret@{proxy}"))].into_iter().collect();
    HttpTransport::new(&resolve(code, &Environment::empty()).config, &environment, &AgentLog::recording())
}

/// The head of a request, one line each.
fn head(stream: &mut impl Read) -> Vec<String> {
    read_request(stream).split("\r\n").map(str::to_owned).collect()
}

#[test]
fn a_proxy_forwards_requests_to_an_http_server() {
    let (address, proxy) = serve(|listener| {
        let mut stream = accept(&listener);
        [(); 2].map(|()| {
            let head = head(&mut stream);
            answer(&mut stream, OK);
            head
        })
    });
    let code = ConfigBuilder::default().server_url("http://apm.invalid:8200/prefix").secret_token("t0ken");
    let transport = by_way_of("HTTP_PROXY", &address, code);

    run(async {
        transport.send(events("{}\n")).await.unwrap();
        transport.send(events("{}\n")).await.unwrap();
    });

    for head in proxy.join().unwrap() {
        assert_eq!(head[0], "POST http://apm.invalid:8200/prefix/intake/v2/events HTTP/1.1");
        for line in [
            "host: apm.invalid:8200",
            "proxy-authorization: Basic am9lOnMzY3JldA==",
            "authorization: Bearer t0ken",
        ] {
            assert!(head.iter().any(|known| known == line), "{line:?} is not in {head:#?}");
        }
    }
}

#[test]
fn a_proxy_is_asked_for_a_tunnel_to_an_https_server_and_sees_nothing_else() {
    let authority = Authority::new("tunnel");
    let config = authority.server("apm.invalid");
    let (address, proxy) = serve(move |listener| {
        let mut stream = accept(&listener);
        let connect = head(&mut stream);
        answer(&mut stream, PASSED_ON);
        (connect, super::tls::answer_one(config, stream))
    });
    let code = ConfigBuilder::default()
        .server_url("https://apm.invalid")
        .server_ca_cert_file(&authority.file)
        .secret_token("t0ken");

    let response = run(by_way_of("https_proxy", &address, code).send(events("{}"))).unwrap();

    let (connect, request) = proxy.join().unwrap();
    let request = request.unwrap();
    assert_eq!(response.status(), 202);
    assert_eq!(connect[0], "CONNECT apm.invalid:443 HTTP/1.1");
    assert!(connect.contains(&"Proxy-Authorization: Basic am9lOnMzY3JldA==".to_owned()), "{connect:?}");
    assert!(!connect.concat().contains("t0ken"));
    assert!(request.starts_with("POST /intake/v2/events HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer t0ken\r\n") && !request.contains("proxy-"), "{request}");
}

#[test]
fn a_tunnel_that_is_refused_has_sent_nothing() {
    for (refusal, part) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "proxy authorization required"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "unsuccessful"),
        ("", "tunnel error"),
    ] {
        let (address, proxy) = serve(move |listener| {
            let mut stream = accept(&listener);
            head(&mut stream);
            answer(&mut stream, refusal);
        });
        let code = ConfigBuilder::default().server_url("https://apm.invalid").verify_server_cert(false);

        let error = run(by_way_of("HTTPS_PROXY", &address, code).send(events("{}"))).unwrap_err();

        proxy.join().unwrap();
        assert!(error.is_not_sent(), "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[test]
fn a_proxy_that_is_not_there_is_like_a_server_that_is_not_there() {
    let (address, listener) = serve(drop);
    listener.join().unwrap();
    let code = ConfigBuilder::default().server_url("http://apm.invalid");

    let error = run(by_way_of("HTTP_PROXY", &address, code).send(events("{}"))).unwrap_err();

    assert!(error.is_not_sent(), "{error}");
}

#[test]
fn a_server_on_this_machine_is_contacted_directly() {
    let (address, server) = serve(|listener| {
        let mut stream = accept(&listener);
        let request = read_request(&mut stream);
        answer(&mut stream, OK);
        request
    });

    run(by_way_of("HTTP_PROXY", "proxy.invalid:3128", to(&address)).send(events("{}"))).unwrap();

    assert!(server.join().unwrap().starts_with("POST /intake/v2/events HTTP/1.1\r\n"));
}
