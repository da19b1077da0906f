//! Programs of this package, run to their end.

use std::io::Read as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// How a program ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it wrote to standard error.
    pub stderr: String,
    /// From start to end.
    pub took: Duration,
}

/// Runs `program` with nothing of the agent's in its environment but `variables`.
///
/// # Panics
///
/// When it does not start, or does not end.
#[track_caller]
pub fn run(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    run_within(PATIENCE, program, arguments, variables)
}

/// The same for a program that takes its time.
///
/// # Panics
///
/// When it does not start, or does not end within `patience`.
#[track_caller]
pub fn run_within(
    patience: Duration,
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Ended {
    let mut command = Command::new(program);
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ELASTIC_APM_"))
    {
        command.env_remove(name);
    }
    command.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null()).stderr(Stdio::piped());
    // What it leaves behind must not keep whoever reads our own output waiting.
    command.stdout(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let start = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let mut pipe = child.stderr.take().expect("a pipe");
    let (closed, end) = channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let read = pipe.read_to_end(&mut text);
        // The pipe closes when the process is gone; nobody listens when it took too long.
        let _ = closed.send(read.map(|_| String::from_utf8_lossy(&text).into_owned()));
    });
    let Ok(stderr) = end.recv_timeout(patience) else {
        // And its children.
        let _ = Command::new("kill").args(["-9", "--", &format!("-{}", child.id())]).status();
        let _ = child.kill();
        panic!("{program} {arguments:?} does not end");
    };
    let status = child.wait().expect("the program ended");
    Ended { status, stderr: stderr.expect("text on standard error"), took: start.elapsed() }
}
