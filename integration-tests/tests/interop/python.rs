//! The Python service: its virtual environment, its process, its address.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use elastic_apm_integration_tests::spec;

/// The release of Elastic's Python agent that the tests speak with.
const AGENT: &str = "elastic-apm==6.24.1";

/// A running Python service; killed when dropped.
pub(crate) struct PythonService {
    process: Child,
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
        let mut process = Command::new(interpreter())
            .arg(script)
            .arg(apm_server)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the service prints its port");
        Some(PythonService { process, port })
    }

    /// `127.0.0.1:port`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host())
    }
}

impl Drop for PythonService {
    fn drop(&mut self) {
        // It may be gone already, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Python in a virtual environment that has the agent, made once per build folder.
fn interpreter() -> &'static Path {
    static INTERPRETER: OnceLock<PathBuf> = OnceLock::new();
    INTERPRETER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-interop");
        let python = folder.join("bin/python");
        let has_agent =
            |python: &Path| run(Command::new(python).args(["-m", "pip", "show", "-q", "elastic-apm"]));
        if !has_agent(&python) {
            assert!(
                run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)),
                "no virtual environment"
            );
            assert!(
                run(Command::new(&python).args(["-m", "pip", "install", "-q", AGENT])),
                "{AGENT} was not installed"
            );
        }
        python
    })
}

fn run(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}
