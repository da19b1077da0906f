//! What there may be below a call to another service, at any depth and at any time.

use elastic_apm::{SpanBuilder, TaskContext, capture_span, span};
use elastic_apm_integration_tests::CheckedAgent;

use crate::only;

fn call() -> SpanBuilder {
    span("call").span_type("db.mysql").service_target("mysql", "shop")
}

fn step() -> SpanBuilder {
    span("step").span_type("db.mysql")
}

fn inside<T>(context: &mut TaskContext, work: impl FnOnce() -> T) -> T {
    let _entered = context.enter();
    work()
}

#[test]
fn below_a_step_of_a_call_only_the_calls_own_kind_is_recorded() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    {
        let _call = call().enter();
        let _step = step().enter();
        drop(capture_span("other type"));
        drop(span("other call").span_type("db.mysql").service_target("mysql", "other").enter());
        drop(step().enter());
    }
    tx.end_with("job", "done");

    assert_eq!(
        agent.events().tree(),
        "transaction job [success]\n  span call [success]\n    span step [success]\n      span step [success]\n"
    );
}

#[test]
fn what_starts_in_the_context_of_a_call_that_is_over_belongs_to_what_the_call_belongs_to() {
    for is_sent_on in [true, false] {
        let agent = CheckedAgent::new();
        let transaction = agent.tracer().transaction("job", "script").start();
        let outer = transaction.span("outer").start();
        let mut of_call = inside(&mut outer.context(), || {
            let call = call().start();
            assert!(!is_sent_on || call.trace_parent().is_some());
            call.context()
        });
        inside(&mut of_call, || {
            drop(capture_span("other type"));
            drop(step().enter());
            drop(span("other call").span_type("db.redis").service_target("redis", "").enter());
        });
        drop(outer);
        drop(transaction);

        let events = agent.events();
        let outer = events.span("outer").id;
        for name in ["call", "other type", "step", "other call"] {
            assert_eq!(events.span(name).parent_id, outer, "{name}");
        }
        assert_eq!(only(&events).span_count.started, 5);
    }
}

#[test]
fn what_starts_in_the_context_of_a_step_that_is_over_is_outside_of_the_call_too() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    let call = call().enter();
    let mut of_step = {
        let step = step().enter();
        step.context()
    };
    inside(&mut of_step, || drop(capture_span("other type")));
    drop(call);
    tx.end_with("job", "done");

    let events = agent.events();
    assert_eq!(events.span("other type").parent_id, only(&events).id);
    assert_eq!(events.span("step").parent_id, events.span("call").id);
}
