//! `#[transaction]` where no agent is installed: the function just runs. Alone in its process, so that none is.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Mutex;

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

#[capture_span(labels(asked = count(asked)))]
async fn step_async(asked: &Cell<u32>) -> u32 {
    asked.get()
}

#[test]
fn a_boxed_future_is_not_boxed_again() {
    static ADDRESS: Mutex<usize> = Mutex::new(0);

    #[capture_span]
    fn boxed() -> Pin<Box<dyn Future<Output = ()>>> {
        let work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async { tokio::task::yield_now().await });
        *ADDRESS.lock().unwrap() = (&raw const *work).cast::<()>() as usize;
        work
    }

    let work = boxed();

    assert_eq!((&raw const *work).cast::<()>() as usize, *ADDRESS.lock().unwrap());
}

#[test]
fn the_function_runs_and_nothing_is_worked_out() {
    let asked = Cell::new(0);

    let results = (job(&asked), block_on(job_async(&asked)), block_on(step_async(&asked)));

    assert_eq!(results, (Err("0".to_owned()), Err("0".to_owned()), 0));
}
