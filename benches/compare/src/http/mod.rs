//! CPU and latency of an axum server per request, agent beside agent.

mod load;
pub(crate) mod server;

use bench_compare::agents::{Mode, OURS};
use bench_compare::cpu;

use crate::http::load::Answered;
use crate::http::server::{BARE, Server};
use crate::samples::Samples;

/// What is compared; first what the others are compared with.
const SERVERS: [(&str, Mode); 9] = [
    (BARE, Mode::Sampled),
    (OURS, Mode::Sampled),
    (OURS, Mode::Gzip),
    (OURS, Mode::Unsampled),
    (OURS, Mode::Disabled),
    ("fastrace", Mode::Sampled),
    ("opentelemetry", Mode::Sampled),
    ("tracing-opentelemetry", Mode::Sampled),
    ("sentry", Mode::Sampled),
];

/// Of one server: CPU per request, rate, median and 99th percentile of latency, each in every round.
#[derive(Default)]
struct Figures {
    cpu: Samples,
    cpu_to_bare: Samples,
    rate: Samples,
    median: Samples,
    slow: Samples,
    recorded: Samples,
}

/// Measures every server, in turns, and prints the table.
pub(crate) fn print(rounds: usize) -> Result<(), String> {
    cpu::pin(cpu::BESIDE)?;
    let mut all: [Figures; SERVERS.len()] = Default::default();
    for round in 1..=rounds {
        let mut turn: Vec<usize> = (0..SERVERS.len()).collect();
        // Whatever changes in the course of a round is for none of them always the same.
        turn.rotate_left(round % SERVERS.len());
        let mut cpu = [0.0; SERVERS.len()];
        for at in turn {
            let (agent, mode) = SERVERS[at];
            cpu[at] = measure(agent, mode, &mut all[at])?;
        }
        for (figures, cpu_of_this) in all.iter_mut().zip(cpu) {
            figures.cpu_to_bare.add(cpu_of_this / cpu[0]);
        }
        eprintln!("http: {round} of {rounds}");
    }
    println!(
        "| server | CPU us per request | to bare | lowest–highest | requests/s | median us | 99 % us | recorded |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for ((agent, mode), figures) in SERVERS.into_iter().zip(&all) {
        let Figures { cpu, cpu_to_bare, rate, median, slow, recorded } = figures;
        let name = if agent == OURS { format!("{agent}, {}", mode.name()) } else { agent.to_owned() };
        let recorded = if mode.records() && agent != BARE {
            format!("{:.0} %", recorded.median())
        } else {
            "–".to_owned()
        };
        println!(
            "| {name} | {:.1} | {:.2} | {:.2}–{:.2} | {:.0} | {:.0} | {:.0} | {recorded} |",
            cpu.median(),
            cpu_to_bare.median(),
            cpu_to_bare.quantile(0.0),
            cpu_to_bare.quantile(1.0),
            rate.median(),
            median.median(),
            slow.median(),
        );
    }
    Ok(())
}

/// One server under load. Its CPU time per request, all threads until everything is encoded.
fn measure(agent: &str, mode: Mode, figures: &mut Figures) -> Result<f64, String> {
    let mut server = Server::start(agent, mode)?;
    load::run(server.address(), load::WARM_UP)?;
    let before = server.usage()?;
    let Answered { latencies, seconds } = load::run(server.address(), load::MEASURED)?;
    let after = server.usage()?;
    let requests = latencies.len() as f64;
    let cpu = (after.cpu - before.cpu) / 1e3 / requests;
    figures.cpu.add(cpu);
    figures.rate.add(requests / seconds);
    figures.median.add(latencies.quantile(0.5));
    figures.slow.add(latencies.quantile(0.99));
    figures.recorded.add(100.0 * (after.encoded - before.encoded) / requests);
    Ok(cpu)
}
