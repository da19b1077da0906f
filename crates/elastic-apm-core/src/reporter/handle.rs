//! The handle by which callers on any thread talk to the reporter of their process.

use std::io;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use elastic_apm_intake::Metadata;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::control::{Answer, Control, Waiter};
use super::launch::Launch;
use super::setup::Setup;
use crate::metadata;
use crate::own_thread;
use crate::per_process::PerProcess;
use crate::queue::{HandOff, Queue};
use crate::stats::Stats;

/// What a caller allows the reporter beyond its deadline before it gives up on the thread itself.
const GRACE: Duration = Duration::from_millis(50);
/// The longest wait there is: beyond it clocks overflow.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The reporter: running in the process that it was started in, and in each that is forked off from when that first records
/// something.
pub(crate) struct Reporter {
    launch: Launch,
    running: PerProcess<Running>,
}

/// A reporter that runs, or has.
struct Running {
    queue: Arc<Queue>,
    control: UnboundedSender<Control>,
    /// Whether all that was left at the shutdown arrived; set when the thread ends.
    end: Arc<OnceLock<bool>>,
}

impl Reporter {
    /// Starts the thread.
    pub(crate) fn start(launch: Launch) -> io::Result<Reporter> {
        let running = PerProcess::of(Running::start(&launch, launch.metadata.clone())?);
        Ok(Reporter { launch, running })
    }

    /// Sends what was recorded so far; blocks until it is delivered, `timeout` at most.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        self.running.get().is_none_or(|running| running.flush(timeout))
    }

    /// Like [`flush`](Self::flush), awaiting on any runtime.
    pub(crate) async fn flush_async(&self, timeout: Duration) -> bool {
        match self.running.get() {
            Some(running) => running.flush_async(timeout).await,
            None => true,
        }
    }

    /// Sends what was recorded so far and ends the thread; blocks until then, `timeout` at most.
    pub(crate) fn shutdown(&self, timeout: Duration) -> bool {
        self.running.get().is_none_or(|running| running.shutdown(timeout))
    }

    /// What became of the events that this process has recorded.
    pub(crate) fn stats(&self) -> Stats {
        self.running.get().map(|running| running.queue.counters.snapshot()).unwrap_or_default()
    }

    /// Starts over in a process that was forked off.
    #[cold]
    fn start_in_child(&self) -> Running {
        // Nothing is said of it: whoever held the application's log at the time of the fork will never let it go.
        let metadata = metadata::of_child(&self.launch.metadata);
        Running::start(&self.launch, metadata).unwrap_or_else(|_| Running::ended(&self.launch))
    }
}

impl HandOff for Reporter {
    #[inline]
    fn queue(&self) -> &Queue {
        &self.running.get_or_init(|| self.start_in_child()).queue
    }
}

impl Running {
    fn start(launch: &Launch, metadata: Metadata) -> io::Result<Self> {
        if launch.config.disable_send {
            return Ok(Running::mute(launch));
        }
        let (control, requests) = unbounded_channel();
        let (queue, end) = (launch.queue(), Arc::new(OnceLock::new()));
        let setup = Setup::new(launch, metadata, Arc::clone(&queue), requests);
        let running = Running { queue, control, end: Arc::clone(&end) };
        thread::Builder::new()
            .name("elastic-apm".to_owned())
            .spawn(move || super::thread::run(setup, &end))?;
        Ok(running)
    }

    /// One that has nothing to do: there is nothing to wait for.
    fn mute(launch: &Launch) -> Self {
        let queue = launch.queue();
        queue.mute();
        Running { queue, control: unbounded_channel().0, end: Arc::new(OnceLock::from(true)) }
    }

    /// One that never ran: all that is recorded is counted as dropped.
    fn ended(launch: &Launch) -> Self {
        let queue = launch.queue();
        queue.abandon();
        Running { queue, control: unbounded_channel().0, end: Arc::new(OnceLock::from(false)) }
    }

    fn flush(&self, timeout: Duration) -> bool {
        let timeout = timeout.min(LONGEST);
        match self.request(Control::Flush, timeout) {
            Some(answer) => answer.wait(timeout + GRACE).unwrap_or(false),
            None => self.delivered_in_the_end(),
        }
    }

    async fn flush_async(&self, timeout: Duration) -> bool {
        let timeout = timeout.min(LONGEST);
        match self.request(Control::Flush, timeout) {
            Some(answer) => answer.within(timeout + GRACE).await,
            None => self.delivered_in_the_end(),
        }
    }

    fn shutdown(&self, timeout: Duration) -> bool {
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

    /// Asks the thread; `None` where it has ended, and where it asks itself: it cannot answer while it waits.
    fn request(&self, request: fn(Waiter) -> Control, timeout: Duration) -> Option<Answer> {
        let (waiter, answer) = Waiter::new(Instant::now() + timeout);
        self.control.send(request(waiter)).ok()?;
        (!own_thread::is_current()).then_some(answer)
    }

    fn delivered_in_the_end(&self) -> bool {
        self.end.get().copied().unwrap_or(false)
    }
}
