//! The same with several servers.

use super::*;

/// A server that gives these answers, each on a connection of its own, and then is not there any more.
fn answering(answers: &'static [&'static str]) -> (String, JoinHandle<()>) {
    serve(move |listener| {
        for text in answers {
            let mut stream = accept(&listener);
            read_request(&mut stream);
            answer(&mut stream, text);
        }
    })
}

fn to_all(addresses: [&str; 2]) -> HttpTransport {
    transport(
        ConfigBuilder::default()
            .server_url("http://not-used.invalid")
            .server_urls(addresses.map(|address| format!("http://{address}"))),
    )
}

/// Sends until it was answered, and says how often it was not.
async fn failures(transport: &HttpTransport) -> usize {
    let mut failures = 0;
    while transport.send(events("{}")).await.is_err() {
        failures += 1;
        assert!(failures < 3, "one of the servers is there");
    }
    failures
}

#[test]
fn the_next_server_is_used_when_one_fails() {
    const CLOSE: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (dead, listener) = serve(drop);
    listener.join().unwrap();
    let (alive, server) = answering(&[CLOSE, CLOSE]);
    let transport = to_all([&dead, &alive]);

    let failed = run(async { [failures(&transport).await, failures(&transport).await] });

    server.join().unwrap();
    assert!(failed[0] <= 1 && failed[1] == 0, "{failed:?}: a server that works is stayed with");
}

#[test]
fn a_server_that_does_not_serve_is_left_and_one_that_refuses_an_event_is_not() {
    const REFUSES: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const FAILS: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    for (text, stays) in [(REFUSES, true), (FAILS, false)] {
        let servers = [(); 2].map(|()| {
            serve(move |listener| {
                listener.set_nonblocking(false).unwrap();
                let mut stream = accept(&listener);
                read_request(&mut stream);
                answer(&mut stream, text);
            })
        });
        let transport = to_all([&servers[0].0, &servers[1].0]);
        let place = || transport.servers.in_use().1.url.to_string();

        let first = place();
        run(transport.send(events("{}"))).unwrap();

        assert_eq!(place() == first, stays, "{text}");
        for (address, server) in servers {
            // The one that was not asked waits still.
            drop(TcpStream::connect(&address).map(|mut stream| stream.write_all(b"x\r\n\r\n")));
            server.join().unwrap();
        }
    }
}

#[test]
fn a_question_that_is_answered_badly_moves_nobody() {
    let (address, server) =
        answering(&["HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"]);
    let transport = to_all([&address, &address]);
    let place = || transport.servers.in_use().0;

    let before = place();
    run(transport.send(Request::get("/config/v1/agents").body(Bytes::new()).unwrap())).unwrap();

    server.join().unwrap();
    assert_eq!(before, place());
}

#[test]
fn two_requests_that_fail_on_one_server_turn_once() {
    let transport = to_all(["a:1", "b:1"]);
    let (place, first) = transport.servers.in_use();

    let next = transport.servers.turn_away_from(place).map(|server| server.url.clone());
    let again = transport.servers.turn_away_from(place).map(|server| server.url.clone());

    assert!(next.is_some_and(|next| next != first.url));
    assert_eq!(again, None);
}

#[test]
fn compression_is_for_the_server_in_use() {
    let transport = to_all(["127.0.0.1:1", "apm.invalid:1"]);

    let wants = |transport: &HttpTransport| {
        let (place, server) = transport.servers.in_use();
        let wants = (transport.wants_compression(), server.url.is_loopback());
        transport.servers.turn_away_from(place);
        wants
    };

    for _ in 0..2 {
        let (compresses, is_here) = wants(&transport);
        assert_ne!(compresses, is_here);
    }
}
