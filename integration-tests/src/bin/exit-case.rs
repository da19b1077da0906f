//! A program that records three events and then leaves in the way its argument names. Its parent watches what arrives.
//!
//! The agent is the process's default one, set up by the environment; unless the way's name says `bound`, nothing ever drops
//! it.

use std::process::{ExitCode, exit};
use std::sync::OnceLock;
use std::thread;

use elastic_apm::{Agent, capture_span, default_tracer};

/// Where an agent lives that is never dropped.
static AGENT: OnceLock<Agent> = OnceLock::new();

/// What a way that returns from `main` returns.
const RETURNED: u8 = 7;

fn main() -> ExitCode {
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "return-bound" => {
            let _apm = Agent::builder().install();
            record();
        }
        "return" => {
            install();
            record();
        }
        "exit-bound" => {
            let _apm = Agent::builder().install();
            record();
            exit(3);
        }
        "exit" => {
            install();
            record();
            exit(3);
        }
        "exit-in-a-thread" => {
            install();
            record();
            let never = thread::spawn(|| exit(3)).join();
            drop(never);
        }
        "exit-while-recording" => {
            install();
            record();
            for _ in 0..4 {
                thread::spawn(|| {
                    loop {
                        default_tracer().transaction("noise", "script").start().end();
                    }
                });
            }
            exit(3);
        }
        "panic-bound" => {
            let _apm = Agent::builder().install();
            record();
            panic!("on purpose");
        }
        "panic" => {
            install();
            record();
            panic!("on purpose");
        }
        "current-thread-return" => current_thread(false),
        "current-thread-exit" => current_thread(true),
        "multi-thread-return" => multi_thread(false),
        "multi-thread-exit" => multi_thread(true),
        "multi-thread-panic" => multi_thread_panic(),
        "multi-thread-bound" => multi_thread_bound(),
        unknown => panic!("no way to leave is called {unknown:?}"),
    }
    ExitCode::from(RETURNED)
}

fn install() {
    let _ = AGENT.set(Agent::builder().install());
}

fn record() {
    let transaction = default_tracer().begin_transaction("script");
    drop(capture_span("first"));
    drop(capture_span("second"));
    transaction.end_with("job", "success");
}

#[tokio::main(flavor = "current_thread")]
async fn current_thread(leave: bool) {
    install();
    record();
    tokio::task::yield_now().await;
    if leave {
        exit(3);
    }
}

#[tokio::main]
async fn multi_thread(leave: bool) {
    install();
    // Ends the process in the middle of a worker's task, or only the task.
    let task = tokio::spawn(async move {
        record();
        if leave {
            exit(3);
        }
    });
    let _ = task.await;
}

#[tokio::main]
async fn multi_thread_panic() {
    install();
    record();
    panic!("on purpose");
}

#[tokio::main]
async fn multi_thread_bound() {
    let _apm = Agent::builder().install();
    record();
}
