//! The one default agent of the process: what free functions and layers without a tracer use, and what exit flushes.

use std::sync::{Arc, Mutex, Once, PoisonError, TryLockError};
use std::time::Duration;

use arc_swap::ArcSwapOption;

use crate::reporter::Reporter;
use crate::trace::Tracer;

static DEFAULT: ArcSwapOption<Tracer> = ArcSwapOption::const_empty();

/// What the exit hook shuts down. Kept apart from `DEFAULT`, which uses thread-locals: at exit they are gone.
static AT_EXIT: Mutex<Option<Arc<Reporter>>> = Mutex::new(None);

/// How long an exiting process waits for the last events at most.
pub(crate) const EXIT_TIMEOUT: Duration = Duration::from_secs(3);

/// The tracer of the default agent, or one that records nothing.
///
/// For authors of integrations: look it up per request, so that a layer may be built before the agent is installed.
pub fn default_tracer() -> Tracer {
    DEFAULT.load().as_deref().cloned().unwrap_or_else(Tracer::noop)
}

/// Explains a detail in the log of the default agent, if there is one.
pub(crate) fn debug(message: std::fmt::Arguments<'_>) {
    if let Some(tracer) = DEFAULT.load().as_deref() {
        tracer.debug(message);
    }
}

/// Makes an agent the default; `false` where there is one already, which stays.
pub(crate) fn install(tracer: &Tracer, reporter: &Arc<Reporter>) -> bool {
    // Both change together, under the lock: an agent that leaves must not take its successor's place.
    let mut at_exit = AT_EXIT.lock().unwrap_or_else(PoisonError::into_inner);
    let previous = DEFAULT.compare_and_swap(&None::<Arc<Tracer>>, Some(Arc::new(tracer.clone())));
    if previous.is_some() {
        return false;
    }
    *at_exit = Some(Arc::clone(reporter));
    drop(at_exit);
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // Refused only when the C library is out of memory; dropping the agent still flushes then.
        let _ = shutdown_hooks::add_shutdown_hook(flush_at_exit);
    });
    true
}

/// Leaves the process without a default agent: free functions become no-ops.
pub(crate) fn uninstall() {
    let mut at_exit = AT_EXIT.lock().unwrap_or_else(PoisonError::into_inner);
    DEFAULT.store(None);
    *at_exit = None;
}

/// Runs in `exit`, also by `std::process::exit`: sends what an agent that was never dropped still holds.
extern "C" fn flush_at_exit() {
    let mut at_exit = match AT_EXIT.try_lock() {
        Ok(at_exit) => at_exit,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // An agent that is being installed holds nothing yet, and one that leaves nothing more. Waiting would be for ever in a process
        // that was forked off at that moment.
        Err(TryLockError::WouldBlock) => return,
    };
    let reporter = at_exit.take();
    drop(at_exit);
    if let Some(reporter) = reporter {
        reporter.shutdown(EXIT_TIMEOUT);
    }
}
