//! Where errors, messages and slow spans come from: addresses on the application's thread, names on the agent's.

use std::fmt;
use std::time::Duration;

use elastic_apm::intake::{ErrorEvent, StackFrame};
use elastic_apm::{FutureExt, capture_error, capture_message, capture_span, error, message, span};
use elastic_apm_integration_tests::CheckedAgent;

#[inline(never)]
fn place_order() -> u32 {
    capture_error(&fmt::Error);
    line!() - 1
}

/// What an agent with these options sends for what `work` reports.
fn reported<T>(agent: &CheckedAgent, work: impl FnOnce() -> T) -> ErrorEvent {
    agent.tracer().transaction("job", "script").run_sync(work);
    agent.events().errors.remove(0)
}

fn frames(error: &ErrorEvent) -> &[StackFrame] {
    match (&error.exception, &error.log) {
        (Some(exception), _) => &exception.stacktrace,
        (None, Some(log)) => &log.stacktrace,
        (None, None) => &[],
    }
}

fn functions(frames: &[StackFrame]) -> Vec<&str> {
    frames.iter().filter_map(|frame| frame.function.as_deref()).collect()
}

#[test]
fn an_error_says_where_it_was_captured() {
    let agent = CheckedAgent::new();
    let mut line = 0;

    let error = reported(&agent, || line = place_order());

    let frame = &frames(&error)[0];
    assert_eq!(
        (frame.module.as_deref(), frame.function.as_deref()),
        (Some("stack_traces"), Some("place_order"))
    );
    assert_eq!((frame.filename.as_deref(), frame.lineno), (Some("tests/stack_traces.rs"), Some(line)));
    assert!(
        frame.abs_path.as_deref().is_some_and(|path| path.starts_with('/') && path.ends_with(file!())),
        "{frame:?}"
    );
    assert_eq!(frame.library_frame, Some(false));
    assert_eq!(error.culprit.as_deref(), Some("stack_traces::place_order"));
}

#[test]
fn the_agent_and_the_runtime_are_at_neither_end() {
    let agent = CheckedAgent::new();

    let error = reported(&agent, place_order);

    let (first, last) = (frames(&error).first().unwrap(), frames(&error).last().unwrap());
    assert_eq!(first.library_frame, Some(false));
    for frame in [first, last] {
        let module = frame.module.as_deref().unwrap_or_default();
        assert!(!module.starts_with("std::") && !module.starts_with("elastic_apm"), "{frame:?}");
    }
    assert!(!functions(frames(&error)).contains(&"__rust_begin_short_backtrace"));
}

#[test]
fn the_code_of_libraries_is_told_from_ones_own() {
    let agent = CheckedAgent::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();

    let error = reported(&agent, || runtime.block_on(async { place_order() }));

    let whose = |file: &str| -> Vec<_> {
        let of_file =
            |frame: &&StackFrame| frame.filename.as_deref().is_some_and(|name| name.starts_with(file));
        frames(&error).iter().filter(of_file).map(|frame| frame.library_frame).collect()
    };
    let (own, tokio, core, agent) =
        (whose("tests/"), whose("tokio-1"), whose("core/src/"), whose("elastic-apm-core/"));
    assert!(own.len() >= 2 && own.iter().all(|library| *library == Some(false)), "{own:?}");
    for library in [tokio, core, agent] {
        assert!(!library.is_empty() && library.iter().all(|library| *library == Some(true)), "{library:?}");
    }
}

#[test]
fn an_async_function_is_called_what_it_is_called_in_the_source() {
    async fn pour() {
        tokio::task::yield_now().await;
        capture_error(&fmt::Error);
    }
    let agent = CheckedAgent::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let job = agent.tracer().transaction("job", "script").run(async { pour().in_span("pour").await });

    runtime.block_on(async { tokio::spawn(job).await.unwrap() });

    let error = agent.events().errors.remove(0);
    let pour = "an_async_function_is_called_what_it_is_called_in_the_source::pour";
    let culprit = error.culprit.as_deref().unwrap();
    assert_eq!(culprit, format!("stack_traces::{pour}"), "{:#?}", functions(frames(&error)));
    assert!(frames(&error)[0].function.as_deref().unwrap().starts_with("pour"));
}

#[test]
fn no_name_ends_in_a_hash() {
    let agent = CheckedAgent::with(|options| options.stack_trace_limit(None));

    let error = reported(&agent, place_order);

    for name in functions(frames(&error)) {
        let hash = name.rsplit("::").next().unwrap();
        assert!(!(hash.len() == 17 && hash.starts_with('h')), "{name}");
    }
}

