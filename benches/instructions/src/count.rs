//! Counts one path: this program again, under callgrind, less what the path would take without the agent.

use crate::callgrind;
use crate::paths::{PATHS, Path, Round, Work};

/// Rounds before counting starts: what happens only once is none of a path's cost.
const WARM_UP: usize = 100;
/// Rounds of one thread that are counted.
const COUNTED: usize = 1_000;
/// Rounds of a whole process. The process is run with the fewer and with the more, so that its start and end cancel out.
const FEWER: usize = 4_000;
const MORE: usize = 20_000;

/// Instructions of one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Of the program itself: Rust code, ours and that of the crates it is made with.
    pub(crate) own: u64,
    /// With the C library: memory, copying, the clock.
    pub(crate) all: u64,
}

/// What is run: with the agent or without.
const WITH: &str = "with";
const WITHOUT: &str = "without";

/// Counts this path.
pub(crate) fn count(path: &Path) -> Result<Count, String> {
    let (with, without) = (run(path, WITH)?, run(path, WITHOUT)?);
    let difference = |with: f64, without: f64| (with - without).max(0.0).round() as u64;
    Ok(Count { own: difference(with.0, without.0), all: difference(with.1, without.1) })
}

fn run(path: &Path, what: &str) -> Result<(f64, f64), String> {
    let program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let (own, all, rounds) = match path.work {
        Work::Thread { .. } => {
            let profile = callgrind::run(&program, Some(COUNTED_IN), &["run", path.name, what, ""])?;
            if profile.total() == 0 {
                return Err(format!("{}: nothing was counted", path.name));
            }
            (profile.of(&program), profile.total(), COUNTED)
        }
        Work::Process { .. } => {
            let of = |rounds: usize| {
                callgrind::run(&program, None, &["run", path.name, what, &rounds.to_string()])
            };
            let (fewer, more) = (of(FEWER)?, of(MORE)?);
            let own = more.of(&program).saturating_sub(fewer.of(&program));
            (own, more.total().saturating_sub(fewer.total()), MORE - FEWER)
        }
    };
    Ok((own as f64 / rounds as f64, all as f64 / rounds as f64))
}

/// Does what is counted. Called in the program that runs under callgrind.
pub(crate) fn work(path: &str, what: &str, rounds: &str) -> Result<(), String> {
    let path = PATHS.iter().find(|known| known.name == path).ok_or_else(|| format!("no path {path:?}"))?;
    match &path.work {
        Work::Thread { prepare, without } => {
            let prepare = if what == WITH { prepare } else { without };
            let mut round = prepare(WARM_UP + COUNTED);
            for _ in 0..WARM_UP {
                round();
            }
            counted(&mut round);
        }
        Work::Process { run, without } => {
            let rounds = rounds.parse().map_err(|_| format!("no number of rounds: {rounds:?}"))?;
            if what == WITH { run(rounds) } else { without(rounds) }
        }
    }
    Ok(())
}

/// Callgrind counts in here, and knows it by this name.
const COUNTED_IN: &str = "bench_instructions::count::counted";

/// Repeats the round as often as is counted.
#[inline(never)]
fn counted(round: &mut Round) {
    for _ in 0..COUNTED {
        round();
    }
}
