//! Ids of what is current, for logs and for pages.

use elastic_apm::{
    TraceContext, TransactionOptions, capture_span, current_trace_ids, current_transaction, ensure_parent_id,
    span_id, trace_id, trace_parent_header, transaction_id,
};
use elastic_apm_integration_tests::CheckedAgent;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn the_root_of_a_trace_gets_one_parent_id_for_whoever_asks() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("page", "request").begin();
    let header = trace_parent_header();
    assert_eq!(tx.parent_id(), None);

    let first = ensure_parent_id();
    let _span = capture_span("render");

    assert!(first.is_some_and(|id| !id.is_zero() && Some(id) != transaction_id()));
    assert_eq!((ensure_parent_id(), tx.ensure_parent_id(), tx.parent_id()), (first, first, first));
    assert_eq!(
        tx.trace_parent().map(|parent| parent.to_string()),
        header,
        "those it calls see no difference"
    );
    drop((_span, tx));
    assert_eq!(agent.events().transaction("page").parent_id, first);
}

#[test]
fn a_continued_transaction_has_its_callers_id() {
    let agent = CheckedAgent::new();
    let parent = TraceContext::parse(PARENT).unwrap();
    let _tx = agent.tracer().begin_transaction(TransactionOptions::new("request").child_of(parent));

    let id = current_transaction().parent_id();

    assert_eq!(id.map(|id| id.to_string()).as_deref(), Some("b7ad6b7169203331"));
    assert_eq!(ensure_parent_id(), id);
}

#[test]
fn nothing_current_has_no_parent_id_and_no_ids_to_print() {
    assert_eq!((ensure_parent_id(), current_trace_ids().to_string()), (None, String::new()));
    assert_eq!(current_transaction().parent_id(), None);
}

#[test]
fn a_log_line_names_what_is_current() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();
    let (trace, transaction) = (trace_id().unwrap(), transaction_id().unwrap());
    assert_eq!(current_trace_ids().to_string(), format!("trace.id={trace} transaction.id={transaction}"));

    let span = capture_span("step");
    let ids = current_trace_ids();

    let span_id = span_id().unwrap();
    assert_eq!(
        (ids.trace_id, ids.transaction_id, ids.span_id),
        (Some(trace), Some(transaction), Some(span_id))
    );
    assert_eq!(ids.to_string(), format!("trace.id={trace} transaction.id={transaction} span.id={span_id}"));
    drop((span, tx));
}
