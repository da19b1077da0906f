//! The parts of the core in which threads meet, run through every order in which they can.
//!
//! Their sources are compiled here a second time, with the model checker's atomics in place of the standard library's. No test harness:
//! their unit tests belong to the core.

#[allow(unused_imports, reason = "of its unit tests")]
#[path = "../../../crates/elastic-apm-core/src/trace/child_timer.rs"]
mod child_timer;
#[allow(unused_imports, reason = "of its unit tests")]
#[path = "../../../crates/elastic-apm-core/src/trace/fate.rs"]
mod fate;
#[allow(unused_imports, reason = "of its unit tests")]
#[path = "../../../crates/elastic-apm-core/src/trace/span_limit.rs"]
mod span_limit;
#[allow(unused_imports, reason = "of its unit tests")]
#[path = "../../../crates/elastic-apm-core/src/trace/span_tally.rs"]
mod span_tally;
#[allow(unused_imports, reason = "of its unit tests")]
#[path = "../../../crates/elastic-apm-core/src/trace/waiting_place.rs"]
mod waiting_place;

/// What the core calls `sync`.
mod sync {
    pub(crate) use std::sync::PoisonError;

    pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
}

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use loom::model;
use loom::sync::Arc;
use loom::thread;

use child_timer::ChildTimer;
use fate::Fate;
use span_limit::SpanLimit;
use span_tally::{SpanTally, Tally};
use waiting_place::{Offered, WaitingPlace};

/// The rules, each with the model that holds it.
const RULES: &[(&str, fn())] = &[
    ("no_more_spans_get_a_place_than_there_are", places),
    ("a_place_given_back_is_taken_by_one_at_most", places_given_back),
    ("spans_that_end_at_the_same_time_are_all_counted", tallied_spans),
    ("a_child_that_waits_is_taken_out_once_whoever_closes_the_place_or_comes_next", waiting_children),
    ("whoever_comes_when_a_place_is_closed_waits_no_longer", latecomers),
    ("a_span_vanishes_or_is_referred_to_and_never_both", fates),
    ("whoever_refers_to_a_span_first_or_last_is_told_the_same", references),
    ("children_at_the_same_time_cover_the_time_once", overlapping_children),
    ("children_one_after_the_other_cover_their_sum_wherever_they_run", separate_children),
];

fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let mut failed = 0;
    for (rule, check) in RULES.iter().filter(|(rule, _)| rule.contains(&filter)) {
        let held = catch_unwind(AssertUnwindSafe(|| model(check))).is_ok();
        println!("model {rule} ... {}", if held { "ok" } else { "FAILED" });
        failed += usize::from(!held);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs all at once and gathers what they return.
fn race<T: 'static>(racers: Vec<Box<dyn FnOnce() -> T + Send>>) -> Vec<T> {
    let racers: Vec<_> = racers.into_iter().map(thread::spawn).collect();
    racers.into_iter().map(|racer| racer.join().expect("no panic")).collect()
}

fn places() {
    let limit = Arc::new(SpanLimit::new());
    let take = |limit: &Arc<SpanLimit>| -> Box<dyn FnOnce() -> bool + Send> {
        let limit = Arc::clone(limit);
        Box::new(move || limit.take(2))
    };

    let taken = race(vec![take(&limit), take(&limit), take(&limit)]);

    assert_eq!(taken.iter().filter(|taken| **taken).count(), 2);
    assert!(limit.is_reached(2));
}

fn places_given_back() {
    let limit = Arc::new(SpanLimit::new());
    assert!(limit.take(1));
    let (giver, taker) = (Arc::clone(&limit), Arc::clone(&limit));

    let taken = race(vec![
        Box::new(move || {
            giver.give_back();
            giver.take(1)
        }) as Box<dyn FnOnce() -> bool + Send>,
        Box::new(move || taker.take(1)),
    ]);

    // Whoever is refused while the place is given back may keep the other from seeing it free; then it is the next one's.
    let taken = taken.iter().filter(|taken| **taken).count();
    assert!(taken <= 1);
    assert_eq!((limit.is_reached(1), limit.is_reached(2)), (taken == 1, false));
    assert!(taken == 1 || limit.take(1));
}

