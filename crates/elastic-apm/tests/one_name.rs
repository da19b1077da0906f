//! Function and attribute share a name: both are found, at the root and in the prelude.
#![cfg(feature = "macros")]

use elastic_apm_core::testing::RecordingAgent;

/// The spans that `work` records.
fn spans(work: impl FnOnce()) -> Vec<String> {
    let agent = RecordingAgent::new();
    let transaction = agent.tracer().begin_transaction("test");
    work();
    drop(transaction);
    agent.events().spans.iter().map(|span| span.name.to_string()).collect()
}

#[test]
fn capture_span_is_an_attribute_and_a_function() {
    use elastic_apm::capture_span;

    #[capture_span(name = "attribute")]
    fn work() {
        let _span = capture_span("function");
    }

    assert_eq!(spans(work), ["function", "attribute"]);
}

#[test]
fn the_prelude_has_both_and_hides_no_crate() {
    use elastic_apm::prelude::*;

    #[capture_span(name = "attribute")]
    fn work() {
        drop(axum::Router::<()>::new());
        drop(span("function").enter());
    }
    #[transaction]
    fn job() {
        drop(transaction("another", "custom").start());
    }

    job();

    assert_eq!(spans(work), ["function", "attribute"]);
}

#[test]
fn the_attributes_work_by_their_path() {
    #[elastic_apm::capture_span(name = "by path")]
    fn work() {}
    #[elastic_apm::transaction]
    async fn job() {}

    drop(job());

    assert_eq!(spans(work), ["by path"]);
}
