//! Finds out which compiler builds the agent, for the metadata. A compiler that does not tell is no reason to fail.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Some(version) = compiler_version() {
        println!("cargo:rustc-env=ELASTIC_APM_RUSTC_VERSION={version}");
    }
}

/// `1.85.0` of `rustc 1.85.0 (4d91de4e4 2025-02-17)`.
fn compiler_version() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.strip_prefix("rustc ")?.split_whitespace().next()?;
    version.starts_with(|first: char| first.is_ascii_digit()).then(|| version.to_owned())
}
