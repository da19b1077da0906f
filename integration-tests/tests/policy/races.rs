//! A call ends while another thread names it to others, starts a child of it and describes it: whichever comes first, what arrives fits
//! together. Ending takes no lock where nobody else holds the span, which is decided anew at each step.

use std::collections::HashSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use elastic_apm::SpanRef;
use elastic_apm::intake::SpanId;
use elastic_apm_integration_tests::CheckedAgent;

use crate::random_trees::parts;
use crate::{count, inside, query, run, started};

const ROUNDS: usize = 400;

/// What the other thread does while the call ends.
fn meddle(call: &SpanRef, told: &mut Vec<SpanId>) -> usize {
    call.label("tenant", "acme");
    let child = call.span("fetch").span_type("db.mysql").start();
    told.extend(call.trace_parent().map(|parent| parent.parent_id()));
    call.set_duration(Duration::from_millis(2));
    call.label("tenant", "emca");
    child.id().map_or(0, |_| 1)
}

/// `CheckedAgent` adds: every event fits its schema, and every parent exists.
#[test]
fn a_call_that_ends_while_others_meddle_is_sent_or_joined_and_never_both() {
    let agent = CheckedAgent::with(|options| options.max_queue_size(4 * ROUNDS));
    let (mut told, mut created) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let transaction = started(&agent);
        let call = inside(&transaction, || {
            // One that waits to be joined with the next.
            run("SELECT", 1);
            query("SELECT").start()
        });
        call.set_duration(Duration::from_millis(1));
        let (reference, barrier) = (SpanRef::clone(&call), Barrier::new(2));
        let children = thread::scope(|scope| {
            let meddler = scope.spawn(|| {
                barrier.wait();
                meddle(&reference, &mut told)
            });
            barrier.wait();
            drop(call);
            meddler.join().expect("no panic")
        });
        created.push((transaction.id().expect("it records"), 2 + children));
    }

    let events = agent.events();
    let sent: HashSet<SpanId> = events
        .spans
        .iter()
        .map(|span| span.id)
        .chain(events.transactions.iter().map(|transaction| transaction.id))
        .collect();
    assert!(told.iter().all(|id| sent.contains(id)), "somebody was told of a span that is not there");
    assert_eq!(sent.len(), events.spans.len() + ROUNDS, "an id is there twice");
    for (id, created) in created {
        let transaction = events.transactions.iter().find(|event| event.id == id).expect("it was sent");
        let spans: Vec<_> = events.spans.iter().filter(|span| span.transaction_id == Some(id)).collect();
        let there: usize = spans.iter().map(|span| parts(span)).sum();
        assert_eq!((count(transaction), there), ((spans.len() as u32, 0), created));
    }
}
