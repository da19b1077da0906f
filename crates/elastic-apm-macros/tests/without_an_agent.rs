//! `#[transaction]` where no agent is installed: the function just runs. Alone in its process, so that none is.

use std::cell::Cell;

use elastic_apm::{capture_span, trace_id, transaction};

mod support;
use support::block_on;

#[transaction(labels(asked = count(asked)))]
fn job(asked: &Cell<u32>) -> Result<u32, String> {
    assert_eq!(trace_id(), None);
    step(asked)
}

#[transaction(labels(asked = count(asked)))]
async fn job_async(asked: &Cell<u32>) -> Result<u32, String> {
    assert_eq!(trace_id(), None);
    step(asked)
}

#[capture_span(err, labels(asked = count(asked)))]
fn step(asked: &Cell<u32>) -> Result<u32, String> {
    Err(asked.get().to_string())
}

fn count(asked: &Cell<u32>) -> u32 {
    asked.set(asked.get() + 1);
    asked.get()
}

#[test]
fn the_function_runs_and_nothing_is_worked_out() {
    let asked = Cell::new(0);

    let results = (job(&asked), block_on(job_async(&asked)));

    assert_eq!(results, (Err("0".to_owned()), Err("0".to_owned())));
}
