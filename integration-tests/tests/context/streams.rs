//! Streams: when their span starts and ends, and where it is current.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use elastic_apm::{Outcome, StreamExt as _, capture_span, span, span_id, transaction_id};
use elastic_apm_integration_tests::CheckedAgent;
use futures_util::stream::{self, Stream, StreamExt as _};
use tokio::task::yield_now;

use crate::{assert_nothing_current, runtimes};

/// A stream whose items take an await and a span each.
fn pages(count: u32) -> impl Stream<Item = Option<elastic_apm::SpanId>> {
    stream::iter(0..count).then(|_| async {
        yield_now().await;
        drop(capture_span("page"));
        span_id()
    })
}

fn poll_once<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    stream.poll_next_unpin(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_stream_is_inside_its_span_while_it_makes_items_and_outside_while_they_are_used() {
    for runtime in runtimes() {
        let agent = CheckedAgent::new();
        let work = async {
            let mut pages = pin!(pages(2).in_span("pages"));
            while let Some(inside) = pages.next().await {
                assert!(inside.is_some());
                assert_eq!(span_id(), None);
            }
            drop(capture_span("afterwards"));
        };

        runtime.block_on(agent.tracer().transaction("job", "script").run(work));

        let events = agent.events();
        assert_eq!(
            events.tree(),
            "transaction job [success]\n  span pages [success]\n    span page [success]\n    span page [success]\n  \
             span afterwards [success]\n"
        );
        let (pages, afterwards) = (events.span("pages"), events.span("afterwards"));
        assert!(pages.timestamp as f64 + pages.duration * 1000.0 <= afterwards.timestamp as f64 + 1.0);
    }
}

#[test]
fn a_streams_parent_is_taken_when_it_is_made_and_the_start_at_the_first_poll() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();
    let outer = capture_span("outer");
    let mut stream = stream::iter([1]).in_span("made in outer");
    drop(outer);
    drop(capture_span("before the poll"));

    assert_eq!((poll_once(&mut stream), poll_once(&mut stream)), (Poll::Ready(Some(1)), Poll::Ready(None)));
    drop(tx);

    let events = agent.events();
    let (made, before) = (events.span("made in outer"), events.span("before the poll"));
    assert_eq!(made.parent_id, events.span("outer").id);
    assert!(made.timestamp as f64 >= before.timestamp as f64 + before.duration * 1000.0 - 1.0);
}

#[tokio::test]
async fn a_stream_made_before_its_transaction_runs_is_a_child_of_that_transaction() {
    let agent = CheckedAgent::new();
    let collected = pages(1).in_span(|| span("pages").label("size", 1)).collect::<Vec<_>>();

    agent.tracer().transaction("job", "script").run(collected).await;

    let events = agent.events();
    assert_eq!(events.tree(), "transaction job [success]\n  span pages [success]\n    span page [success]\n");
    assert_eq!(events.span("pages").labels.len(), 1);
}

#[test]
fn a_stream_dropped_before_its_end_is_unknown_and_one_that_calls_a_service_a_failure() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();
    let mut early = stream::iter([1, 2]).in_span("early");
    let mut called = stream::iter([1, 2]).in_span(span("called").span_type("db.sqlite").exit());
    let never = stream::iter([1, 2]).in_span("never polled");

    assert_eq!((poll_once(&mut early), poll_once(&mut called)), (Poll::Ready(Some(1)), Poll::Ready(Some(1))));
    drop((early, called, never));
    drop(tx);

    let events = agent.events();
    let outcomes = ["early", "called"].map(|name| events.span(name).outcome.unwrap());
    assert_eq!((outcomes, events.spans.len()), ([Outcome::Unknown, Outcome::Failure], 2));
}

