//! Lines as events of the `tracing` facade, target `elastic_apm`.
//!
//! The agent's own thread runs under a subscriber that ignores everything, lest its I/O be traced. Its log must be
//! heard all the same: lines written there go to the subscriber last seen on one of the application's threads,
//! and where there is none, to standard error.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tracing::dispatcher::{self, Dispatch, WeakDispatch};
use tracing::subscriber::NoSubscriber;

use super::{LogLevel, to_stderr};

/// Remembers, without keeping it alive, the application's subscriber.
pub(super) struct Outlet {
    /// Behind no lock: a process that is forked off may inherit one that is held, and nobody to open it.
    seen: ArcSwapOption<WeakDispatch>,
}

impl Outlet {
    pub(super) fn new() -> Self {
        Self { seen: ArcSwapOption::empty() }
    }

    pub(super) fn write(&self, level: LogLevel, message: fmt::Arguments<'_>) {
        // Taken out of `get_default` before the event: inside it every event goes nowhere.
        let current = dispatcher::get_default(Dispatch::clone);
        if !current.is::<NoSubscriber>() {
            self.remember(&current);
            return emit(level, message);
        }
        match self.recall() {
            Some(seen) => dispatcher::with_default(&seen, || emit(level, message)),
            None => to_stderr::Outlet.write(level, message),
        }
    }

    fn remember(&self, dispatch: &Dispatch) {
        self.seen.store(Some(Arc::new(dispatch.downgrade())));
    }

    fn recall(&self) -> Option<Dispatch> {
        self.seen.load().as_ref()?.upgrade()
    }
}

fn emit(level: LogLevel, message: fmt::Arguments<'_>) {
    // The level is part of an event's static description, so each needs its own call.
    match level {
        LogLevel::Off | LogLevel::Critical | LogLevel::Error => {
            tracing::error!(target: super::TARGET, "{message}");
        }
        LogLevel::Warning => tracing::warn!(target: super::TARGET, "{message}"),
        LogLevel::Info => tracing::info!(target: super::TARGET, "{message}"),
        LogLevel::Debug => tracing::debug!(target: super::TARGET, "{message}"),
        LogLevel::Trace => tracing::trace!(target: super::TARGET, "{message}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    #[derive(Clone, Default)]
    struct Listener(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Listener {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            let metadata = event.metadata();
            self.0.lock().unwrap().push(format!("{} {}", metadata.target(), metadata.level()));
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn lines_become_events_of_our_target() {
        let (outlet, listener) = (Outlet::new(), Listener::default());

        dispatcher::with_default(&Dispatch::new(listener.clone()), || {
            outlet.write(LogLevel::Warning, format_args!("x"));
        });

        assert_eq!(*listener.0.lock().unwrap(), ["elastic_apm WARN"]);
    }

    #[test]
    fn lines_of_a_suppressed_thread_reach_the_applications_subscriber() {
        let (outlet, listener) = (Outlet::new(), Listener::default());
        let application = Dispatch::new(listener.clone());
        dispatcher::with_default(&application, || outlet.write(LogLevel::Info, format_args!("first")));

        dispatcher::with_default(&Dispatch::none(), || outlet.write(LogLevel::Error, format_args!("second")));

        assert_eq!(*listener.0.lock().unwrap(), ["elastic_apm INFO", "elastic_apm ERROR"]);
    }
}
