//! This program again, or a sibling, as a process of its own that answers with numbers.

use std::process::{Command, Stdio};

use bench_compare::agents::Mode;

/// Runs this program with these arguments and reads the numbers that it prints.
pub(crate) fn run<const N: usize>(arguments: &[&str]) -> Result<[f64; N], String> {
    let mut command = itself()?;
    command.args(arguments);
    numbers(command)
}

/// Runs the program that counts allocations.
pub(crate) fn allocations(agent: &str, mode: Mode) -> Result<[f64; 2], String> {
    numbers(sibling("bench-compare", "allocations", &[agent, mode.name()]))
}

/// Has the program that counts instructions print its table.
pub(crate) fn instructions() -> Result<(), String> {
    let mut command = sibling("bench-instructions", "bench-instructions", &["show"]);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// Another program of this workspace, which is built where it is not.
fn sibling(package: &str, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--release", "--manifest-path"]);
    command.args([concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "-p", package, "--bin", program]);
    command.arg("--").args(arguments);
    command
}

/// This program, to be run once more.
pub(crate) fn itself() -> Result<Command, String> {
    std::env::current_exe().map(Command::new).map_err(|error| format!("this program: {error}"))
}

fn numbers<const N: usize>(mut command: Command) -> Result<[f64; N], String> {
    let done = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let done = done.map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&done.stdout);
    if !done.status.success() {
        return Err(format!("{command:?}: {}", done.status));
    }
    parse(&text).ok_or_else(|| format!("{command:?}: {N} numbers were expected: {text:?}"))
}

/// So many numbers, with space between them.
pub(crate) fn parse<const N: usize>(text: &str) -> Option<[f64; N]> {
    let numbers: Option<Vec<f64>> = text.split_whitespace().map(|word| word.parse().ok()).collect();
    numbers?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_are_read_if_there_are_as_many_as_expected() {
        assert_eq!(parse("1 2.5\n"), Some([1.0, 2.5]));
        assert_eq!(parse::<2>("1"), None);
        assert_eq!(parse::<2>("1 two"), None);
    }
}
