//! Errors, messages, and where they belong.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;

use elastic_apm::intake::{ErrorEvent, Exception};
use elastic_apm::{
    LabelValue, Outcome, User, capture_error, capture_message, capture_span, label, set_custom_context,
    set_user_context,
};
use elastic_apm_integration_tests::CheckedAgent;
use serde_json::json;

use crate::recorded;

#[derive(Debug)]
struct Failed {
    what: String,
    because: Option<Box<dyn Error + Send + Sync>>,
}

impl Failed {
    fn new(what: &str) -> Self {
        Failed { what: what.to_owned(), because: None }
    }

    fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Failed { because: Some(cause.into()), ..self }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.because.as_deref().map(|cause| cause as _)
    }
}

fn exception(error: &ErrorEvent) -> &Exception {
    error.exception.as_deref().unwrap()
}

/// The messages of an exception and its causes.
fn messages(error: &ErrorEvent) -> Vec<&str> {
    let mut found = vec![exception(error)];
    while let Some(cause) = found.last().unwrap().cause.first() {
        assert_eq!(found.last().unwrap().cause.len(), 1);
        found.push(cause);
    }
    found.into_iter().map(|exception| exception.message.as_deref().unwrap()).collect()
}

#[test]
fn an_error_carries_its_type_module_and_the_whole_chain_of_causes() {
    let error = Failed::new("top").because(Failed::new("middle").because("12a".parse::<u32>().unwrap_err()));

    let events = recorded(|| {
        capture_error(&error);
    });

    let error = &events.errors[0];
    assert_eq!(messages(error), ["top", "middle", "invalid digit found in string"]);
    let top = exception(error);
    assert_eq!(
        (top.kind.as_deref(), top.module.as_deref(), top.handled),
        (Some("Failed"), Some("custom_code::errors"), Some(true))
    );
    assert_eq!(top.cause[0].kind.as_deref(), Some("Failed"));
    assert_eq!(top.cause[0].cause[0].kind.as_deref(), Some("ParseIntError"));
}

#[test]
fn a_boxed_or_referenced_error_is_named_after_what_is_inside() {
    let boxed: Box<dyn Error + Send + Sync> = Box::new(Failed::new("boxed"));
    let shared: std::sync::Arc<dyn Error> = std::sync::Arc::new(Failed::new("shared"));
    let reference: &dyn Error = &Failed::new("referenced");
    let plain_box = Box::new(Failed::new("plain box"));

    let events = recorded(|| {
        capture_error(&*boxed);
        capture_error(&*shared);
        capture_error(&shared);
        capture_error(reference);
        capture_error(&reference);
        capture_error(&plain_box);
    });

    assert_eq!(events.errors.len(), 6);
    for error in &events.errors {
        assert_eq!(exception(error).kind.as_deref(), Some("Failed"), "{:?}", exception(error).message);
    }
}

#[test]
fn a_message_in_a_box_never_becomes_the_type() {
    let boxed: Box<dyn Error> = "connection to db-7 lost".into();

    let events = recorded(|| {
        capture_error(&*boxed);
    });

    assert_eq!(exception(&events.errors[0]).kind, None);
    assert_eq!(exception(&events.errors[0]).message.as_deref(), Some("connection to db-7 lost"));
}

#[test]
fn a_chain_without_end_and_one_that_is_too_long_are_cut() {
    #[derive(Debug)]
    struct Cyclic;
    impl fmt::Display for Cyclic {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("around and around")
        }
    }
    impl Error for Cyclic {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }
    let long = (0..200)
        .fold(Failed::new("root"), |cause, level| Failed::new(&format!("level {level}")).because(cause));

    let events = recorded(|| {
        capture_error(&Cyclic);
        capture_error(&long);
    });

    assert_eq!(messages(&events.errors[0]).len(), 51);
    let long = messages(&events.errors[1]);
    assert_eq!((long.len(), long[0], long[50]), (51, "level 199", "level 149"));
}

#[test]
fn an_error_that_calls_the_agent_while_it_is_printed_does_not_hang() {
    #[derive(Debug)]
    struct Chatty;
    impl fmt::Display for Chatty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            label("printed", true);
            drop(capture_span("printing"));
            capture_message("while printing");
            f.write_str("chatty")
        }
    }
    impl Error for Chatty {}

    let events = recorded(|| {
        let _span = capture_span("step");
        capture_error(&Chatty);
    });

    assert_eq!(events.errors.len(), 2);
    assert_eq!(events.span("printing").parent_id, events.span("step").id);
    assert_eq!(events.transaction("job").labels.get("printed"), Some(&LabelValue::from(true)));
}

