use std::task::Wake;
use std::thread;

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a future as an executor without any timer does: only a wake makes it look again.
fn run<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut future = std::pin::pin!(future);
    let start = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(start.elapsed() < PATIENCE, "nobody wakes the future");
        thread::park_timeout(PATIENCE);
    }
}

#[test]
fn the_first_answer_counts() {
    let (waiter, answer) = Waiter::new(Instant::now());

    waiter.answer(true);
    waiter.answer(false);
    drop(waiter);

    assert_eq!(answer.wait(PATIENCE), Some(true));
}

#[test]
fn a_waiter_that_is_dropped_answers() {
    let (waiter, answer) = Waiter::new(Instant::now());

    drop(waiter);

    assert_eq!(answer.wait(PATIENCE), Some(false));
}

#[test]
fn an_answer_wakes_a_future_on_a_runtime_without_timer() {
    let (waiter, answer) = Waiter::new(Instant::now() + PATIENCE);
    let answering = thread::spawn(move || waiter.answer(true));

    assert!(run(answer.within(PATIENCE)));
    answering.join().unwrap();
}

#[test]
fn a_future_whose_answer_never_comes_ends_in_time_on_a_runtime_without_timer() {
    let (waiter, answer) = Waiter::new(Instant::now());

    assert!(!run(answer.within(Duration::from_millis(20))));

    drop(waiter);
}

#[test]
fn a_future_that_is_given_up_leaves_nobody_waiting() {
    let (waiter, answer) = Waiter::new(Instant::now() + PATIENCE);
    let watched = answer.clone();
    let mut future = Box::pin(answer.within(Duration::MAX));
    let waker = std::task::Waker::noop();
    assert!(future.as_mut().poll(&mut Context::from_waker(waker)).is_pending());

    drop(future);

    // The thread beside it hears of it the same way.
    assert_eq!(watched.wait(PATIENCE), Some(false));
    drop(waiter);
}
