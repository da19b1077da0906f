//! Allocations of an agent per span, on the thread that makes it. A program of its own, as an allocator that counts takes time.

use bench_compare::agents::{Mode, install};
use bench_compare::workload::{Workload, value};

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(mode)) = (arguments.next(), arguments.next()) else {
        return Err("usage: allocations AGENT MODE".to_owned());
    };
    let (agent, work, value) = (install(&name, Mode::parse(&mode)?)?, Workload::Sequence, value());
    // What happens only once is none of a span's cost.
    for _ in 0..5 {
        work.burst(&*agent, &value);
        agent.flush();
    }
    let counted = allocation_counter::measure(|| work.burst(&*agent, &value));
    agent.flush();
    let per_span = |total: u64| total as f64 / work.spans() as f64;
    println!("{} {}", per_span(counted.count_total), per_span(counted.bytes_total));
    Ok(())
}
