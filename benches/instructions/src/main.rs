//! Instructions of the agent's hot paths, held against recorded figures. Of other agents it knows nothing, so it builds fast.
//!
//! ```sh
//! cargo run --release --manifest-path benches/Cargo.toml -p bench-instructions -- check
//! ```

mod agent;
mod callgrind;
mod calls;
mod count;
mod headers;
mod paths;
mod profile;
mod recorded;
mod report;
mod requests;
mod spans;

use std::process::ExitCode;

const USAGE: &str = "\
usage: bench-instructions COMMAND
  check    fails where a count is above the recorded figure by more than the margin
  record   writes the recorded figures anew
  show     prints the counts beside the recorded figures";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        // This program itself, under callgrind.
        ["run", path, what, rounds] => count::work(path, what, rounds),
        ["check"] => where_it_can_count(report::check),
        ["record"] => where_it_can_count(report::record),
        ["show"] => where_it_can_count(report::show),
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

/// Skips where the machine lacks something that is not required.
fn where_it_can_count(command: fn() -> Result<(), String>) -> Result<(), String> {
    let lacks = if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        "the recorded figures are those of x86_64 Linux"
    } else if callgrind::is_installed() {
        return command();
    } else if is_required("valgrind") {
        return Err("valgrind is required and not installed".to_owned());
    } else {
        "valgrind is not installed"
    };
    eprintln!("SKIPPED instructions: {lacks}");
    Ok(())
}

/// Whether `ELASTIC_APM_REQUIRE` names it, so that its absence is a failure and not a reason to skip.
fn is_required(what: &str) -> bool {
    let required = std::env::var("ELASTIC_APM_REQUIRE").unwrap_or_default();
    required.split(',').any(|name| name.trim() == what)
}