fn tallied_spans() {
    let tally = Arc::new(SpanTally::new());
    let end = |micros| -> Box<dyn FnOnce() -> bool + Send> {
        let tally = Arc::clone(&tally);
        Box::new(move || tally.add(micros))
    };

    assert_eq!(race(vec![end(5), end(7), end(11)]), [true; 3]);

    let Tally { count, micros } = tally.sum();
    assert_eq!((count, micros), (3, 23));
}

/// Comes to a place in which nobody is joined with anybody; returns who left it.
fn come(place: &Arc<WaitingPlace<u32>>, newcomer: u32) -> Box<dyn FnOnce() -> Option<u32> + Send> {
    let place = Arc::clone(place);
    Box::new(move || match place.offer(newcomer, |_, newcomer| Err(newcomer)) {
        Offered::Leaves(left) => Some(left),
        Offered::Waits | Offered::Joined => None,
    })
}

fn waiting_children() {
    let place = Arc::new(WaitingPlace::new());
    assert_eq!(come(&place, 1)(), None);
    let (taker, closer) = (Arc::clone(&place), Arc::clone(&place));

    let left = race(vec![Box::new(move || taker.take()), Box::new(move || closer.close()), come(&place, 2)]);

    let mut left: Vec<u32> = left.into_iter().flatten().collect();
    left.sort_unstable();
    assert_eq!(left, [1, 2]);
    assert_eq!((place.take(), place.close()), (None, None));
}

fn latecomers() {
    let place = Arc::new(WaitingPlace::new());
    let closer = Arc::clone(&place);

    let left = race(vec![come(&place, 1), come(&place, 2), Box::new(move || closer.close())]);

    let mut left: Vec<u32> = left.into_iter().flatten().collect();
    left.sort_unstable();
    assert_eq!(left, [1, 2]);
    assert_eq!(come(&place, 3)(), Some(3));
}

fn fates() {
    let fate = Arc::new(Fate::new());
    let (child, end) = (Arc::clone(&fate), Arc::clone(&fate));

    let decided = race(vec![
        Box::new(move || child.refer()) as Box<dyn FnOnce() -> bool + Send>,
        Box::new(move || end.vanish()),
    ]);

    assert!(decided[0] != decided[1]);
    assert_eq!(fate.is_referred_to(), decided[0]);
}

fn references() {
    let fate = Arc::new(Fate::new());
    let refer = |fate: &Arc<Fate>| -> Box<dyn FnOnce() -> bool + Send> {
        let fate = Arc::clone(fate);
        Box::new(move || fate.refer())
    };
    let end = Arc::clone(&fate);

    let decided = race(vec![refer(&fate), refer(&fate), Box::new(move || end.vanish())]);

    assert!(if decided[2] { !decided[0] && !decided[1] } else { decided[0] && decided[1] });
    assert_eq!(fate.refer(), !decided[2]);
}

fn overlapping_children() {
    let timer = Arc::new(ChildTimer::new());
    // Both run from before 10 until after 20, whoever comes first.
    timer.started(0);
    let child = |timer: &Arc<ChildTimer>, start, end| -> Box<dyn FnOnce() + Send> {
        let timer = Arc::clone(timer);
        Box::new(move || {
            timer.started(start);
            timer.ended(end);
        })
    };
    race(vec![child(&timer, 10, 20), child(&timer, 12, 22)]);
    timer.ended(30);

    assert_eq!(timer.covered(40), 30);
}

fn separate_children() {
    let timer = Arc::new(ChildTimer::new());
    let first = Arc::clone(&timer);
    thread::spawn(move || {
        first.started(10);
        first.ended(20);
    })
    .join()
    .expect("no panic");
    timer.started(50);
    timer.ended(55);

    assert_eq!(timer.covered(60), 15);
}
