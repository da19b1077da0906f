//! The process.

use std::path::Path;

use elastic_apm_intake::{Keyword, Process};

use crate::config::Config;

pub(super) fn collect(config: &Config) -> Process {
    let argv = if config.include_process_args { arguments() } else { Vec::new() };
    Process { pid: std::process::id(), ppid: parent_id(), title: title(), argv }
}

/// Says who this process is, where `process` says so of its parent.
pub(super) fn refresh(process: &mut Process) {
    process.pid = std::process::id();
    process.ppid = parent_id();
}

/// The executable's file name.
fn title() -> Option<Keyword> {
    let executable = std::env::current_exe().ok();
    let name = executable.as_deref().and_then(Path::file_name)?.to_string_lossy();
    Some(Keyword::copied(&name))
}

fn arguments() -> Vec<Keyword> {
    std::env::args_os().map(|argument| Keyword::copied(&argument.to_string_lossy())).collect()
}

#[cfg(unix)]
fn parent_id() -> Option<u32> {
    Some(std::os::unix::process::parent_id())
}

#[cfg(not(unix))]
fn parent_id() -> Option<u32> {
    None
}
