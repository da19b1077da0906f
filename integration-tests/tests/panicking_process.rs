//! A process that panics with the option `panic_hook` on: what it says and how it ends is as without us, and the panic arrives.

use elastic_apm_integration_tests::child::{self, Ended};
use elastic_apm_integration_tests::fault_server::{FaultServer, Received};
use serde_json::Value;

fn run(way: &str, server: &FaultServer, hook: &str) -> Ended {
    let variables = [
        ("ELASTIC_APM_SERVER_URL", &*server.url()),
        ("ELASTIC_APM_SERVICE_NAME", "panicking"),
        ("ELASTIC_APM_PANIC_HOOK", hook),
        ("RUST_BACKTRACE", "0"),
    ];
    child::run(env!("CARGO_BIN_EXE_panic-case"), &[way], &variables)
}

/// The errors that arrived: message, culprit, and whether it was in a transaction.
fn errors(server: &FaultServer) -> Vec<(String, String, bool)> {
    let lines: Vec<String> = server.received().iter().flat_map(Received::lines).collect();
    let errors = lines.iter().filter(|line| line.starts_with("{\"error\""));
    errors
        .map(|line| {
            let error: Value = serde_json::from_str(line).expect("a line of JSON");
            let text =
                |pointer: &str| error.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            let is_inside = !text("/error/transaction_id").is_empty();
            (text("/error/exception/message"), text("/error/culprit"), is_inside)
        })
        .collect()
}

#[track_caller]
fn assert_reports(way: &str, code: i32, is_inside: bool) -> Ended {
    let server = FaultServer::start();

    let ended = run(way, &server, "true");

    assert_eq!(ended.status.code(), Some(code), "{ended:#?}");
    assert_eq!(
        errors(&server),
        [("no water".to_owned(), "panic_case::brew".to_owned(), is_inside)],
        "{ended:#?}"
    );
    ended
}

#[test]
fn a_panic_of_main_arrives_and_looks_as_it_would_without_us() {
    let with = assert_reports("main", 101, false);
    let without = run("main", &FaultServer::start(), "false");

    let panic = |ended: &Ended| -> Vec<String> {
        // The thread's number is another in each process.
        let lines = ended.stderr.lines().skip_while(|line| !line.contains("panicked at"));
        lines.map(|line| line.chars().filter(|c| !c.is_ascii_digit()).collect()).collect()
    };
    assert_eq!(with.status.code(), without.status.code());
    assert_eq!(panic(&with), panic(&without));
    assert_eq!(with.stderr.matches("no water").count(), 1, "{}", with.stderr);
}

#[test]
fn a_panic_in_a_transaction_arrives_once() {
    assert_reports("transaction", 101, true);
}

#[test]
fn a_panic_of_another_thread_arrives() {
    assert_reports("thread", 0, false);
}

#[test]
fn a_hook_before_that_ends_the_process_ends_it_and_the_panic_arrives() {
    assert_reports("exit-in-the-hook-before", 9, false);
}

#[test]
fn a_hook_that_is_put_on_top_later_is_called_too() {
    let ended = assert_reports("hook-on-top", 101, false);

    assert_eq!(ended.stderr.matches("on top").count(), 1, "{}", ended.stderr);
}

#[test]
fn without_an_agent_the_panic_is_nobodys() {
    let server = FaultServer::start();

    let ended = run("agent-dropped", &server, "true");

    assert_eq!((ended.status.code(), errors(&server)), (Some(101), Vec::new()));
    assert!(ended.stderr.contains("no water"));
}

#[test]
fn a_server_that_is_down_changes_nothing() {
    let ended = run("main", &FaultServer::refusing(), "true");

    assert_eq!(ended.status.code(), Some(101), "{ended:#?}");
    assert!(ended.stderr.contains("no water"));
}