#[test]
fn a_message_says_where_it_was_captured_too() {
    let agent = CheckedAgent::new();

    let message = reported(&agent, || capture_message("here"));

    assert!(functions(frames(&message))[0].starts_with("a_message_says_where"), "{:#?}", frames(&message));
    assert!(message.culprit.unwrap().starts_with("stack_traces::a_message_says_where"));
}

#[test]
fn a_culprit_that_was_named_stays_and_a_stack_that_is_not_wanted_is_not_sent() {
    let agent = CheckedAgent::new();

    agent.tracer().transaction("job", "script").run_sync(|| {
        error(&fmt::Error).culprit("shop::pay").capture();
        error(&fmt::Error).stack_trace(false).capture();
        message("no stack").stack_trace(false).capture();
    });

    let errors = agent.events().errors;
    assert_eq!(errors[0].culprit.as_deref(), Some("shop::pay"));
    assert!(!frames(&errors[0]).is_empty());
    for error in &errors[1..] {
        assert!(frames(error).is_empty() && error.culprit.is_none());
    }
}

#[inline(never)]
fn deep(calls: u32) {
    if calls == 0 {
        capture_error(&fmt::Error);
    } else {
        deep(calls - 1);
    }
    // Not a tail call.
    std::hint::black_box(calls);
}

#[test]
fn the_limit_is_kept_from_the_inside() {
    for (limit, expected) in
        [(Some(0), 0), (Some(1), 1), (Some(7), 7), (Some(300), 300), (Some(100_000), 1000), (None, 1000)]
    {
        let agent = CheckedAgent::with(|options| options.stack_trace_limit(limit));

        let error = reported(&agent, || deep(2000));

        assert_eq!(frames(&error).len(), expected, "{limit:?}");
        assert!(functions(frames(&error)).iter().all(|name| *name == "deep"));
        assert_eq!(error.culprit.as_deref(), (expected > 0).then_some("stack_traces::deep"));
    }
}

#[test]
fn the_limit_comes_from_the_environment_too() {
    let variables =
        [("ELASTIC_APM_STACK_TRACE_LIMIT", "2"), ("ELASTIC_APM_SPAN_STACK_TRACE_MIN_DURATION", "0ms")];
    let agent = CheckedAgent::with(|options| options.env_vars(variables).stack_trace_limit(10));

    let error = reported(&agent, || {
        let _span = capture_span("step");
        deep(5);
    });

    assert_eq!(frames(&error).len(), 2);
    assert_eq!(agent.events().span("step").extra.as_ref().unwrap().stacktrace.len(), 2);
}

#[test]
fn errors_of_many_threads_are_each_where_they_were() {
    let agent = CheckedAgent::new();

    std::thread::scope(|scope| {
        for calls in 1..9 {
            let tracer = agent.tracer();
            scope.spawn(move || {
                for _ in 0..50 {
                    tracer.transaction("job", "script").run_sync(|| deep(calls));
                }
            });
        }
    });

    let errors = agent.events().errors;
    let depth = |error: &ErrorEvent| functions(frames(error)).iter().filter(|name| **name == "deep").count();
    for calls in 1..9 {
        assert_eq!(errors.iter().filter(|error| depth(error) == calls + 1).count(), 50, "{calls} calls");
    }
}

#[test]
fn a_span_carries_its_stack_from_a_duration_on_that_is_never_reached_unless_set() {
    let hour = Duration::from_secs(3600);
    for (least, expected) in [(None, false), (Some(hour), false), (Some(Duration::ZERO), true)] {
        let agent = CheckedAgent::with(|options| match least {
            None => options,
            Some(least) => options.span_stack_trace_min_duration(least),
        });

        agent.tracer().transaction("job", "script").run_sync(brew);

        let events = agent.events();
        let stack = events.span("brew").extra.as_ref().map_or(&[][..], |extra| &extra.stacktrace);
        assert_eq!(!stack.is_empty(), expected, "{least:?}");
        if expected {
            assert_eq!((functions(stack)[0], stack[0].library_frame), ("brew", Some(false)), "{stack:#?}");
        }
    }
}

#[inline(never)]
fn brew() {
    let _span = span("brew").label("cups", 2).enter();
    std::hint::black_box(());
}

#[test]
fn never_can_be_said_in_code() {
    let agent =
        CheckedAgent::with(|options| options.span_stack_trace_min_duration(None).stack_trace_limit(50));

    agent.tracer().transaction("job", "script").run_sync(brew);

    assert!(agent.events().span("brew").extra.is_none());
}

#[test]
fn a_panic_that_was_caught_does_not_pretend_to_have_happened_there() {
    let agent = CheckedAgent::new();

    let job = agent.tracer().transaction("job", "script");
    let caught =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job.run_sync(|| panic!("on purpose"))));

    assert!(caught.is_err());
    let error = agent.events().errors.remove(0);
    assert!(frames(&error).is_empty() && error.culprit.is_none());
}