#[tokio::test]
async fn an_err_among_the_items_makes_a_failure_where_it_is_asked_for() {
    let agent = CheckedAgent::new();
    let work = async {
        let items = || stream::iter([Ok(1), Err("no"), Ok(3)]);
        let all = items().try_in_span("tried").collect::<Vec<_>>().await;
        assert_eq!(all, [Ok(1), Err("no"), Ok(3)]);
        items().in_span("plain").collect::<Vec<_>>().await;
        stream::iter([1, 2]).in_span_with("judged", |item| *item < 2).collect::<Vec<_>>().await;
    };

    agent.tracer().transaction("job", "script").run(work).await;

    let events = agent.events();
    let outcomes = ["tried", "plain", "judged"].map(|name| events.span(name).outcome.unwrap());
    assert_eq!(outcomes, [Outcome::Failure, Outcome::Success, Outcome::Failure]);
}

#[test]
fn a_poll_of_a_stream_that_panics_makes_a_failure_and_leaves_nothing_current() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();
    let mut stream = stream::poll_fn(|_| -> Poll<Option<()>> { panic!("boom") }).in_span("panics");

    let panicked = catch_unwind(AssertUnwindSafe(|| poll_once(&mut stream))).is_err();

    assert_eq!((panicked, span_id()), (true, None));
    drop(stream);
    drop(tx);
    assert_eq!(agent.events().span("panics").outcome, Some(Outcome::Failure));
    assert_nothing_current();
}

#[test]
fn what_a_stream_owns_is_dropped_inside_its_span() {
    struct CleansUp(&'static str);
    impl Drop for CleansUp {
        fn drop(&mut self) {
            drop(capture_span(self.0));
        }
    }
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();
    let owner = |name| {
        let owned = CleansUp(name);
        stream::iter([1]).inspect(move |_| {
            let _ = &owned;
        })
    };

    let mut ended = owner("clean up at the end").in_span("ended");
    assert_eq!((poll_once(&mut ended), poll_once(&mut ended)), (Poll::Ready(Some(1)), Poll::Ready(None)));
    let mut dropped = owner("clean up when dropped").in_span("dropped");
    assert_eq!(poll_once(&mut dropped), Poll::Ready(Some(1)));
    drop(dropped);
    drop(tx);

    let events = agent.events();
    assert_eq!(events.span("clean up at the end").parent_id, events.span("ended").id);
    assert_eq!(events.span("clean up when dropped").parent_id, events.span("dropped").id);
}

#[test]
fn a_stream_in_the_current_span_keeps_it_in_another_task() {
    for runtime in runtimes() {
        let agent = CheckedAgent::new();
        let work = async {
            let here = capture_span("here").id();
            let _here = span("still here").enter();
            let carried = pages(1).in_current_span();
            let bare = pages(1);
            let task = tokio::spawn(async { (carried.collect().await, bare.collect().await) });
            let (carried, bare): (Vec<_>, Vec<_>) = task.await.unwrap();
            (here, span_id(), carried, bare)
        };

        let (ended, here, carried, bare) =
            runtime.block_on(agent.tracer().transaction("job", "script").run(work));

        assert!(here.is_some() && ended != here);
        assert_eq!((carried, bare), (vec![here], vec![None]));
    }
}

#[test]
fn a_stream_passes_on_its_size_and_stays_at_its_end() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();
    let mut stream = stream::iter([1, 2]).in_span("sized").in_current_span();

    assert_eq!(stream.size_hint(), (2, Some(2)));
    assert_eq!(poll_once(&mut stream), Poll::Ready(Some(1)));
    assert_eq!(stream.size_hint(), (1, Some(1)));
    assert_eq!((poll_once(&mut stream), poll_once(&mut stream)), (Poll::Ready(Some(2)), Poll::Ready(None)));
    assert_eq!((poll_once(&mut stream), stream.size_hint()), (Poll::Ready(None), (0, Some(0))));

    drop(tx);
    assert_eq!(agent.events().tree(), "transaction job [success]\n  span sized [success]\n");
}

#[test]
fn a_stream_where_nothing_is_current_is_left_as_it_is() {
    let mut stream = stream::iter([1]).in_span("nowhere");

    assert_eq!((poll_once(&mut stream), poll_once(&mut stream)), (Poll::Ready(Some(1)), Poll::Ready(None)));
    assert_eq!(transaction_id(), None);
}
