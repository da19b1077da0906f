//! The command as a user runs it.

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use support::start;

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_elastic-apm-devserver"))
}

#[tokio::test]
async fn a_taken_port_gives_one_line_and_a_failure() {
    let server = start().await;

    let output = command().args(["--address", &server.address().to_string()]).output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    let expected = format!("elastic-apm-devserver: {} is taken by another process\n", server.address());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}

#[test]
fn a_mistake_on_the_command_line_is_named() {
    let output = command().arg("--adress").output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("unknown argument `--adress`"));
}

#[test]
fn it_says_where_it_is_and_which_version_it_stands_in_for() {
    let mut child =
        command().args(["--address=127.0.0.1:0", "--version=8.7.1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);

    let page = lines.next().unwrap();
    let agents = lines.next().unwrap();
    let url = agents.split_once('=').unwrap().1.to_owned();
    let info = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { reqwest::get(&url).await.unwrap().text().await.unwrap() });
    child.kill().unwrap();
    child.wait().unwrap();

    assert_eq!(page, format!("waterfall page  {url}/ui"));
    assert!(info.contains("\"version\": \"8.7.1\""), "{info}");
}
