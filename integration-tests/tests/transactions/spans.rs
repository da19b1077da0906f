//! How many spans it has, and which are below exit spans.

use std::sync::{Arc, Barrier};

use elastic_apm::intake::{SpanEvent, TransactionEvent};
use elastic_apm::{
    FutureExt, LabelValue, TaskContext, capture_error, capture_message, capture_span, set_transaction_name,
    span, span_id, trace_parent_header,
};
use elastic_apm_integration_tests::CheckedAgent;

use crate::only;

fn counts(event: &TransactionEvent) -> (u32, u32) {
    (event.span_count.started, event.span_count.dropped)
}

#[test]
fn spans_beyond_the_limit_are_counted_and_not_sent() {
    for (limit, started, dropped) in [(0, 0, 7), (1, 1, 6), (5, 5, 2), (7, 7, 0), (500, 7, 0)] {
        let agent = CheckedAgent::with(|options| options.transaction_max_spans(limit));
        let tx = agent.tracer().begin_transaction("script");

        for _ in 0..7 {
            drop(capture_span("step"));
        }
        tx.end_with("job", "done");

        let events = agent.events();
        assert_eq!(
            (counts(only(&events)), events.spans.len()),
            ((started, dropped), started as usize),
            "{limit}"
        );
    }
}

#[test]
fn the_limit_is_exact_when_many_threads_end_spans_at_once() {
    const THREADS: usize = 8;
    const EACH: usize = 200;
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(333));
    let transaction = agent.tracer().transaction("job", "script").start();
    // All spans are started before any ends, so that only the check at the end can be exact.
    let all_started = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (mut context, all_started) = (transaction.context(), Arc::clone(&all_started));
            std::thread::spawn(move || {
                let _entered = context.enter();
                let spans: Vec<_> = (0..EACH).map(|_| span("step").start()).collect();
                all_started.wait();
                drop(spans);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }

    drop(transaction);

    let events = agent.events();
    assert_eq!((counts(only(&events)), events.spans.len()), ((333, (THREADS * EACH - 333) as u32), 333));
}

#[test]
fn a_span_over_the_limit_is_current_and_passes_on_the_id_of_what_is_reported() {
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(1));
    let tx = agent.tracer().begin_transaction("script");
    drop(capture_span("reported"));

    let over = capture_span("over");
    let deeper = capture_span("deeper");
    let header = trace_parent_header();
    assert!(!over.is_recording() && !deeper.is_recording());
    capture_error(&std::fmt::Error);
    drop((deeper, over));
    let expected = tx.trace_parent().map(|parent| parent.to_string());
    tx.end_with("job", "done");

    assert_eq!(header, expected);
    let events = agent.events();
    assert_eq!(counts(only(&events)), (1, 2));
    assert_eq!(events.errors[0].parent.unwrap().parent_id, only(&events).id);
}

#[test]
fn spans_that_end_after_their_transaction_are_sent_and_not_counted() {
    let agent = CheckedAgent::new();
    let transaction = agent.tracer().transaction("job", "script").start();
    let mut context = transaction.context();
    let (early, open) = (transaction.span("early").start(), transaction.span("open").start());

    drop(early);
    drop(transaction);
    drop(open);
    let entered = context.enter();
    drop(capture_span("later"));
    drop(entered);

    let events = agent.events();
    assert_eq!((counts(only(&events)), events.spans.len()), ((1, 0), 3));
    assert!(events.spans.iter().all(|span| span.parent_id == only(&events).id));
}

#[test]
fn a_span_that_has_children_or_was_passed_on_is_reported_although_the_limit_is_reached_inside() {
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(2));
    let tx = agent.tracer().begin_transaction("script");
    let outer = capture_span("outer");
    let outer_header = trace_parent_header();
    drop(capture_span("inner"));
    let call = span("call").span_type("db.postgresql").exit().enter();
    let sent_on = trace_parent_header();
    drop((call, outer));
    tx.end_with("job", "done");

    assert_eq!(sent_on, outer_header);
    let events = agent.events();
    assert_eq!(
        events.tree(),
        "transaction job [success]\n  span outer [success]\n    span inner [success]\n"
    );
    assert_eq!(counts(only(&events)), (2, 1));
}

#[test]
fn a_discarded_span_is_neither_sent_nor_counted() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let step = capture_span("step");

    step.discard();
    drop(step);
    tx.end_with("job", "done");

    assert_eq!((counts(only(&agent.events())), agent.stats().recorded()), ((0, 0), 1));
}

