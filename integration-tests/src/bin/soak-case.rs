//! A program that records more than its server takes, for as many seconds as its argument says, and tells how much memory it uses.
//!
//! The agent is set up by the environment. Once a second a line `rss <kB>` goes to standard error, at the end `counted`, if everything is.

use std::thread;
use std::time::{Duration, Instant};

use elastic_apm::{Agent, set_custom_context};

/// How many events are recorded between two looks at the clock, and how long the pause behind them is: enough to fill any queue at once,
/// and something left of the machine.
const BURST: usize = 500;
const PAUSE: Duration = Duration::from_millis(5);
/// The size of a large event.
const LARGE: usize = 10_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().and_then(|text| text.parse().ok()).expect("a number of seconds");
    let is_large = arguments.next().as_deref() == Some("large");
    let agent = Agent::builder().build();
    let until = Instant::now() + Duration::from_secs(seconds);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while Instant::now() < until {
                    (0..BURST).for_each(|_| record(&agent, is_large));
                    thread::sleep(PAUSE);
                }
            });
        }
        while Instant::now() < until {
            eprintln!("rss {}", resident_kilobytes());
            thread::sleep(Duration::from_secs(1));
        }
    });
    let stats = agent.stats();
    assert_eq!(stats.recorded(), stats.sent() + stats.dropped() + stats.queued());
    agent.shutdown(Duration::from_millis(100));
    // What the reporter's thread has in hand it counts itself, as soon as the machine lets it.
    let counting = Instant::now();
    while agent.stats().queued() > 0 && counting.elapsed() < Duration::from_secs(20) {
        thread::yield_now();
    }
    let stats = agent.stats();
    assert_eq!((stats.recorded(), stats.queued()), (stats.sent() + stats.dropped(), 0), "{stats:?}");
    eprintln!("counted {}", stats.recorded());
}

fn record(agent: &Agent, is_large: bool) {
    let transaction = agent.begin_transaction("script");
    if is_large {
        set_custom_context("blob", "x".repeat(LARGE));
    }
    transaction.end_with("an event of the soak", "success");
}

/// What of this process is in memory; pages are of 4 kB.
fn resident_kilobytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("a kernel that tells");
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    pages * 4
}
