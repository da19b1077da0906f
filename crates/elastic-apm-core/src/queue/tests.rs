use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use elastic_apm_intake::{ErrorEvent, Keyword, SpanEvent};

use super::*;
use crate::captured::{CapturedBody, CapturedRequest, CapturedUrl, KeptRequest};
use crate::record::{ErrorRecord, TransactionRecord};

fn span(name: &str) -> Record {
    Record::Span(SpanEvent { name: Keyword::copied(name), ..SpanEvent::default() })
}

fn queue(events: usize, bytes: usize) -> Queue {
    Queue::new(events, bytes)
}

#[test]
fn events_beyond_the_bound_are_dropped_and_counted() {
    let queue = queue(3, 1 << 20);

    for _ in 0..5 {
        queue.push(span("s"));
    }

    let stats = queue.counters.snapshot();
    assert_eq!((queue.len(), stats.recorded(), stats.dropped_for(DropReason::QueueFull)), (3, 5, 2));
}

#[test]
fn bytes_beyond_the_bound_are_dropped_and_counted() {
    let queue = queue(100, 5_000);

    for _ in 0..3 {
        queue.push(span(&"x".repeat(3_000)));
    }

    assert_eq!((queue.len(), queue.counters.snapshot().dropped_for(DropReason::QueueFull)), (1, 2));
}

#[test]
fn one_event_larger_than_the_bound_passes_an_empty_queue() {
    let queue = queue(100, 1_000);

    queue.push(span(&"x".repeat(3_000)));

    assert_eq!(queue.len(), 1);
}

#[test]
fn popping_makes_room() {
    let queue = queue(1, 1 << 20);
    queue.push(span("a"));

    drop(queue.pop());
    queue.push(span("b"));

    assert_eq!(queue.counters.snapshot().dropped(), 0);
}

#[test]
fn a_closed_queue_counts_what_it_refuses_and_keeps_what_it_has() {
    let queue = queue(8, 1 << 20);
    queue.push(span("before"));
    queue.close();

    queue.push(span("after"));

    let stats = queue.counters.snapshot();
    assert_eq!((queue.len(), stats.dropped_for(DropReason::AfterShutdown)), (1, 1));
}

#[test]
fn an_abandoned_queue_counts_what_it_held_and_what_gets_in_meanwhile() {
    for _ in 0..200 {
        let queue = Arc::new(queue(64, 1 << 20));
        let pushers: Vec<_> = (0..2)
            .map(|_| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || (0..20).for_each(|_| queue.push(span(&"x".repeat(100)))))
            })
            .collect();

        queue.close();
        queue.abandon();
        pushers.into_iter().for_each(|pusher| pusher.join().unwrap());

        let stats = queue.counters.snapshot();
        assert_eq!(
            (stats.recorded(), stats.dropped_for(DropReason::AfterShutdown), queue.len()),
            (40, 40, 0)
        );
        assert_eq!(queue.beside.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_parked_reporter_is_woken_by_the_first_event() {
    let queue = Arc::new(queue(1_000, 1 << 20));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let pusher = {
        let queue = Arc::clone(&queue);
        thread::spawn(move || {
            while !queue.parked.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            queue.push(span("s"));
        })
    };

    runtime.block_on(queue.wait(true));

    pusher.join().unwrap();
    assert_eq!(queue.len(), 1);
}

#[test]
fn a_gathering_reporter_is_woken_when_an_eighth_of_the_queue_is_full() {
    let queue = queue(40, 1 << 20);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();

    for _ in 0..5 {
        queue.push(span("s"));
    }

    runtime.block_on(queue.wait(false));
}

#[test]
fn a_gathering_reporter_is_woken_when_an_eighth_of_the_bytes_are_used() {
    let queue = queue(1_000, 80_000);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();

    for _ in 0..4 {
        queue.push(span(&"x".repeat(3_000)));
    }

    runtime.block_on(queue.wait(false));
}

#[test]
fn every_event_is_either_popped_or_counted_under_contention() {
    let queue = Arc::new(queue(64, 1 << 17));
    let pushers: Vec<_> = (0..4)
        .map(|_| {
            let queue = Arc::clone(&queue);
            // Every other one holds memory of its own.
            let names = ["s".to_owned(), "x".repeat(3_000)];
            thread::spawn(move || (0..5_000).for_each(|number| queue.push(span(&names[number % 2]))))
        })
        .collect();

    let mut popped = 0;
    while !pushers.iter().all(thread::JoinHandle::is_finished) {
        popped += u64::from(queue.pop().is_some());
    }
    while queue.pop().is_some() {
        popped += 1;
    }

    let stats = queue.counters.snapshot();
    assert_eq!((stats.recorded(), popped + stats.dropped(), queue.len()), (20_000, 20_000, 0));
    assert_eq!(queue.beside.load(Ordering::Relaxed), 0);
}

#[test]
fn a_reporter_that_sleeps_until_it_is_woken_misses_no_event() {
    const EACH: u64 = 20_000;
    let queue = Arc::new(queue(1 << 17, 1 << 28));
    let reporter = {
        let queue = Arc::clone(&queue);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        thread::spawn(move || {
            let mut popped = 0;
            while popped < 2 * EACH {
                runtime.block_on(queue.wait(true));
                popped += std::iter::from_fn(|| queue.pop()).count() as u64;
            }
        })
    };
    let pushers: Vec<_> = (0..2)
        .map(|_| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                for number in 0..EACH {
                    queue.push(span("s"));
                    if number % 7 == 0 {
                        // Lets it fall asleep now and then.
                        thread::yield_now();
                    }
                }
            })
        })
        .collect();
    pushers.into_iter().for_each(|pusher| pusher.join().unwrap());

    let deadline = Instant::now() + Duration::from_secs(60);
    while !reporter.is_finished() {
        assert!(Instant::now() < deadline, "it sleeps beside {} events", queue.len());
        thread::sleep(Duration::from_millis(1));
    }
    reporter.join().unwrap();
}

#[test]
fn a_full_queue_has_woken_the_reporter_whatever_its_size_and_whatever_was_counted_before() {
    for (size, before) in (1..200).flat_map(|size| [0, 1, 7, 63].map(|before| (size, before))) {
        let queue = queue(size, 1 << 20);
        (0..before).for_each(|_| _ = queue.counters.record());

        (0..size).for_each(|_| queue.push(span("s")));

        let mut waits = pin!(queue.wait(false));
        assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready(), "{size} {before}");
    }
}

#[test]
fn what_grows_while_it_waits_gives_back_what_it_was_counted_with() {
    let queue = queue(64, 1 << 20);
    let body = CapturedBody::new("text/plain", true, true, 10_000);
    let mut request = CapturedRequest::new(
        &http::Method::POST,
        CapturedUrl::copy(&http::Uri::from_static("/"), None),
        http::Version::HTTP_11,
    );
    request.body = Some(body.clone());
    let mut record = TransactionRecord::default();
    record.request = Some(KeptRequest::Own(request));

    let shared = KeptRequest::share(&mut record.request);
    queue.push(Record::Error(Box::new(ErrorRecord::new(ErrorEvent::default(), shared, None))));
    queue.push(Record::transaction(Box::new(record)));
    // The service reads on after it has captured an error.
    body.push(&[b'x'; 5_000]);
    while queue.pop().is_some() {}

    assert_eq!(queue.beside.load(Ordering::Relaxed), 0);
    queue.push(span(&"x".repeat(3_000)));
    queue.push(span(&"x".repeat(3_000)));
    assert_eq!((queue.len(), queue.counters.snapshot().dropped()), (2, 0));
}
