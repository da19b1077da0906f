//! Which CPU runs what, and how much time it took.

use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// The CPU of what is measured.
pub const MEASURED: usize = 0;
/// The CPU of whatever else takes part: an agent's own threads beside the application's, the load beside the server.
pub const BESIDE: usize = 1;

/// Keeps this thread, and the threads it starts from now on, on one CPU.
///
/// # Errors
///
/// A machine that does not have this CPU, or does not let us choose.
pub fn pin(cpu: usize) -> Result<(), String> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).map_err(|error| format!("CPU {cpu}: {error}"))
}

/// The CPU time of this thread in nanoseconds, the kernel's included.
pub fn of_thread() -> u64 {
    nanoseconds(ClockId::ThreadCPUTime)
}

/// The CPU time of all threads of this process in nanoseconds, the kernel's included.
pub fn of_process() -> u64 {
    nanoseconds(ClockId::ProcessCPUTime)
}

fn nanoseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