#[test]
fn a_dotted_span_type_is_split_and_an_empty_one_is_custom() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    for kind in ["", "app", "db.mysql", "db.mysql.query", "a.b.c.d"] {
        drop(span("step").span_type(kind).enter());
    }
    tx.end_with("job", "done");

    fn parts(span: &SpanEvent) -> (&str, Option<&str>, Option<&str>) {
        let action = span.extra.as_ref().and_then(|extra| extra.action.as_deref());
        (span.kind.as_str(), span.subtype.as_deref(), action)
    }
    let events = agent.events();
    let found: Vec<_> = events.spans.iter().map(parts).collect();
    assert_eq!(
        found,
        [
            ("custom", None, None),
            ("app", None, None),
            ("db", Some("mysql"), None),
            ("db", Some("mysql"), Some("query")),
            ("a", Some("b"), Some("c.d")),
        ]
    );
}

#[test]
fn below_an_exit_span_only_its_own_kind_is_recorded() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let call = span("query").span_type("db.postgresql").exit().enter();

    drop(span("other type").span_type("external.http").enter());
    drop(span("other subtype").span_type("db.mysql").enter());
    drop(span("no type").enter());
    drop(span("a nested call").span_type("db.postgresql").exit().enter());
    drop(span("its own step").span_type("db.postgresql").enter());
    drop(call);
    tx.end_with("job", "done");

    let events = agent.events();
    assert_eq!(
        events.tree(),
        "transaction job [success]\n  span query [success]\n    span its own step [success]\n"
    );
    assert_eq!(counts(only(&events)), (2, 0));
}

#[test]
fn code_below_a_forbidden_span_still_has_a_parent() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let call = span("query").span_type("db.postgresql").exit().enter();
    let forbidden = capture_span("forbidden");

    let header = trace_parent_header();

    assert_eq!(header, call.trace_parent().map(|parent| parent.to_string()));
    drop((forbidden, call, tx));
}

#[test]
fn below_a_leaf_nothing_is_recorded_or_counted_and_its_id_is_sent_on() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let leaf = span("leaf").leaf().enter();
    let header = trace_parent_header();

    let below = span("below").label("lost", 1).enter();
    below.label("lost", 2);
    let explicit = leaf.span("explicit").label_with("lost", || -> i64 { unreachable!("nobody wants it") });
    let error = capture_message("inside");
    assert!(!below.is_recording() && !explicit.is_recording());
    assert_eq!((below.id(), span_id(), trace_parent_header()), (None, leaf.id(), header));
    drop(explicit.enter());
    drop(below);
    drop(leaf);
    drop(capture_span("beside"));
    tx.end_with("job", "done");

    let events = agent.events();
    assert_eq!(
        events.tree(),
        "transaction job [failure]\n  span leaf [failure]\n    error inside\n  span beside [success]\n"
    );
    assert_eq!((counts(only(&events)), events.errors[0].id), ((2, 0), error.unwrap()));
}

#[tokio::test]
async fn futures_below_a_leaf_see_the_leaf() {
    let agent = CheckedAgent::new();
    let leaf = async {
        let own = span_id();
        assert_eq!(async { span_id() }.in_span("below").await, own);
        let in_task = tokio::spawn(async { span_id() }.in_span("in a task")).await.unwrap();
        assert_eq!(in_task, own);
    };

    agent.tracer().transaction("job", "script").run(async { leaf.in_span(span("leaf").leaf()).await }).await;

    assert_eq!(agent.events().tree(), "transaction job [success]\n  span leaf [success]\n");
}

#[test]
fn a_transaction_begun_below_a_leaf_records_its_own_spans() {
    let agent = CheckedAgent::new();
    let outer = agent.tracer().transaction("outer", "script").begin();
    let leaf = span("leaf").leaf().enter();
    let inner = agent.tracer().transaction("inner", "script").begin();

    drop(capture_span("inner's"));
    drop((inner, leaf, outer));

    let events = agent.events();
    assert_eq!(events.span("inner's").parent_id, events.transaction("inner").id);
}

#[test]
fn a_context_may_be_entered_many_times_and_by_many_threads_at_once() {
    let agent = CheckedAgent::new();
    let transaction = agent.tracer().transaction("job", "script").start();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut context = transaction.context();
            scope.spawn(move || {
                for _ in 0..50 {
                    let _entered = context.enter();
                    drop(capture_span("step"));
                }
            });
        }
    });
    drop(transaction);

    let events = agent.events();
    assert_eq!((counts(only(&events)), events.spans.len()), ((200, 0), 200));
    assert!(events.spans.iter().all(|step| step.parent_id == only(&events).id));
}

#[tokio::test]
async fn the_default_of_a_builder_is_taken_over_by_what_the_run_sets() {
    let agent = CheckedAgent::new();

    let renamed = async {
        set_transaction_name("renamed");
        async {}.in_span("step").await;
        TaskContext::current()
    };
    drop(agent.tracer().transaction("first name", "script").label("k", "v").run(renamed).await);

    let events = agent.events();
    assert_eq!(only(&events).name.as_deref(), Some("renamed"));
    assert_eq!(only(&events).labels.get("k"), Some(&LabelValue::from("v")));
}
