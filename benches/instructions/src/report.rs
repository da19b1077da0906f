//! The commands: counts every path, and compares, records or prints what was counted.

use crate::count::{Count, count};
use crate::paths::{PATHS, Path};
use crate::recorded::{Recorded, Verdict};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/recorded.tsv");
/// The compiler that built this.
const COMPILER: &str = env!("COMPILER");

/// Fails where a count is above the record by more than the margin.
pub(crate) fn check() -> Result<(), String> {
    let recorded = read()?;
    let (mut failures, mut lower) = (Vec::new(), Vec::new());
    print_heading();
    for path in PATHS {
        let count = count(path)?;
        print_row(path, count, recorded.get(path.name));
        match recorded.judge(path.name, count.own, COMPILER) {
            Verdict::Same => {}
            Verdict::Lower => lower.push(path.name),
            Verdict::Higher { at_most } => {
                failures
                    .push(format!("{}: {} of its own, at most {at_most} would pass", path.name, count.own));
            }
            Verdict::Unknown => failures.push(format!("{}: not recorded", path.name)),
        }
    }
    println!();
    if COMPILER != recorded.compiler {
        println!("Built by {COMPILER}, recorded with {}: the margin is wider.", recorded.compiler);
    }
    if !lower.is_empty() {
        println!("Lower than recorded, worth recording anew: {}", lower.join("; "));
    }
    if failures.is_empty() {
        println!("{} paths, none above its recorded figure by more than the margin", PATHS.len());
        return Ok(());
    }
    Err(format!(
        "{}\nWhere this is meant: cargo run --release --manifest-path benches/Cargo.toml -p bench-instructions -- record",
        failures.join("\n")
    ))
}

/// Writes the record anew.
pub(crate) fn record() -> Result<(), String> {
    let before = read().unwrap_or_default();
    let mut recorded = Recorded { compiler: COMPILER.to_owned(), counts: Vec::new() };
    print_heading();
    for path in PATHS {
        let count = count(path)?;
        print_row(path, count, before.get(path.name));
        recorded.counts.push((path.name.to_owned(), count));
    }
    std::fs::write(FILE, recorded.render()).map_err(|error| format!("{FILE}: {error}"))
}

/// Prints the counts beside the record.
pub(crate) fn show() -> Result<(), String> {
    let recorded = read()?;
    print_heading();
    for path in PATHS {
        print_row(path, count(path)?, recorded.get(path.name));
    }
    Ok(())
}

fn read() -> Result<Recorded, String> {
    let text = std::fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
    Recorded::parse(&text).map_err(|error| format!("{FILE}: {error}"))
}

fn print_heading() {
    println!("| instructions per call | of its own | with the C library | recorded | budget |");
    println!("|---|---:|---:|---:|---:|");
}

fn print_row(path: &Path, count: Count, recorded: Option<Count>) {
    let recorded = recorded.map_or("–".to_owned(), |count| format!("{} / {}", count.own, count.all));
    let budget = path.budget.map_or("–".to_owned(), |budget| {
        format!("{budget}{}", if count.all > budget { " (missed)" } else { "" })
    });
    println!("| {} | {} | {} | {recorded} | {budget} |", path.name, count.own, count.all);
}
