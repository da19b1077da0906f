//! Time per span where several threads record at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use bench_compare::agents::{Agent, Mode, install};
use bench_compare::cpu;
use bench_compare::workload::{CHILDREN, ROOTS, value};

use crate::samples::Samples;
use crate::spans::{MEASURED, WARM_UP};

/// How many threads record.
const THREADS: usize = 2;
/// The CPU of each. The agent's own thread shares the last of them.
const CPUS: [usize; THREADS] = [cpu::MEASURED, cpu::BESIDE];
/// Roots of each thread between two flushes: all threads together fill a queue no more than a burst of one thread does.
const ROOTS_OF_EACH: usize = ROOTS / THREADS;
/// Spans of all threads between two flushes.
const SPANS: usize = THREADS * ROOTS_OF_EACH * (1 + CHILDREN);

/// Measures one agent. Called in a process of its own; prints nanoseconds of CPU per span, of the application's threads alone.
pub(crate) fn burst(agent: &str) -> Result<(), String> {
    cpu::pin(cpu::BESIDE)?;
    let agent = install(agent, Mode::Sampled)?;
    let (agent, start) = (&*agent, &Start::default());
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for cpu in CPUS {
            cpu::pin(cpu)?;
            let ((go, told), (took, taken)) = (channel(), channel());
            scope.spawn(move || record(agent, start, &told, &took));
            threads.push((go, taken));
        }
        // A burst of all threads: nanoseconds of each of them, added up.
        let burst = || {
            let all = "each of them records until this scope ends";
            threads.iter().for_each(|(go, _)| go.send(()).expect(all));
            let time: u64 = threads.iter().map(|(_, taken)| taken.recv().expect(all)).sum();
            agent.flush();
            time
        };
        for _ in 0..WARM_UP {
            burst();
        }
        let (encoded, started, mut bursts) = (agent.encoded(), Instant::now(), Samples::default());
        while started.elapsed() < MEASURED {
            bursts.add(burst() as f64 / SPANS as f64);
        }
        let (encoded, expected) = (agent.encoded() - encoded, (bursts.len() * SPANS) as u64);
        if encoded != expected {
            return Err(format!("{encoded} of {expected} spans were encoded"));
        }
        println!("{}", bursts.median());
        Ok(())
    })
}

/// One of the application's threads: a part of a burst whenever it is told to, until nobody can tell it any more.
fn record(agent: &dyn Agent, start: &Start, told: &Receiver<()>, took: &Sender<u64>) {
    let value = value();
    for () in told {
        start.together();
        let before = cpu::of_thread();
        (0..ROOTS_OF_EACH).for_each(|_| agent.sequence(&value));
        if took.send(cpu::of_thread() - before).is_err() {
            return;
        }
    }
}

/// Where threads wait for each other before a burst. They do not sleep there: one that has to be woken would find the others half done.
#[derive(Default)]
struct Start(AtomicUsize);

impl Start {
    fn together(&self) {
        let all = (self.0.fetch_add(1, Ordering::AcqRel) + 1).next_multiple_of(THREADS);
        while self.0.load(Ordering::Acquire) < all {
            std::hint::spin_loop();
        }
    }
}