#[test]
fn an_error_is_sent_before_its_span_and_transaction_and_has_the_current_span_as_parent() {
    let events = recorded(|| {
        let in_transaction = capture_error(&Failed::new("first"));
        assert!(in_transaction.is_some());
        let _outer = capture_span("outer");
        let _inner = capture_span("inner");
        capture_error(&Failed::new("second"));
    });

    let job = events.transaction("job");
    let [first, second] = &events.errors[..] else { panic!("{}", events.tree()) };
    assert_eq!(first.parent.unwrap().parent_id, job.id);
    assert_eq!(second.parent.unwrap().parent_id, events.span("inner").id);
    for error in [first, second] {
        let parent = error.parent.unwrap();
        assert_eq!((parent.trace_id, parent.transaction_id), (job.trace_id, Some(job.id)));
    }
    let outcomes = [events.span("outer").outcome, events.span("inner").outcome, job.outcome];
    assert_eq!(outcomes, [Some(Outcome::Success), Some(Outcome::Failure), Some(Outcome::Failure)]);
    let position =
        |kind: &str| events.lines.iter().position(|line| line.starts_with(&format!("{{\"{kind}\""))).unwrap();
    assert!(position("error") < position("span") && position("span") < position("transaction"));
}

#[test]
fn an_error_copies_labels_user_custom_context_name_and_type_of_its_transaction() {
    let events = recorded(|| {
        elastic_apm::set_transaction_name("job");
        label("tenant", "acme");
        set_user_context(User {
            id: Some("7".into()),
            email: Some("a@example.com".into()),
            ..User::default()
        });
        set_custom_context("cart", json!({"items": [1, 2]}));
        capture_error(&fmt::Error);
        label("later", true);
    });

    let (error, job) = (&events.errors[0], events.transaction("job"));
    assert_eq!(error.labels.get("tenant"), Some(&LabelValue::from("acme")));
    assert_eq!(error.labels.get("later"), None, "what comes later is not copied");
    assert_eq!(error.context, job.context);
    let about = error.transaction.as_ref().unwrap();
    assert_eq!(
        (about.name.as_deref(), about.kind.as_deref(), about.sampled),
        (Some("job"), Some("script"), true)
    );
}

#[test]
fn an_error_outside_a_transaction_stands_alone() {
    let agent = CheckedAgent::new();

    let id = agent.tracer().capture_error(&fmt::Error);
    agent.tracer().capture_message("a message");

    let events = agent.events();
    assert_eq!(Some(events.errors[0].id), id);
    assert_eq!(events.errors.len(), 2);
    for error in &events.errors {
        assert!(error.parent.is_none() && error.transaction.is_none());
    }
}

#[test]
fn every_error_has_an_id_of_its_own_and_it_is_returned() {
    let mut returned = Vec::new();

    let events = recorded(|| returned = (0..50).filter_map(|_| capture_error(&fmt::Error)).collect());

    let sent: Vec<_> = events.errors.iter().map(|error| error.id).collect();
    assert_eq!(sent, returned);
    assert_eq!(sent.iter().collect::<HashSet<_>>().len(), 50);
}

#[test]
fn a_message_is_a_log_at_level_error() {
    let events = recorded(|| {
        capture_message("disk is nearly full");
    });

    let error = &events.errors[0];
    let log = error.log.as_ref().unwrap();
    assert_eq!((log.message.as_str(), log.level.as_deref()), ("disk is nearly full", Some("error")));
    assert!(error.exception.is_none());
}

#[test]
fn long_messages_are_cut_and_an_empty_one_is_sent() {
    let long = "x".repeat(1_000_000);

    let events = recorded(|| {
        capture_error(&Failed::new(&long));
        capture_message(long.clone());
        capture_error(&Failed::new(""));
        capture_message("");
    });

    let cut = |text: &str| (text.chars().count(), text.ends_with('…'));
    assert_eq!(cut(exception(&events.errors[0]).message.as_deref().unwrap()), (10_000, true));
    assert_eq!(cut(&events.errors[1].log.as_ref().unwrap().message), (10_000, true));
    assert_eq!(events.errors.len(), 4);
}
