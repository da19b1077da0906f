//! Runs each example to its end and looks up at the server what it sent.

use std::path::PathBuf;
use std::time::Duration;

use elastic_apm_devserver::{DevServer, Trace};
use tokio::process::Command;

const PATIENCE: Duration = Duration::from_secs(60);

/// The program, which Cargo builds with the tests of this package, and beside the one whose path it tells.
fn example(name: &str) -> PathBuf {
    let binaries = PathBuf::from(env!("CARGO_BIN_EXE_quickstart"));
    let path = binaries.with_file_name("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is not built: run cargo build --examples", path.display());
    path
}

/// Runs it and fails unless it sends these traces, a line for each transaction, span and error.
async fn assert_sends(name: &str, expected: &[&str]) {
    let lines = sent(name).await;
    assert_eq!(lines, expected, "{name}:\n{}", lines.join("\n"));
}

/// Runs it and returns what it sends.
async fn sent(name: &str) -> Vec<String> {
    let server = DevServer::builder().address("127.0.0.1:0").start().await.expect("a free port");
    let mut command = Command::new(example(name));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("ELASTIC_APM_") {
            command.env_remove(variable);
        }
    }
    command.env("ELASTIC_APM_SERVER_URL", server.url()).env("RUST_BACKTRACE", "0").kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends by itself");
    let output = output.expect("it starts");

    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !stderr.contains("WARN"), "{name}: {stderr}");
    let mut traces = server.store().traces();
    traces.sort_by_key(|trace| trace.waterfall().start_us);
    traces.iter().flat_map(|trace| lines(trace)).collect()
}

/// Names and outcomes, children indented; errors below the row they were captured in.
fn lines(trace: &Trace) -> Vec<String> {
    let rows = trace.waterfall().rows.into_iter();
    rows.flat_map(|row| {
        let indent = "  ".repeat(row.depth);
        // Ports are never the same twice.
        let name = row.name.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
        let name = name.map_or(row.name.as_str(), |(name, _)| name);
        let row_line = format!("{indent}{name} [{}]", row.outcome.as_str());
        let errors = row.errors.into_iter().map(move |error| format!("{indent}  ! {}", error.message));
        std::iter::once(row_line).chain(errors)
    })
    .collect()
}

#[tokio::test]
async fn a_job_without_async_is_a_transaction_with_its_spans_and_errors() {
    assert_sends(
        "job",
        &[
            "nightly-sum [failure]",
            "  read numbers [failure]",
            "    ! invalid digit found in string",
            "  add up [success]",
        ],
    )
    .await;
}

#[tokio::test]
async fn async_jobs_end_as_their_futures_do() {
    assert_sends(
        "async_job",
        &[
            "count stock [success]",
            "  look [success]",
            "send report [success]",
            "send report [failure]",
            "wait for delivery [unknown]",
            "clean up [failure]",
            "  ! no broom",
        ],
    )
    .await;
}

#[tokio::test]
async fn spans_in_custom_code_have_every_form() {
    assert_sends(
        "custom_spans",
        &[
            "breakfast [success]",
            "  brew [success]",
            "    fill the filter [success]",
            "      custom_spans::grind [success]",
            "  pour [success]",
            "  pour [failure]",
            "washing up [success]",
            "  rinse [success]",
            "    dry one cup [success]",
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_current_is_described_from_inside() {
    assert_sends(
        "current",
        &["take order [success]", "  fill [success]", "take order [failure]", "  fill [success]"],
    )
    .await;
}

#[tokio::test]
async fn tasks_threads_and_pools_are_part_of_what_spawns_them() {
    let mut lines = sent("tasks").await;
    // Some of them run side by side.
    lines.sort();

    let grind = ["  grind [success]"; 4];
    let pour = ["  pour [success]"; 2];
    assert_eq!(lines, [&grind[..], &pour[..], &["breakfast [success]"]].concat());
}

#[tokio::test]
async fn a_message_carries_its_trace_through_a_broker() {
    let order = ["take order [success]", "  send to orders [success]", "    receive from orders [success]"];
    assert_sends("broker", &[order, order].concat()).await;
}

#[tokio::test]
async fn a_request_is_a_span() {
    assert_sends("reqwest_client", &["ask once [success]", "  GET 127.0.0.1 [success]"]).await;
}

#[tokio::test]
async fn errors_and_messages_are_where_they_were_captured() {
    assert_sends(
        "errors",
        &[
            "take orders [failure]",
            "  read orders [failure]",
            "    ! order of 0 cups",
            "    ! no number of cups in \"two\"",
            "    ! the machine is too small",
            "brew [failure]",
            "  ! no water",
        ],
    )
    .await;
}

#[tokio::test]
async fn what_a_filter_leaves_out_does_not_arrive() {
    let expected = ["pay [failure]", "  ! card **** refused", "  SELECT FROM orders [success]"];
    assert_sends("filters", &expected).await;
}
