//! Runs the quickstart as a newcomer does and reads what it prints; what arrives is looked up at the server.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use elastic_apm_devserver::{DevServer, Record, RowKind, RunningServer, Trace};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{ChildStdout, Command};

const PATIENCE: Duration = Duration::from_secs(60);

/// How one run ended.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// One closing line.
#[derive(Debug, PartialEq, Eq)]
struct Count {
    recorded: u64,
    sent: u64,
    dropped: u64,
}

/// The program, with no option set but these.
fn quickstart(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quickstart"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ELASTIC_APM_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).env("COLUMNS", "100").envs(variables.iter().copied()).kill_on_drop(true);
    command
}

async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let output = tokio::time::timeout(PATIENCE, quickstart(arguments, variables).output());
    let output = output.await.expect("it ends by itself").expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Run {
    /// The last three lines, by service.
    fn counts(&self) -> BTreeMap<&str, Count> {
        let lines: Vec<_> = self.stdout.lines().rev().take(3).collect();
        let count =
            |line| count(line).unwrap_or_else(|| panic!("{line:?} in:\n{}{}", self.stdout, self.stderr));
        lines.into_iter().map(count).collect()
    }

    #[track_caller]
    fn expect_success(&self) {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        let counts = self.counts();
        assert_eq!(
            counts.keys().copied().collect::<Vec<_>>(),
            ["shop-back", "shop-front", "shop-nightly-job"]
        );
        for (service, Count { recorded, sent, dropped }) in counts {
            assert!(
                recorded > 0 && sent == recorded && dropped == 0,
                "{service}: {recorded} {sent} {dropped}"
            );
        }
        for part in ["nightly restock", "└─ GET /stock/{item}", "SERVICE ", "POST /orders"] {
            assert!(self.stdout.contains(part), "no {part:?} in:\n{}", self.stdout);
        }
        assert!(!self.stderr.contains("panicked at") && !self.stdout.contains('\x1b'), "{}", self.stderr);
        assert!(self.stdout.lines().all(|line| line.chars().count() <= 100), "{}", self.stdout);
    }
}

/// Reads `service=… recorded=N sent=N dropped=N`.
fn count(line: &str) -> Option<(&str, Count)> {
    let mut fields = line.split(' ').map(|field| field.split_once('='));
    let mut value = |name| fields.next()?.filter(|field| field.0 == name).map(|field| field.1);
    let service = value("service")?;
    let mut number = |name| value(name)?.parse().ok();
    Some((
        service,
        Count { recorded: number("recorded")?, sent: number("sent")?, dropped: number("dropped")? },
    ))
}

async fn server() -> RunningServer {
    DevServer::builder().address("127.0.0.1:0").start().await.expect("a free port")
}

#[tokio::test]
async fn without_a_server_it_reports_from_its_own() {
    // Somebody may run a server on the usual port; then that one is used, and the report is the same.
    let run = run(&["--once"], &[("ELASTIC_APM_SERVICE_NAME", "ignored")]).await;

    run.expect_success();
}

#[tokio::test]
async fn a_given_server_gets_one_trace_through_all_three_services() {
    let server = server().await;

    let run = run(&["--once"], &[("ELASTIC_APM_SERVER_URL", &server.url())]).await;

    run.expect_success();
    let sent: u64 = run.counts().values().map(|count| count.sent).sum();
    assert_eq!(server.store().stats().accepted, sent);
    assert!(run.stdout.contains(&format!("Open {}/ui", server.url())), "{}", run.stdout);
    let traces = server.store().traces();
    let trace = traces.iter().find(|trace| trace.services().len() == 3).expect("a trace of three services");
    assert_eq!(
        callers(trace),
        [
            ("shop-back GET /stock/{item}".to_owned(), "shop-front span"),
            ("shop-back POST /reservations".to_owned(), "shop-front span"),
            ("shop-front GET /reports/stock".to_owned(), "shop-nightly-job span"),
            ("shop-front POST /orders".to_owned(), "shop-nightly-job span"),
            ("shop-nightly-job nightly restock".to_owned(), "nobody"),
        ]
    );
    assert!(trace.summary().complete);
    assert!(run.stdout.contains(&format!("/ui#/trace/{}", trace.id())), "{}", run.stdout);
}

/// Each kind of transaction of a trace with what its parent is, without duplicates.
fn callers(trace: &Trace) -> Vec<(String, &'static str)> {
    let rows = trace.waterfall().rows;
    let transactions = rows.iter().filter(|row| row.kind == RowKind::Transaction);
    let mut callers: Vec<_> = transactions
        .map(|row| {
            let parent = rows.iter().find(|parent| row.parent_id.as_ref() == Some(&parent.id));
            let caller = match parent.map(|parent| (parent.service.as_str(), parent.kind)) {
                None => "nobody",
                Some(("shop-front", RowKind::Span)) => "shop-front span",
                Some(("shop-nightly-job", RowKind::Span)) => "shop-nightly-job span",
                Some(_) => "something else",
            };
            (format!("{} {}", row.service, row.name), caller)
        })
        .collect();
    callers.sort();
    callers.dedup();
    callers
}

