//! The thread `elastic-apm` with its private runtime, and the handle that talks to it.
//!
//! The runtime is created and dropped on that thread alone: nothing of the application's runtime is touched, and none is needed.

use std::future::pending;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::central::Central;
use super::control::{Answer, Control, Waiter};
use super::server::Server;
use super::setup::Setup;
use super::worker::Worker;

/// What a blocking caller allows the reporter beyond its deadline before it gives up on the thread itself.
const GRACE: Duration = Duration::from_millis(50);
/// The longest wait there is: beyond it clocks overflow.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The handle to a running reporter thread.
pub(crate) struct Reporter {
    control: UnboundedSender<Control>,
}

impl Reporter {
    /// Starts the thread. `setup` is called with the receiving end of the control channel.
    pub(crate) fn spawn(
        setup: impl FnOnce(tokio::sync::mpsc::UnboundedReceiver<Control>) -> Setup,
    ) -> io::Result<Reporter> {
        let (control, requests) = unbounded_channel();
        let setup = setup(requests);
        std::thread::Builder::new().name("elastic-apm".to_owned()).spawn(move || run(setup))?;
        Ok(Reporter { control })
    }

    /// Sends what was recorded so far; blocks until it is delivered, `timeout` at most.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        self.wait_for(Control::Flush, timeout)
    }

    /// Like [`flush`](Self::flush), awaiting on any runtime.
    pub(crate) async fn flush_async(&self, timeout: Duration) -> bool {
        match self.request(Control::Flush, timeout) {
            Some(answer) => answer.await,
            None => false,
        }
    }

    /// Sends what was recorded so far and ends the thread; blocks until then, `timeout` at most.
    pub(crate) fn shutdown(&self, timeout: Duration) -> bool {
        self.wait_for(Control::Shutdown, timeout)
    }

    fn wait_for(&self, request: fn(Waiter) -> Control, timeout: Duration) -> bool {
        let timeout = timeout.min(LONGEST);
        self.request(request, timeout).is_some_and(|answer| answer.wait(timeout + GRACE))
    }

    fn request(&self, request: fn(Waiter) -> Control, timeout: Duration) -> Option<Answer> {
        let (waiter, answer) = Waiter::new(Instant::now() + timeout.min(LONGEST));
        // A thread that has ended already takes no request; its waiter is dropped, which answers it.
        self.control.send(request(waiter)).ok()?;
        Some(answer)
    }
}

fn run(mut setup: Setup) {
    let (log, queue) = (setup.log.clone(), setup.queue.clone());
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            queue.abandon();
            return log
                .error(format_args!("nothing will be sent: the reporter cannot start its runtime: {error}"));
        }
    };
    if catch_unwind(AssertUnwindSafe(|| runtime.block_on(work(&mut setup)))).is_err() {
        queue.abandon();
        log.error(format_args!("nothing more will be sent: the reporter thread panicked"));
    }
    // Connections that hang are left behind, not waited for.
    runtime.shutdown_background();
}

/// Runs the worker to its end, and beside it what keeps asking the server.
async fn work(setup: &mut Setup) {
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
    tokio::select! {
        biased;
        () = Worker::new(setup, &server).run() => {}
        never = server.watch(&transport) => match never {},
        never = configure => match never {},
    }
}
