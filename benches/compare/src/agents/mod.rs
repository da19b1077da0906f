//! The agents, each behind the same few calls and used as its own pages advise.
//!
//! All of them hand over to a thread of their own, which encodes what was recorded, counts it and throws it away: the network is in
//! nobody's figures. Each span has two attributes, one whose value is a literal and one whose value has to be copied.

mod fastrace;
mod opentelemetry;
mod ours;
mod sentry;
mod tracing;

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;

/// The attribute that is a literal.
const METHOD: (&str, &str) = ("http.method", "GET");
/// The key of the attribute that is copied.
const PATH: &str = "url.path";

/// How many spans may wait where that can be said: more than a burst, and not so many that the queue leaves the cache.
const DEEP: usize = 4_096;

/// How an agent is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Records everything.
    Sampled,
    /// Records everything and compresses what it would send. Ours alone.
    Gzip,
    /// Samples no trace.
    Unsampled,
    /// Switched off. Ours alone.
    Disabled,
}

impl Mode {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Sampled => "sampled",
            Mode::Gzip => "gzip",
            Mode::Unsampled => "unsampled",
            Mode::Disabled => "disabled",
        }
    }

    /// The mode of this name.
    ///
    /// # Errors
    ///
    /// A name that no mode has.
    pub fn parse(name: &str) -> Result<Self, String> {
        let all = [Mode::Sampled, Mode::Gzip, Mode::Unsampled, Mode::Disabled];
        all.into_iter().find(|known| known.name() == name).ok_or_else(|| format!("no mode {name:?}"))
    }

    /// Whether anything is recorded.
    pub fn records(self) -> bool {
        matches!(self, Mode::Sampled | Mode::Gzip)
    }
}

/// A future as it is handed to a task.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is compared.
pub trait Agent: Send + Sync {
    /// A root span, and below it [`CHILDREN`](crate::workload::CHILDREN) spans one after the other.
    fn sequence(&self, value: &str);
    /// A root span, and below it a chain of so many.
    fn nested(&self, value: &str);
    /// A span where there is no root.
    fn alone(&self, value: &str);
    /// Whether such a span becomes a root, rather than nothing.
    fn starts_traces(&self) -> bool {
        false
    }
    /// The future within a root span, which is current while it is polled.
    fn within(&self, future: Task) -> Task;
    /// Has each request of this router recorded.
    fn layer(&self, router: Router) -> Router;
    /// Waits until all that has ended is encoded.
    fn flush(&self);
    /// How many spans have been encoded in this process.
    fn encoded(&self) -> u64 {
        ENCODED.load(Ordering::Relaxed)
    }
}

/// Ours.
pub const OURS: &str = "elastic-apm";
/// The others.
pub const OTHERS: &[&str] = &[
    "fastrace",
    "fastrace, handles",
    "opentelemetry",
    "opentelemetry, JSON",
    "tracing-opentelemetry",
    "sentry",
];

/// Installs an agent; once in a process.
///
/// # Errors
///
/// A name that no agent has.
pub fn install(name: &str, mode: Mode) -> Result<Box<dyn Agent>, String> {
    use self::opentelemetry::{Encoding, OpenTelemetry};
    let is_sampled = mode.records();
    Ok(match name {
        OURS => Box::new(ours::Ours::install(mode)),
        "fastrace" => Box::new(fastrace::Fastrace::install(is_sampled, fastrace::Children::Local)),
        "fastrace, handles" => Box::new(fastrace::Fastrace::install(is_sampled, fastrace::Children::Handles)),
        "opentelemetry" => Box::new(OpenTelemetry::install(is_sampled, Encoding::Protobuf)),
        "opentelemetry, JSON" => Box::new(OpenTelemetry::install(is_sampled, Encoding::Json)),
        "tracing-opentelemetry" => Box::new(tracing::Tracing::install(is_sampled)),
        "sentry" => Box::new(sentry::Sentry::install(is_sampled)),
        _ => return Err(format!("no agent {name:?}")),
    })
}

static ENCODED: AtomicU64 = AtomicU64::new(0);

/// Throws away what was encoded.
fn discard(spans: usize, bytes: &[u8]) {
    std::hint::black_box(bytes);
    ENCODED.fetch_add(spans as u64, Ordering::Relaxed);
}
