//! The agent's own log: what the agent has to say about itself.
//!
//! It never goes through an instrumented path, never fails, never panics and never calls back into the agent: a log call
//! made while another one is being written on the same thread is dropped. It knows nothing of options.

mod level;
mod once;
mod sink;
mod state;
#[cfg(all(feature = "log", not(feature = "tracing")))]
mod to_log;
#[cfg(any(feature = "tracing", not(feature = "log")))]
mod to_stderr;
#[cfg(feature = "tracing")]
mod to_tracing;

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

pub use self::level::{LogLevel, LogLevelError};
pub(crate) use self::once::OnceLog;
pub(crate) use self::state::StateLog;

use self::sink::Sink;

/// The target of the events that go through a facade.
#[cfg(any(feature = "tracing", feature = "log"))]
const TARGET: &str = "elastic_apm";

/// A cheap handle to one agent's log. Clones share the level and the place the lines go to.
///
/// Lines go to standard error as `[elastic-apm] WARN message`; with the crate feature `tracing` or `log`
/// they become events of that facade under the target `elastic_apm` (`tracing` wins when both are on).
#[derive(Clone)]
pub(crate) struct AgentLog {
    shared: Arc<Shared>,
}

struct Shared {
    level: AtomicU8,
    sink: Sink,
}

impl AgentLog {
    /// Opens the log of one agent at `level`.
    pub(crate) fn new(level: LogLevel) -> Self {
        Self::with_sink(level, Sink::default())
    }

    /// Opens a log that keeps its lines, at the chattiest level; read them with [`AgentLog::recorded`].
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn recording() -> Self {
        Self::with_sink(LogLevel::Trace, Sink::recording())
    }

    /// Returns the lines so far of a [`AgentLog::recording`] log, each `LEVEL message`.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn recorded(&self) -> Vec<String> {
        self.shared.sink.recorded()
    }

    fn with_sink(level: LogLevel, sink: Sink) -> Self {
        Self { shared: Arc::new(Shared { level: AtomicU8::new(level as u8), sink }) }
    }

    /// Changes the level for all clones, from the next call on.
    pub(crate) fn set_level(&self, level: LogLevel) {
        self.shared.level.store(level as u8, Ordering::Relaxed);
    }

    /// Returns the level in force.
    pub(crate) fn level(&self) -> LogLevel {
        LogLevel::from_u8(self.shared.level.load(Ordering::Relaxed))
    }

    /// Tells whether a line of this level would be written: ask before building an expensive message.
    pub(crate) fn enabled(&self, level: LogLevel) -> bool {
        level as u8 <= self.shared.level.load(Ordering::Relaxed)
    }

    /// Says that data is lost, or that an option keeps the agent from working.
    pub(crate) fn error(&self, message: fmt::Arguments<'_>) {
        self.log(LogLevel::Error, message);
    }

    /// Says that something is not as configured or as usual.
    pub(crate) fn warn(&self, message: fmt::Arguments<'_>) {
        self.log(LogLevel::Warning, message);
    }

    /// Says what changed.
    pub(crate) fn info(&self, message: fmt::Arguments<'_>) {
        self.log(LogLevel::Info, message);
    }

    /// Explains a detail to someone who is looking for it.
    pub(crate) fn debug(&self, message: fmt::Arguments<'_>) {
        self.log(LogLevel::Debug, message);
    }

    /// Writes one line of a level chosen at run time.
    pub(crate) fn log(&self, level: LogLevel, message: fmt::Arguments<'_>) {
        if !self.enabled(level) || level == LogLevel::Off {
            return;
        }
        // `None`: a line is being written on this thread, or the thread is going away.
        if let Some(_writing) = Writing::begin() {
            // A subscriber of the application's that panics has said so; neither a request nor the reporter is to end with it.
            let _ = catch_unwind(AssertUnwindSafe(|| self.shared.sink.write(level, message)));
        }
    }
}

impl fmt::Debug for AgentLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentLog").field("level", &self.level()).finish_non_exhaustive()
    }
}

/// Drops all log calls of this thread until it is dropped itself.
pub(crate) struct Silence {
    _writing: Option<Writing>,
}

/// Silences the log on this thread, also where a line is being written.
pub(crate) fn silence() -> Silence {
    Silence { _writing: Writing::begin() }
}

thread_local! {
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread as inside the log until dropped, also when a facade's subscriber panics.
struct Writing;

impl Writing {
    fn begin() -> Option<Self> {
        let nested = WRITING.try_with(|writing| writing.replace(true)).unwrap_or(true);
        (!nested).then_some(Self)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // The thread's storage may be gone already; then nobody can ask again.
        let _ = WRITING.try_with(|writing| writing.set(false));
    }
}

#[cfg(test)]
mod tests;
