//! `#[capture_span]` on functions that do not wait.

use elastic_apm::capture_span;
use elastic_apm::testing::RecordingAgent;

mod support;
use support::{catch, recorded, recorded_async};

#[capture_span(name = "leaf")]
fn leaf() {}

#[capture_span(name = "branch")]
fn branch() {
    leaf();
    leaf();
}

#[test]
fn spans_nest_as_calls_do() {
    let events = recorded(branch);

    assert_eq!(
        events.tree(),
        "transaction test [success]\n  span branch [success]\n    span leaf [success]\n    span leaf [success]\n"
    );
}

#[test]
fn the_caller_is_current_again_afterwards() {
    let events = recorded(|| {
        branch();
        leaf();
    });

    assert_eq!(
        events.tree(),
        "transaction test [success]\n  span branch [success]\n    span leaf [success]\n    \
         span leaf [success]\n  span leaf [success]\n"
    );
}

#[test]
fn an_early_return_ends_the_span() {
    #[capture_span(name = "early")]
    fn early(stop: bool) -> u32 {
        if stop {
            return 1;
        }
        leaf();
        2
    }

    let events = recorded(|| assert_eq!(early(true), 1));

    assert_eq!(events.tree(), "transaction test [success]\n  span early [success]\n");
}

#[test]
fn a_panic_makes_the_span_a_failure_and_goes_on() {
    #[capture_span(name = "breaks")]
    fn breaks() {
        panic!("part of the test");
    }

    let events = recorded(|| assert!(catch(breaks)));

    assert_eq!(events.tree(), "transaction test [success]\n  span breaks [failure]\n");
}

#[test]
fn a_panic_makes_the_span_a_failure_also_where_the_result_is_looked_at() {
    #[capture_span(name = "breaks", err)]
    fn breaks() -> Result<(), String> {
        panic!("part of the test");
    }

    let events = recorded(|| assert!(catch(breaks)));

    assert_eq!(events.tree(), "transaction test [success]\n  span breaks [failure]\n");
}

#[test]
fn type_subtype_action_and_exit_reach_the_span() {
    #[capture_span(name = "SELECT", type = "db", subtype = "postgresql", action = "query", exit)]
    fn select() {
        other_type();
    }
    #[capture_span(name = "not below a call to another service", type = "app")]
    fn other_type() {}

    let events = recorded(select);

    let span = events.span("SELECT");
    let action = span.extra.as_ref().and_then(|extra| extra.action.as_deref());
    assert_eq!(
        (span.kind.as_str(), span.subtype.as_deref(), action),
        ("db", Some("postgresql"), Some("query"))
    );
    assert_eq!(events.spans.len(), 1);
}

#[test]
fn below_a_leaf_there_are_no_spans() {
    #[capture_span(name = "whole", leaf)]
    fn whole() {
        branch();
    }
    #[capture_span(name = "whole", leaf)]
    async fn whole_async() {
        branch();
    }

    let tree = "transaction test [success]\n  span whole [success]\n";
    assert_eq!(recorded(whole).tree(), tree);
    assert_eq!(recorded_async(whole_async()).tree(), tree);
}

#[test]
fn arguments_are_not_captured_unasked() {
    #[capture_span(name = "login")]
    fn login(password: &str) -> usize {
        password.len()
    }

    let events = recorded(|| login("hunter2"));

    assert!(events.span("login").labels.is_empty());
    assert!(!events.lines.concat().contains("hunter2"));
}

#[test]
fn without_a_transaction_the_function_just_runs() {
    let agent = RecordingAgent::new();

    branch();

    assert!(agent.events().spans.is_empty());
}

#[test]
fn a_method_may_hand_out_what_it_borrowed_mutably() {
    struct Cart {
        items: Vec<u32>,
    }

    impl Cart {
        #[capture_span(name = "add", err)]
        fn add(&mut self, item: u32) -> Result<&mut u32, String> {
            if item == 0 {
                return Err("nothing to add".to_owned());
            }
            self.items.push(item);
            self.items.last_mut().ok_or_else(String::new)
        }
    }

    let mut cart = Cart { items: Vec::new() };
    let events = recorded(|| *cart.add(1).unwrap() += 1);

    assert_eq!((cart.items, events.spans.len()), (vec![2], 1));
}
