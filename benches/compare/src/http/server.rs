//! The server under load, in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use axum::extract::Path;
use axum::routing::get;
use axum::serve::{ListenerExt, serve as answer};
use axum::{Json, Router};
use bench_compare::agents::{Mode, install};
use bench_compare::cpu;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::child;

/// The server that has no agent.
pub(crate) const BARE: &str = "bare axum";

#[derive(Serialize)]
struct User {
    id: u64,
    name: &'static str,
    email: &'static str,
}

async fn user(Path(id): Path<u64>) -> Json<User> {
    Json(User { id, name: "Ada Lovelace", email: "ada@example.com" })
}

/// Serves until nobody is there to ask for what it used. Called in a process of its own.
///
/// Says its address, and for each line that it reads what has been used so far.
pub(crate) fn serve(agent: &str, mode: &str) -> Result<(), String> {
    // The agent's threads are part of what a request costs.
    cpu::pin(cpu::MEASURED)?;
    let mode = Mode::parse(mode)?;
    let agent = if agent == BARE { None } else { Some(install(agent, mode)?) };
    let router = Router::new().route("/users/{id}", get(user));
    let router = match &agent {
        Some(agent) => agent.layer(router),
        None => router,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| format!("runtime: {error}"))?;
    let listener =
        runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(|error| format!("listen: {error}"))?;
    println!("{}", listener.local_addr().map_err(|error| format!("listen: {error}"))?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    runtime.spawn(async { answer(listener, router).await });
    for _ in std::io::stdin().lines() {
        let encoded = agent.as_ref().map_or(0, |agent| {
            agent.flush();
            agent.encoded()
        });
        println!("{} {encoded}", cpu::of_process());
    }
    Ok(())
}

/// A server that is running; it ends when this is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    process: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What a server has used since it started.
pub(crate) struct Usage {
    /// Nanoseconds of CPU, all threads.
    pub(crate) cpu: f64,
    /// Requests that were recorded and encoded.
    pub(crate) encoded: f64,
}

impl Server {
    /// Starts one.
    pub(crate) fn start(agent: &str, mode: Mode) -> Result<Self, String> {
        let mut command = child::itself()?;
        command.args(["serve", agent, mode.name()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let (ask, answers) = (process.stdin.take(), process.stdout.take());
        let mut answers = BufReader::new(answers.ok_or("no output")?);
        let line = read(&mut answers)?;
        let address = line.trim().parse().map_err(|_| format!("{command:?}: no address: {line:?}"))?;
        Ok(Server { address, process, ask, answers })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has used, once all that was recorded is encoded.
    pub(crate) fn usage(&mut self) -> Result<Usage, String> {
        let ask = self.ask.as_mut().ok_or("it has ended")?;
        ask.write_all(b"\n").map_err(|error| format!("the server has ended: {error}"))?;
        let line = read(&mut self.answers)?;
        let [cpu, encoded] = child::parse(&line).ok_or_else(|| format!("no usage: {line:?}"))?;
        Ok(Usage { cpu, encoded })
    }
}

fn read(answers: &mut impl BufRead) -> Result<String, String> {
    let mut line = String::new();
    answers.read_line(&mut line).map_err(|error| format!("the server has ended: {error}"))?;
    Ok(line)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It reads that there will be no more questions.
        self.ask = None;
        let _ = self.process.wait();
    }
}
