//! The steps of `api_key.feature` and `user_agent.feature`: what a server sees in the agent's requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use elastic_apm::Agent;
use serde_json::json;

use crate::gherkin::Scenario;

pub(crate) fn run(scenario: &Scenario) {
    let mut options = vec![("ELASTIC_APM_LOG_LEVEL".to_owned(), "off".to_owned())];
    let mut seen = Headers::default();
    for step in &scenario.steps {
        let mut quoted = step.text.split('\'');
        match (quoted.next().unwrap_or_default().trim(), quoted.next()) {
            ("an agent", _) => {}
            ("an agent configured with", _) => {
                let rows = step.table.iter().skip(1);
                options.extend(
                    rows.map(|row| (format!("ELASTIC_APM_{}", row[0].to_uppercase()), row[1].clone())),
                );
            }
            (
                "When the agent sends a request to APM server" | "the agent sends a request to APM server",
                _,
            ) => {
                seen = headers_of(options.clone());
            }
            ("the Authorization header of the request is", Some(expected)) => {
                assert_eq!(seen.get("authorization"), Some(expected), "{}", scenario.name);
            }
            ("the User-Agent header of the request matches regex", Some(pattern)) => {
                let sent = seen.get("user-agent");
                assert!(
                    jsonschema::is_valid(&json!({"type": "string", "pattern": pattern}), &json!(sent)),
                    "{}: {sent:?} does not match {pattern}",
                    scenario.name
                );
            }
            _ => panic!("{}: a step that nobody knows: {}", scenario.name, step.text),
        }
    }
}

/// The headers of one request, names in lower case.
#[derive(Default)]
struct Headers(Vec<(String, String)>);

impl Headers {
    fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is sent once");
        value
    }
}

/// What a server sees of the first events of an agent with these options.
fn headers_of(options: Vec<(String, String)>) -> Headers {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server: JoinHandle<Headers> = std::thread::spawn(move || {
        loop {
            let (socket, _) = listener.accept().unwrap();
            if let Some(headers) = answer(&socket) {
                return headers;
            }
        }
    });
    let agent = Agent::builder().server_url(url).env_vars(options).build();

    drop(agent.begin_transaction("script"));
    assert!(agent.flush(Duration::from_secs(20)));

    server.join().unwrap()
}

/// Answers the requests of one connection until events have come, and returns the headers they came with.
fn answer(mut socket: &TcpStream) -> Option<Headers> {
    let mut lines = BufReader::new(socket);
    let mut read_line = || {
        let mut line = String::new();
        lines.read_line(&mut line).ok().map(|_| line.trim_end().to_owned()).filter(|line| !line.is_empty())
    };
    let carries_events = read_line()?.starts_with("POST /intake/v2/events ");
    let mut headers = Headers::default();
    while let Some(line) = read_line() {
        let (name, value) = line.split_once(':').unwrap();
        headers.0.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length: u64 = headers.get("content-length").unwrap_or("0").parse().unwrap();
    std::io::copy(&mut lines.take(length), &mut std::io::sink()).unwrap();
    let status = if carries_events { "202 Accepted" } else { "404 Not Found" };
    write!(socket, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    carries_events.then_some(headers)
}