#[tokio::test]
async fn failures_of_all_kinds_arrive() {
    let server = server().await;

    let run = run(&["--once"], &[("ELASTIC_APM_SERVER_URL", &server.url())]).await;

    run.expect_success();
    let events = server.events();
    let messages = |record: &Record| {
        let exception = record.error()?.exception.as_ref()?;
        Some(format!("{}: {}", record.service(), exception.message.as_deref()?))
    };
    let errors: Vec<_> = events.iter().filter_map(|record| messages(record)).collect();
    for expected in [
        "shop-back: cannot reserve samovar",
        "shop-front: the warehouse answered 500 Internal Server Error",
        "shop-front: this coupon was printed twice",
    ] {
        assert!(errors.iter().any(|error| error == expected), "no {expected:?} in {errors:#?}");
    }
    let results = events.iter().filter_map(|record| record.transaction()?.result.as_deref());
    let results: Vec<_> = results.collect();
    for expected in ["HTTP 2xx", "HTTP 4xx", "HTTP 5xx", "success"] {
        assert!(results.contains(&expected), "no {expected:?}");
    }
    let users = events
        .iter()
        .filter_map(|record| record.transaction()?.context.as_ref()?.user.as_ref()?.id.as_deref());
    assert!(users.collect::<Vec<_>>().contains(&"grace"));
}

#[tokio::test]
async fn a_server_with_credentials_is_taken_for_an_apm_server() {
    let server = DevServer::builder().address("127.0.0.1:0").secret_token("t0ken").start().await.unwrap();
    let url = server.url();

    let with = |token| [("ELASTIC_APM_SERVER_URL", url.as_str()), ("ELASTIC_APM_SECRET_TOKEN", token)];
    let (t0ken, guess) = (with("t0ken"), with("guess"));
    let (right, wrong) = tokio::join!(run(&["--once"], &t0ken), run(&["--once"], &guess));

    right.expect_success();
    assert!(right.stdout.contains("In Kibana") && right.stdout.contains("trace.id : \""), "{}", right.stdout);
    assert_eq!(wrong.code, Some(1), "{}{}", wrong.stdout, wrong.stderr);
    assert_eq!(wrong.stderr.matches("401 Unauthorized").count(), 1, "{}", wrong.stderr);
    assert!(wrong.counts().values().all(|count| count.sent == 0), "{}", wrong.stdout);
}

#[tokio::test]
async fn an_unreachable_server_costs_the_events_and_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);

    let run = run(&["--once"], &[("ELASTIC_APM_SERVER_URL", &url)]).await;

    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("60 requests in ") && !run.stdout.contains("without an answer"),
        "{}",
        run.stdout
    );
    let counts = run.counts();
    assert_eq!(counts.len(), 3);
    for count in counts.values() {
        assert!(count.sent == 0 && count.recorded > 0 && count.dropped == count.recorded, "{}", run.stdout);
    }
    let warnings: Vec<_> = run.stderr.lines().filter(|line| line.to_lowercase().contains("warn")).collect();
    assert!(
        matches!(warnings[..], [line] if line.starts_with(&format!("warning: nothing answers at {url}: "))),
        "{warnings:#?}"
    );
}

#[tokio::test]
async fn a_malformed_url_and_an_unknown_argument_are_refused() {
    let malformed = run(&["--once"], &[("ELASTIC_APM_SERVER_URL", "apm:8200")]).await;
    let unknown = run(&["--twice"], &[]).await;
    let help = run(&["--help"], &[]).await;

    assert_eq!((malformed.code, unknown.code, help.code), (Some(2), Some(2), Some(0)));
    assert!(malformed.stderr.contains("invalid server_url \"apm:8200\""), "{}", malformed.stderr);
    assert!(unknown.stderr.contains("`--twice`") && unknown.stderr.contains("Usage:"), "{}", unknown.stderr);
    assert!(help.stdout.contains("Usage: quickstart [--once]"));
}

#[cfg(unix)]
#[tokio::test]
async fn without_once_it_goes_on_until_interrupted() {
    let server = server().await;
    let mut child = quickstart(&[], &[("ELASTIC_APM_SERVER_URL", &server.url())])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    read_until(&mut lines, "Ctrl-C").await;
    let so_far = server.store().stats().accepted;
    server.wait_for(|store| store.stats().accepted > so_far, PATIENCE).await.unwrap();

    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    let mut rest = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        rest.push(line);
    }

    assert_eq!(
        tokio::time::timeout(PATIENCE, child.wait()).await.unwrap().unwrap().code(),
        Some(0),
        "{rest:#?}"
    );
    let counts: Vec<_> = rest.iter().filter_map(|line| count(line)).collect();
    assert_eq!(counts.len(), 3, "{rest:#?}");
    assert!(counts.iter().all(|(_, count)| count.sent == count.recorded && count.dropped == 0), "{counts:?}");
    assert_eq!(server.store().stats().accepted, counts.iter().map(|(_, count)| count.sent).sum::<u64>());
}

async fn read_until(lines: &mut tokio::io::Lines<BufReader<ChildStdout>>, part: &str) {
    let read = async {
        while let Some(line) = lines.next_line().await.expect("a readable pipe") {
            if line.contains(part) {
                return;
            }
        }
        panic!("it ended without saying {part:?}");
    };
    tokio::time::timeout(PATIENCE, read).await.expect("it gets there");
}
