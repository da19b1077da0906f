//! A program that records three events and then leaves, at the place and in the way its arguments name. Its parent watches what
//! arrives.
//!
//! The agent is the process's default one, set up by the environment. With a way that ends in `-static` nothing ever drops it.

use std::process::{ExitCode, abort, exit};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use elastic_apm::{Agent, capture_span, default_tracer};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

/// Where an agent lives that is never dropped.
static AGENT: OnceLock<Agent> = OnceLock::new();

/// What a way that returns from `main` returns.
const RETURNED: u8 = 7;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["without-tokio", way] => leave(way, record),
        [place, flavor, way] => in_tokio(place, &runtime(flavor), way),
        _ => panic!("no place and way to leave is called {arguments:?}"),
    }
    ExitCode::from(RETURNED)
}

fn runtime(flavor: &str) -> Runtime {
    let mut builder = match flavor {
        "current-thread" => Builder::new_current_thread(),
        "multi-thread" => Builder::new_multi_thread(),
        unknown => panic!("no runtime is called {unknown:?}"),
    };
    builder.build().expect("a runtime")
}

fn in_tokio(place: &str, runtime: &Runtime, way: &str) {
    match place {
        // Only the work is async.
        "around" => leave(way, || runtime.block_on(async { record() })),
        "inside" => runtime.block_on(async {
            yield_now().await;
            leave(way, record);
        }),
        // A panic ends the task alone, whatever the way out of `main` is then.
        "task" => runtime.block_on(async {
            let way = way.to_owned();
            let _ = tokio::spawn(async move { leave(&way, record) }).await;
        }),
        unknown => panic!("no place is called {unknown:?}"),
    }
}

/// Starts an agent, does the work, and leaves.
fn leave(way: &str, work: impl FnOnce()) {
    let agent = Agent::builder().install();
    let (way, agent) = match way.strip_suffix("-static") {
        Some(way) => {
            let _ = AGENT.set(agent);
            (way, None)
        }
        None => (way, Some(agent)),
    };
    work();
    match way {
        "return" => {}
        "panic" => panic!("on purpose"),
        "exit" => exit(3),
        "drop" => {
            drop(agent);
            // Without the hooks that run at an exit.
            abort();
        }
        "exit-in-a-thread" => {
            let never = thread::spawn(|| exit(3)).join();
            drop(never);
        }
        "exit-while-recording" => {
            for _ in 0..4 {
                thread::spawn(|| {
                    loop {
                        default_tracer().transaction("noise", "script").start().end();
                    }
                });
            }
            exit(3);
        }
        "exit-knowing-the-server-is-down" => {
            let agent = agent.expect("an agent that is not in a static");
            assert!(!agent.flush(Duration::from_secs(30)), "the server is down");
            record();
            exit(3);
        }
        unknown => panic!("no way to leave is called {unknown:?}"),
    }
}

fn record() {
    let transaction = default_tracer().begin_transaction("script");
    drop(capture_span("first"));
    drop(capture_span("second"));
    transaction.end_with("job", "success");
}
