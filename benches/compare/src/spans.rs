//! Time and allocations per span, agent beside agent.

use std::time::{Duration, Instant};

use bench_compare::agents::{Mode, OTHERS, OURS, install};
use bench_compare::cpu;
use bench_compare::workload::{Workload, value};

use crate::child;
use crate::samples::Samples;

/// How long bursts are repeated.
pub(crate) const MEASURED: Duration = Duration::from_millis(300);
/// Bursts before anything is measured: what happens only once is none of a span's cost.
pub(crate) const WARM_UP: usize = 30;

/// Measures one agent at one workload. Called in a process of its own.
///
/// Prints nanoseconds of CPU per span: on the application's thread, and on all others.
pub(crate) fn burst(agent: &str, mode: &str, work: &str) -> Result<(), String> {
    let (mode, work, value) = (Mode::parse(mode)?, Workload::parse(work)?, value());
    cpu::pin(cpu::BESIDE)?;
    let agent = install(agent, mode)?;
    cpu::pin(cpu::MEASURED)?;
    for _ in 0..WARM_UP {
        work.burst(&*agent, &value);
        agent.flush();
    }
    let (encoded, process, thread) = (agent.encoded(), cpu::of_process(), cpu::of_thread());
    let (started, mut bursts) = (Instant::now(), Samples::default());
    while started.elapsed() < MEASURED {
        let before = cpu::of_thread();
        work.burst(&*agent, &value);
        bursts.add((cpu::of_thread() - before) as f64 / work.spans() as f64);
        agent.flush();
    }
    let (process, thread) = (cpu::of_process() - process, cpu::of_thread() - thread);
    let expected = (bursts.len() * work.recorded(&*agent, mode.records())) as u64;
    let encoded = agent.encoded() - encoded;
    if encoded != expected {
        return Err(format!("{encoded} of {expected} spans were encoded"));
    }
    let others = process.saturating_sub(thread) as f64 / (bursts.len() * work.spans()) as f64;
    println!("{} {others}", bursts.median());
    Ok(())
}

/// What is measured of every agent.
const WORK: [(Mode, Workload); 4] = [
    (Mode::Sampled, Workload::Sequence),
    (Mode::Sampled, Workload::Nested),
    (Mode::Unsampled, Workload::Sequence),
    (Mode::Sampled, Workload::Alone),
];

#[derive(Default)]
struct Figures {
    /// On the application's thread, in the order of [`WORK`].
    thread: [Samples; WORK.len()],
    /// On the others, in a sequence.
    others: Samples,
    /// On the application's threads, where several record at once.
    threads: Samples,
    /// Of a future, beyond the bare one.
    poll: Samples,
}

/// Measures every agent, in turns, and prints the tables.
pub(crate) fn print(repeats: usize) -> Result<(), String> {
    let agents = || std::iter::once(&OURS).chain(OTHERS).copied();
    let mut all: Vec<Figures> = agents().map(|_| Figures::default()).collect();
    let mut gzip = Samples::default();
    for repeat in 1..=repeats {
        for (at, (mode, work)) in WORK.into_iter().enumerate() {
            for (agent, figures) in agents().zip(&mut all) {
                let [thread, others] = child::run(&["burst", agent, mode.name(), work.name()])?;
                figures.thread[at].add(thread);
                if at == 0 {
                    figures.others.add(others);
                }
            }
        }
        for (agent, figures) in agents().zip(&mut all) {
            let [threads] = child::run(&["threads", agent])?;
            figures.threads.add(threads);
            let [poll] = child::run(&["poll", agent])?;
            figures.poll.add(poll);
        }
        let [_, others] = child::run(&["burst", OURS, Mode::Gzip.name(), Workload::Sequence.name()])?;
        gzip.add(others);
        eprintln!("spans: {repeat} of {repeats}");
    }
    println!(
        "| CPU ns per span | one by one | nested | unsampled | no root | two threads | all threads, encoded | poll | allocations | allocations, unsampled | bytes allocated |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (agent, figures) in agents().zip(&all) {
        let [sequence, nested, unsampled, alone] = figures.thread.each_ref().map(Samples::median);
        let total = sequence + figures.others.median();
        let (threads, poll) = (figures.threads.median(), figures.poll.median());
        let [count, bytes] = child::allocations(agent, Mode::Sampled)?;
        let [unsampled_count, _] = child::allocations(agent, Mode::Unsampled)?;
        println!(
            "| {agent} | {sequence:.0} | {nested:.0} | {unsampled:.0} | {alone:.1} | {threads:.0} | {total:.0} | {poll:.1} | {count:.1} | {unsampled_count:.1} | {bytes:.0} |"
        );
    }
    println!("\n| reporter | ns per span | spans per second and core |\n|---|---:|---:|");
    for (what, samples) in [("JSON", &all[0].others), ("JSON, gzip", &gzip)] {
        println!("| {what} | {:.0} | {:.0} |", samples.median(), 1e9 / samples.median());
    }
    println!();
    Ok(())
}
