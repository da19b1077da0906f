//! The option `panic_hook`: each panic is one event, where it happened, whoever catches it.
//!
//! A hook is the process's, so these tests have a process of their own and run one after the other.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::{fmt, thread};

use elastic_apm::intake::{ErrorEvent, TransactionEvent};
use elastic_apm::tower::ApmLayer;
use elastic_apm::{AgentBuilder, Outcome, capture_error, capture_span, label};
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;

/// How often the hook was called that was there before the first agent.
static PREVIOUS: AtomicU32 = AtomicU32::new(0);

/// One test at a time; the first puts a hook in place before any agent does.
fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    static HOOK: Once = Once::new();
    let guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    HOOK.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PREVIOUS.fetch_add(1, Ordering::SeqCst);
            default(panic);
        }));
    });
    guard
}

fn agent() -> CheckedAgent {
    agent_with(|options| options)
}

fn agent_with(configure: impl FnOnce(AgentBuilder) -> AgentBuilder) -> CheckedAgent {
    CheckedAgent::with(|options| configure(options.panic_hook(true)))
}

/// Runs what panics, and returns what it panicked with.
fn caught(panics: impl FnOnce()) -> Box<dyn Any + Send> {
    catch_unwind(AssertUnwindSafe(panics)).expect_err("a panic")
}

fn message(error: &ErrorEvent) -> &str {
    error.exception.as_ref().and_then(|exception| exception.message.as_deref()).unwrap_or_default()
}

fn said_of(error: &ErrorEvent, key: &str) -> Value {
    let custom = error.context.as_ref().and_then(|context| context.custom.as_ref()).expect("custom context");
    custom["panic"][key].clone()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

#[inline(never)]
fn brew() {
    panic!("no water")
}

#[test]
fn a_panic_is_one_unhandled_error_with_its_stack_where_it_happened() {
    let _alone = alone();
    let agent = agent();

    caught(|| {
        agent.tracer().transaction("job", "script").run_sync(|| {
            label("tenant", "acme");
            let _span = capture_span("step");
            brew();
        });
    });

    let events = agent.events();
    assert_eq!(events.errors.len(), 1, "{}", events.tree());
    let error = &events.errors[0];
    let exception = error.exception.as_ref().unwrap();
    assert_eq!(
        (message(error), exception.kind.as_deref(), exception.handled),
        ("no water", Some("panic"), Some(false))
    );
    assert_eq!(error.parent.unwrap().parent_id, events.span("step").id);
    assert_eq!((error.labels.len(), error.culprit.as_deref()), (1, Some("panic_hook::brew")));
    assert_eq!(exception.stacktrace[0].function.as_deref(), Some("brew"), "{:#?}", exception.stacktrace);
    assert!(said_of(error, "location").as_str().unwrap().contains("tests/panic_hook.rs:"));
    assert_eq!(said_of(error, "thread").as_str(), thread::current().name());
    for outcome in [events.span("step").outcome, events.transaction("job").outcome] {
        assert_eq!(outcome, Some(Outcome::Failure));
    }
}

#[test]
fn the_hook_that_was_there_is_called_once_for_each_panic() {
    let _alone = alone();
    let agents = [agent(), agent()];
    let before = PREVIOUS.load(Ordering::SeqCst);

    caught(brew);
    agents[1].tracer().transaction("job", "script").run_sync(|| drop(caught(brew)));

    assert_eq!(PREVIOUS.load(Ordering::SeqCst) - before, 2);
}

#[test]
fn hook_and_layer_and_run_together_report_a_panic_once() {
    let _alone = alone();
    let agent = agent();
    let tracer = agent.tracer();
    let service = service_fn(move |_: Request<String>| {
        let job = tracer.transaction("inner job", "script");
        async move {
            job.run(async { brew() }).await;
            Ok::<_, fmt::Error>(Response::new(String::new()))
        }
    });
    let request = Request::get("/").body(String::new()).unwrap();
    let answer = ApmLayer::new().tracer(agent.tracer()).layer(service).oneshot(request);

    runtime().block_on(async { tokio::spawn(answer).await.unwrap_err() });

    let events = agent.events();
    assert_eq!(events.errors.len(), 1, "{}", events.tree());
    let failed = |event: &&TransactionEvent| event.outcome == Some(Outcome::Failure);
    assert_eq!(events.transactions.iter().filter(failed).count(), 2);
    assert_eq!(events.errors[0].parent.unwrap().parent_id, events.transaction("inner job").id);
    assert!(events.errors[0].culprit.is_some());
}

#[test]
fn a_panic_that_is_caught_inside_of_the_layer_is_an_error_of_its_request() {
    let _alone = alone();
    let agent = agent();
    let service = service_fn(|_: Request<String>| async {
        brew();
        Ok::<_, fmt::Error>(Response::new(String::new()))
    });
    let service = ApmLayer::new().tracer(agent.tracer()).layer(CatchPanicLayer::new().layer(service));

    let status = runtime().block_on(async {
        let answer = service.oneshot(Request::get("/").body(String::new()).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        body.collect().await.unwrap();
        head.status
    });

    assert_eq!(status, 500);
    let events = agent.events();
    let request = &events.transactions[0];
    assert_eq!((request.result.as_deref(), request.outcome), (Some("HTTP 5xx"), Some(Outcome::Failure)));
    assert_eq!(events.errors.len(), 1);
    assert_eq!(events.errors[0].parent.unwrap().parent_id, request.id);
    assert!(events.errors[0].context.as_ref().unwrap().request.is_some());
}

#[test]
fn a_panic_that_is_passed_on_by_another_thread_is_the_same_panic() {
    let _alone = alone();
    let agent = agent();

    caught(|| {
        agent.tracer().transaction("job", "script").run_sync(|| {
            let panic =
                thread::Builder::new().name("helper".to_owned()).spawn(brew).unwrap().join().unwrap_err();
            resume_unwind(panic)
        });
    });

    let events = agent.events();
    assert_eq!(events.errors.len(), 1, "{}", events.tree());
    assert!(events.errors[0].parent.is_none(), "nothing was current on that thread");
    assert_eq!(said_of(&events.errors[0], "thread"), "helper");
    assert_eq!(events.transaction("job").outcome, Some(Outcome::Failure));
}

#[test]
fn each_of_many_equal_panics_is_an_event() {
    let _alone = alone();
    let agent = agent();
    let tracer = agent.tracer();

    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    caught(|| tracer.transaction("job", "script").run_sync(brew));
                }
            });
        }
    });

    let events = agent.events();
    assert_eq!((events.errors.len(), events.transactions.len()), (100, 100));
}

