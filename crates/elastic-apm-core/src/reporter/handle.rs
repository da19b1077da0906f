//! The handle by which callers on any thread talk to the reporter.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::control::{Answer, Control, Waiter};
use super::setup::Setup;
use super::thread;
use crate::queue::Queue;

/// What a caller allows the reporter beyond its deadline before it gives up on the thread itself.
const GRACE: Duration = Duration::from_millis(50);
/// The longest wait there is: beyond it clocks overflow.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A running reporter.
pub(crate) struct Reporter {
    queue: Arc<Queue>,
    control: UnboundedSender<Control>,
    /// Whether all that was left at the shutdown arrived; set when the thread ends.
    end: Arc<OnceLock<bool>>,
}

impl Reporter {
    /// Starts the thread. `setup` is called with the receiving end of the control channel.
    pub(crate) fn spawn(
        queue: Arc<Queue>,
        setup: impl FnOnce(UnboundedReceiver<Control>) -> Setup,
    ) -> io::Result<Reporter> {
        let (control, requests) = unbounded_channel();
        let end = Arc::new(OnceLock::new());
        let reporter = Reporter { queue, control, end: Arc::clone(&end) };
        let setup = setup(requests);
        std::thread::Builder::new().name("elastic-apm".to_owned()).spawn(move || thread::run(setup, &end))?;
        Ok(reporter)
    }

    /// Sends what was recorded so far; blocks until it is delivered, `timeout` at most.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        let timeout = timeout.min(LONGEST);
        match self.request(Control::Flush, timeout) {
            Some(answer) => answer.wait(timeout + GRACE).unwrap_or(false),
            None => self.delivered_in_the_end(),
        }
    }

    /// Like [`flush`](Self::flush), awaiting on any runtime.
    pub(crate) async fn flush_async(&self, timeout: Duration) -> bool {
        let timeout = timeout.min(LONGEST);
        match self.request(Control::Flush, timeout) {
            Some(answer) => answer.within(timeout + GRACE).await,
            None => self.delivered_in_the_end(),
        }
    }

    /// Sends what was recorded so far and ends the thread; blocks until then, `timeout` at most.
    pub(crate) fn shutdown(&self, timeout: Duration) -> bool {
        let timeout = timeout.min(LONGEST);
        let Some(answer) = self.request(Control::Shutdown, timeout) else {
            return self.delivered_in_the_end();
        };
        let delivered = answer.wait(timeout + GRACE);
        if delivered.is_none() {
            // The thread is stuck and will not count what waits.
            self.queue.abandon();
        }
        delivered.unwrap_or(false)
    }

    /// Asks the reporter; `None` where its thread has ended.
    fn request(&self, request: fn(Waiter) -> Control, timeout: Duration) -> Option<Answer> {
        let (waiter, answer) = Waiter::new(Instant::now() + timeout);
        self.control.send(request(waiter)).ok()?;
        Some(answer)
    }

    fn delivered_in_the_end(&self) -> bool {
        self.end.get().copied().unwrap_or(false)
    }
}
