//! The panic hook: reports panics where they happen, whoever catches them, and calls the hook that was there before.
//!
//! Installed once for the process, by the first agent whose option `panic_hook` is on; without such an agent it does nothing but call
//! the one before. It cannot be taken out again: another hook may have been put on top of it meanwhile.
//!
//! A panic in a hook ends the process, so nothing here formats a user's value, logs, or waits for anybody.

use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread;

use crate::default_agent::EXIT_TIMEOUT;
use crate::log;
use crate::own_thread;
use crate::reporter::Reporter;
use crate::trace::{Tracer, panics};

/// The agents whose panics are reported, in the order in which they came.
static AGENTS: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

#[derive(Clone)]
struct Entry {
    tracer: Tracer,
    reporter: Arc<Reporter>,
}

/// Reports panics for an agent until it is dropped.
pub(crate) struct Registration {
    tracer: Tracer,
}

/// Reports panics from now on, for this agent where its transaction is current, and else for the first agent that is registered.
pub(crate) fn register(tracer: &Tracer, reporter: &Arc<Reporter>) -> Option<Registration> {
    // Hooks cannot be changed meanwhile.
    if thread::panicking() {
        tracer.warn(format_args!("panic_hook ignored: the agent was built while its thread panics"));
        return None;
    }
    agents().push(Entry { tracer: tracer.clone(), reporter: Arc::clone(reporter) });
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |panic| {
            let reported_by = report(panic);
            previous(panic);
            if let (true, Some(reporter)) = (cfg!(panic = "abort"), reported_by) {
                // There is no later.
                reporter.flush(EXIT_TIMEOUT);
            }
        }));
    });
    Some(Registration { tracer: tracer.clone() })
}

impl Drop for Registration {
    fn drop(&mut self) {
        agents().retain(|entry| !entry.tracer.is_same(&self.tracer));
    }
}

/// Reports a panic; returns the reporter that has it.
fn report(panic: &PanicHookInfo<'_>) -> Option<Arc<Reporter>> {
    // The agent's own are its own affair, and those of an error's code, when it is asked for its message, end there.
    if own_thread::is_current() || panics::are_expected() {
        return None;
    }
    // Whoever takes the agent's log may hold a lock: perhaps it was he who panicked.
    let _silence = log::silence();
    let entry = match panics::current_tracer() {
        Some(tracer) => agents().iter().find(|entry| entry.tracer.is_same(&tracer)).cloned(),
        None => agents().first().cloned(),
    }?;
    panics::report(&entry.tracer, panic);
    Some(entry.reporter)
}

fn agents() -> MutexGuard<'static, Vec<Entry>> {
    AGENTS.lock().unwrap_or_else(PoisonError::into_inner)
}
