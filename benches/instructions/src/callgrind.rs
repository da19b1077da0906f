//! Runs a command under valgrind's callgrind, which counts instructions.
//!
//! A count repeats where a time does not: nothing else that the machine does is in it. The kernel's instructions are not in it either.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::profile::Profile;

/// Whether valgrind is installed.
pub(crate) fn is_installed() -> bool {
    let mut version = Command::new("valgrind");
    version.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// Runs the program to its end; counts all of it, or only inside one function and what that calls, on the thread that is in it.
pub(crate) fn run(program: &Path, only_in: Option<&str>, arguments: &[&str]) -> Result<Profile, String> {
    let file = std::env::temp_dir().join(format!("callgrind-{}", std::process::id()));
    let mut command = Command::new("valgrind");
    command.args(["-q", "--tool=callgrind"]).arg(format!("--callgrind-out-file={}", file.display()));
    if let Some(function) = only_in {
        // The compiler may put a hash behind the name.
        command.arg(format!("--toggle-collect={function}*"));
    }
    command.arg(program).args(arguments).stdin(Stdio::null());
    let done = command.output().map_err(|error| format!("valgrind: {error}"))?;
    if !done.status.success() {
        return Err(format!("{command:?}: {}: {}", done.status, String::from_utf8_lossy(&done.stderr)));
    }
    let written = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()));
    let _ = std::fs::remove_file(&file);
    Profile::parse(&written?)
}
