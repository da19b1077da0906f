//! What the thread `elastic-apm` does from its start to its end, and that it survives a panic of its own.
//!
//! Its private runtime is created and dropped on that thread alone: nothing of the application's runtime is touched, and none is
//! needed.

use std::any::Any;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::time::sleep;

use super::backoff::Backoff;
use super::central::Central;
use super::control::Control;
use super::host_name;
use super::server::Server;
use super::setup::Setup;
use super::worker::Worker;
use crate::metadata::HostLookup;
use crate::own_thread;
use crate::stats::DropReason;

/// A reporter that ran for so long before it panicked starts over at once.
const LONG_RUN: Duration = Duration::from_secs(60);

/// Reports until shutdown, then leaves in `end` whether all that was left arrived.
pub(super) fn run(mut setup: Setup, end: &OnceLock<bool>) {
    own_thread::mark();
    let mut panics = Backoff::default();
    let mut pause = Duration::ZERO;
    let delivered = loop {
        let start = Instant::now();
        match run_once(&mut setup, pause) {
            Ended::Shutdown { delivered } => break delivered,
            Ended::Panicked(panic) => {
                if start.elapsed() > pause + LONG_RUN {
                    panics.reset();
                }
                pause = panics.failed(fastrand::f64());
                bury(&mut setup, &*panic, pause);
                // Who asked for this run is answered by that.
                setup.unheard = None;
                if setup.stopping {
                    // There is nothing to start over for.
                    setup.abandon(DropReason::AfterShutdown);
                    break false;
                }
            }
            Ended::NoRuntime => {
                setup.abandon(DropReason::AfterShutdown);
                break false;
            }
        }
    };
    let _ = end.set(delivered);
    // Those who asked after the worker had looked for the last time. Later ones find the channel closed and look at `end`.
    setup.control.close();
    while let Some(request) = setup.control.blocking_recv() {
        request.into_waiter().answer(delivered);
    }
}

/// How one run ended.
enum Ended {
    Shutdown { delivered: bool },
    Panicked(Box<dyn Any + Send>),
    NoRuntime,
}

fn run_once(setup: &mut Setup, pause: Duration) -> Ended {
    // The threads of its own on which it looks up names are marked too.
    let runtime = match Builder::new_current_thread().enable_all().on_thread_start(own_thread::mark).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            setup
                .log
                .error(format_args!("nothing will be sent: the reporter cannot start its runtime: {error}"));
            return Ended::NoRuntime;
        }
    };
    let run = async {
        wait(setup, pause).await;
        work(setup).await
    };
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run)));
    // Connections that hang are left behind, not waited for.
    runtime.shutdown_background();
    match ended {
        Ok(delivered) => Ended::Shutdown { delivered },
        Err(panic) => Ended::Panicked(panic),
    }
}

/// Lets `pause` pass, or less if somebody wants something.
async fn wait(setup: &mut Setup, pause: Duration) {
    if pause.is_zero() {
        return;
    }
    tokio::select! {
        request = setup.control.recv() => {
            if !matches!(request, Some(Control::Flush(_))) {
                setup.stop();
            }
            setup.unheard = request;
        }
        () = sleep(pause) => {}
    }
}

/// Runs the worker to its end, and beside it what keeps asking the server. Says whether all that was left at shutdown arrived.
async fn work(setup: &mut Setup) -> bool {
    let server = Server::new(setup.settings.clone(), setup.log.clone());
    let transport = Arc::clone(&setup.transport);
    let central = setup.central_config.then(|| {
        let (local, settings, log) = (Arc::clone(&setup.local), setup.settings.clone(), setup.log.clone());
        Central::new(&server, Arc::clone(&transport), &setup.metadata.service, local, settings, log)
    });
    let configure = async {
        match central {
            Some(central) => central.poll().await,
            None => pending().await,
        }
    };
    let report = async {
        let lookup = std::mem::replace(&mut setup.host_lookup, HostLookup(None));
        host_name::learn(&mut setup.metadata, lookup, &setup.queue, &setup.log).await;
        Worker::new(setup, &server).run().await
    };
    tokio::select! {
        biased;
        delivered = report => delivered,
        never = server.watch(&transport) => match never {},
        never = configure => match never {},
    }
}

/// Counts what a panic has cost, and says so.
fn bury(setup: &mut Setup, panic: &(dyn Any + Send), pause: Duration) {
    let lost = setup.lose_in_hand(DropReason::ReporterPanicked);
    let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "no message",
    };
    let then = if setup.stopping {
        "it ends, as it was about to".to_owned()
    } else if pause.is_zero() {
        "it starts over at once".to_owned()
    } else {
        format!("it starts over in about {:.0} s, or when it is asked to flush", pause.as_secs_f64())
    };
    let reason = DropReason::ReporterPanicked.as_str();
    setup.log.error(format_args!(
        "the reporter thread panicked: {message}; {lost} events that it had in hand are lost ({reason}); {then}"
    ));
}