#[test]
fn what_no_hook_saw_is_reported_by_whoever_catches_it() {
    let _alone = alone();
    let agent = agent();

    // No panic at all for the hook, which is not called for it.
    caught(|| agent.tracer().transaction("job", "script").run_sync(|| resume_unwind(Box::new("thrown"))));

    assert_eq!(agent.events().errors.iter().map(message).collect::<Vec<_>>(), ["thrown"]);
}

#[test]
fn a_panic_without_a_transaction_stands_alone() {
    let _alone = alone();
    let agent = agent();

    caught(brew);

    let events = agent.events();
    assert_eq!(events.errors.len(), 1);
    assert!(events.errors[0].parent.is_none() && events.errors[0].transaction.is_none());
}

#[test]
fn any_payload_will_do() {
    let _alone = alone();
    let agent = agent();
    let index = std::hint::black_box(7);

    caught(|| panic!("with {} values", 2));
    caught(|| panic_any(7_u8));
    caught(|| assert_ne!([1, 2, 3][index], 4));
    caught(|| assert_ne!("x".parse::<u8>().unwrap(), 4));
    caught(|| agent.tracer().transaction("job", "script").run_sync(|| panic_any(vec![1])));

    let events = agent.events();
    let messages: Vec<_> = events.errors.iter().map(message).collect();
    let opaque = "panic with a payload that is not a string";
    assert_eq!(
        messages[..3],
        ["with 2 values", opaque, "index out of bounds: the len is 3 but the index is 7"]
    );
    assert!(messages[3].starts_with("called `Result::unwrap()` on an `Err` value"));
    assert_eq!(messages[4..], [opaque]);
    for error in &events.errors {
        assert!(
            error.culprit.as_deref().unwrap().starts_with("panic_hook::any_payload_will_do"),
            "{error:?}"
        );
    }
}

