//! The Python service: its virtual environment, its process, its address. Nothing here waits for ever.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use elastic_apm_integration_tests::{PATIENCE, spec};

/// The release of Elastic's Python agent that the tests speak with.
const AGENT_VERSION: &str = "6.26.2";

/// How long the virtual environment may take: it comes over the network.
const SETUP: Duration = Duration::from_secs(300);

/// A running Python service; killed when dropped.
pub(crate) struct PythonService {
    _process: Killed,
    port: u16,
}

impl PythonService {
    /// Starts the service, reporting to the APM Server at `apm_server`. `None` where Python is not required.
    pub(crate) fn start(apm_server: &str) -> Option<Self> {
        let required = std::env::var("ELASTIC_APM_REQUIRE").unwrap_or_default();
        if !required.split(',').any(|name| name.trim() == "python") {
            let why = "it takes packages from the network; ELASTIC_APM_REQUIRE=python runs it";
            spec::skip("interop with the Python agent", "python", why);
            return None;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/service.py");
        let mut command = Command::new(interpreter());
        command.arg(script).arg(apm_server).stdin(Stdio::null()).stdout(Stdio::piped());
        // The machine's own options and proxies are not part of the test.
        let foreign =
            |name: &str| name.starts_with("ELASTIC_APM_") || name.to_lowercase().ends_with("_proxy");
        for (name, _) in std::env::vars_os().filter(|(name, _)| foreign(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        let mut process = Killed(command.spawn().expect("the service starts"));
        let port = first_line(&mut process.0).trim().parse().expect("the service prints its port");
        Some(PythonService { _process: process, port })
    }

    /// `127.0.0.1:port`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host())
    }
}

/// A process that does not outlive its owner.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may be gone already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the process says first.
fn first_line(process: &mut Child) -> String {
    let output = process.stdout.take().unwrap();
    let (said, hears) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        let _ = said.send(read.map(|_| line));
    });
    hears.recv_timeout(PATIENCE).expect("the service says in time where it listens").unwrap()
}

/// Python in a virtual environment that has the agent, made once per build folder.
fn interpreter() -> &'static Path {
    static INTERPRETER: OnceLock<PathBuf> = OnceLock::new();
    INTERPRETER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-interop");
        let python = folder.join("bin/python");
        let check =
            format!("import importlib.metadata as m; assert m.version('elastic-apm') == '{AGENT_VERSION}'");
        let has_agent = || python.exists() && run(Command::new(&python).args(["-c", &check])).is_ok();
        if !has_agent() {
            // Made anew where another release, or half of one, was installed.
            let made = run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
            made.unwrap_or_else(|why| panic!("no virtual environment (is python3-venv installed?): {why}"));
            let agent = format!("elastic-apm=={AGENT_VERSION}");
            let install =
                ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", &agent];
            run(Command::new(&python).args(install))
                .unwrap_or_else(|why| panic!("{agent} was not installed: {why}"));
            assert!(has_agent(), "{agent} is not there although it was installed");
        }
        python
    })
}

/// Runs a command to its end, or kills it when it takes too long.
fn run(command: &mut Command) -> Result<(), String> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut process = Killed(command.spawn().map_err(|error| error.to_string())?);
    let until = Instant::now() + SETUP;
    while Instant::now() < until {
        match process.0.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(status.to_string()),
            // The process is not ours to be woken by.
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    Err(format!("not done after {SETUP:?}"))
}
