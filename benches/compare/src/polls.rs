//! Time per poll of a future that has a span around it, beyond that of the future alone.

use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bench_compare::agents::{Mode, Task, install};
use bench_compare::cpu;

use crate::samples::Samples;

/// How long polls are repeated.
const MEASURED: Duration = Duration::from_millis(100);
/// Polls between two looks at the clock.
const POLLS: usize = 1_000;

/// A future that is never ready.
struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// Measures one agent. Called in a process of its own; prints nanoseconds of CPU per poll.
pub(crate) fn poll(agent: &str) -> Result<(), String> {
    cpu::pin(cpu::BESIDE)?;
    let agent = install(agent, Mode::Sampled)?;
    cpu::pin(cpu::MEASURED)?;
    let (mut bare, mut within): (Task, Task) = (Box::pin(Never), agent.within(Box::pin(Never)));
    let (mut of_bare, mut of_within) = (Samples::default(), Samples::default());
    let started = Instant::now();
    while started.elapsed() < MEASURED {
        of_bare.add(nanoseconds(&mut bare));
        of_within.add(nanoseconds(&mut within));
    }
    drop(within);
    agent.flush();
    println!("{}", of_within.median() - of_bare.median());
    Ok(())
}

fn nanoseconds(future: &mut Task) -> f64 {
    let before = cpu::of_thread();
    for _ in 0..POLLS {
        assert!(black_box(&mut *future).as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    (cpu::of_thread() - before) as f64 / POLLS as f64
}