#[test]
fn without_stacks_the_place_is_the_culprit() {
    let _alone = alone();
    let agent = agent_with(|options| options.stack_trace_limit(0));

    caught(brew);

    let error = agent.events().errors.remove(0);
    assert!(error.culprit.unwrap().contains("tests/panic_hook.rs:"));
    assert!(error.exception.unwrap().stacktrace.is_empty());
}

#[test]
fn an_agent_without_the_option_reports_as_it_did_and_no_other_does_it_for_it() {
    let _alone = alone();
    let (with, without) = (agent(), CheckedAgent::new());

    caught(|| without.tracer().transaction("job", "script").run_sync(brew));

    let events = without.events();
    assert_eq!(events.errors.len(), 1);
    assert_eq!(events.errors[0].parent.unwrap().parent_id, events.transaction("job").id);
    assert!(events.errors[0].culprit.is_none(), "where it was caught is not where it happened");
    assert_eq!(with.stats().recorded(), 0);
}

#[test]
fn of_two_agents_the_one_whose_transaction_is_current_reports_else_the_first() {
    let _alone = alone();
    let (first, second) = (agent(), agent());

    second.tracer().transaction("job", "script").run_sync(|| drop(caught(brew)));
    caught(brew);

    assert_eq!((first.events().errors.len(), second.events().errors.len()), (1, 1));
    assert!(second.events().errors[0].parent.is_some() && first.events().errors[0].parent.is_none());
}

#[test]
fn when_the_agent_is_gone_the_hook_only_calls_the_one_before() {
    let _alone = alone();
    let agent = agent();
    let tracer = agent.tracer();
    drop(agent);
    let before = PREVIOUS.load(Ordering::SeqCst);

    caught(|| tracer.transaction("job", "script").run_sync(brew));
    caught(brew);

    assert_eq!(PREVIOUS.load(Ordering::SeqCst) - before, 2);
}

#[test]
fn a_panic_of_an_errors_own_code_ends_in_the_agent_and_is_no_error() {
    #[derive(Debug)]
    struct Rude;
    impl fmt::Display for Rude {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in Display")
        }
    }
    impl std::error::Error for Rude {}
    let _alone = alone();
    let agent = agent();

    agent.tracer().transaction("job", "script").run_sync(|| capture_error(&Rude));

    assert_eq!(
        agent.events().errors.iter().map(message).collect::<Vec<_>>(),
        ["[panicked while it was printed]"]
    );
}

#[test]
fn a_panic_on_the_agents_own_thread_is_not_reported() {
    let _alone = alone();
    let agent = agent_with(|options| options.filter(|_: &mut TransactionEvent| panic!("in a filter")));
    let before = PREVIOUS.load(Ordering::SeqCst);

    agent.tracer().transaction("job", "script").run_sync(|| ());

    let _ = agent.agent().flush(elastic_apm_integration_tests::PATIENCE);
    assert_eq!((agent.events().errors.len(), agent.stats().recorded()), (0, 1));
    assert_eq!(PREVIOUS.load(Ordering::SeqCst) - before, 1, "whoever watches hears of it");
}

#[test]
fn a_panic_while_another_one_unwinds_is_two_events() {
    struct Cleanup;
    impl Drop for Cleanup {
        fn drop(&mut self) {
            caught(|| panic!("while unwinding"));
        }
    }
    let _alone = alone();
    let agent = agent();

    caught(|| {
        agent.tracer().transaction("job", "script").run_sync(|| {
            let _cleanup = Cleanup;
            brew();
        });
    });

    assert_eq!(
        agent.events().errors.iter().map(message).collect::<Vec<_>>(),
        ["no water", "while unwinding"]
    );
}

#[test]
fn where_no_events_are_wanted_panics_are_none() {
    let _alone = alone();
    for hook in [true, false] {
        let agent = CheckedAgent::with(|options| options.context_propagation_only(true).panic_hook(hook));

        caught(|| agent.tracer().transaction("job", "script").run_sync(brew));
        caught(brew);

        assert_eq!(agent.stats().recorded(), 0, "panic_hook={hook}");
    }
}

#[test]
fn panics_are_not_reported_while_recording_is_off() {
    let _alone = alone();
    let agent = agent_with(|options| options.recording(false));

    caught(brew);

    assert_eq!(agent.stats().recorded(), 0);
}
