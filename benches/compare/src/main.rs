//! What the agent costs beside others that trace Rust services. `docs/performance.md` keeps what was last measured, and how.
//!
//! ```sh
//! cargo run --release --manifest-path benches/Cargo.toml -p bench-compare
//! ```

mod child;
mod http;
mod polls;
mod samples;
mod spans;
mod threads;

use std::process::ExitCode;

const USAGE: &str = "\
usage: bench-compare [all [REPEATS] | spans REPEATS | http REPEATS]
  spans    time and allocations per span
  http     CPU and latency per request of an axum server
  all      both, and the instructions of our hot paths; where no number is said, seven repeats";

/// So many repeats, of which the median is told.
const USUAL: usize = 7;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        // This program itself, once for each figure: most agents are installed once in a process.
        ["burst", agent, mode, work] => spans::burst(agent, mode, work),
        ["threads", agent] => threads::burst(agent),
        ["poll", agent] => polls::poll(agent),
        ["serve", agent, mode] => http::server::serve(agent, mode),
        [] | ["all"] => all(USUAL),
        ["all", repeats] => number(repeats).and_then(all),
        ["spans", repeats] => number(repeats).and_then(spans::print),
        ["http", repeats] => number(repeats).and_then(http::print),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn all(repeats: usize) -> Result<(), String> {
    spans::print(repeats)?;
    http::print(repeats)?;
    println!();
    child::instructions()
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("no number of repeats: {text:?}"))
}
