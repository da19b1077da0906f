use crate::fixtures::{error, only_trace, send, span, store_with, transaction};
use crate::store::Store;
use crate::waterfall::Waterfall;

/// Rows as `indent name @offset+duration`, in milliseconds; orphans are marked.
fn drawn(waterfall: &Waterfall) -> Vec<String> {
    let row = |row: &super::Row| {
        let mark = if row.orphan { " orphan" } else { "" };
        let indent = "  ".repeat(row.depth);
        format!("{indent}{} @{}+{}{mark}", row.name, row.offset_us / 1000, row.duration_us / 1000)
    };
    waterfall.rows.iter().map(row).collect()
}

fn waterfall(lines: &[serde_json::Value]) -> Waterfall {
    only_trace(&store_with(lines)).waterfall()
}

#[test]
fn children_follow_their_parent_by_start_whatever_the_order_of_arrival() {
    let late_root = waterfall(&[
        span(5, 3, 1, "inner", 25, 5),
        span(4, 1, 1, "second", 50, 10),
        span(3, 1, 1, "first", 20, 20),
        transaction(1, 0, "root", 0, 100),
    ]);

    assert_eq!(drawn(&late_root), ["root @0+100", "  first @20+20", "    inner @25+5", "  second @50+10"]);
    assert_eq!(late_root.extent_us, 100_000);
}

#[test]
fn siblings_that_start_together_are_ordered_by_length() {
    let equal = waterfall(&[
        transaction(1, 0, "root", 0, 9),
        span(2, 1, 1, "short", 1, 1),
        span(3, 1, 1, "long", 1, 5),
    ]);

    assert_eq!(drawn(&equal), ["root @0+9", "  long @1+5", "  short @1+1"]);
}

#[test]
fn an_orphan_span_is_marked_and_stays_with_its_transaction() {
    let orphaned = waterfall(&[transaction(1, 0, "root", 0, 9), span(2, 99, 1, "lost", 3, 1)]);

    assert_eq!(drawn(&orphaned), ["root @0+9", "  lost @3+1 orphan"]);
}

#[test]
fn orphans_without_a_transaction_come_after_the_root() {
    let orphaned = waterfall(&[
        span(3, 99, 98, "lost", 0, 1),
        transaction(1, 0, "root", 1, 9),
        transaction(4, 97, "remote", 2, 5),
        span(5, 4, 4, "child", 3, 1),
    ]);

    assert_eq!(drawn(&orphaned), ["root @1+9", "lost @0+1 orphan", "remote @2+5 orphan", "  child @3+1"]);
}

#[test]
fn a_clock_that_is_behind_is_moved_into_the_middle_of_the_call() {
    let store = Store::new(1 << 30);
    send(&store, "front", &[transaction(1, 0, "root", 0, 100), span(2, 1, 1, "call", 20, 60)]);
    send(&store, "back", &[transaction(3, 2, "served", -500, 40), span(4, 3, 3, "query", -490, 10)]);

    let moved = only_trace(&store).waterfall();

    assert_eq!(drawn(&moved), ["root @0+100", "  call @20+60", "    served @30+40", "      query @40+10"]);
    assert_eq!(moved.rows.iter().map(|row| row.skew_us).collect::<Vec<_>>(), [0, 0, 530_000, 530_000]);
    assert_eq!(moved.extent_us, 100_000);
}

#[test]
fn a_late_start_is_left_alone_because_queues_do_that_too() {
    let late = waterfall(&[transaction(1, 0, "root", 0, 10), transaction(2, 1, "consume", 500, 10)]);

    assert_eq!(drawn(&late), ["root @0+10", "  consume @500+10"]);
    assert_eq!(late.extent_us, 510_000);
}

#[test]
fn a_circle_of_parents_is_entered_once() {
    let circle =
        waterfall(&[span(2, 3, 0, "b", 2, 1), span(3, 2, 0, "a", 1, 5), span(4, 4, 0, "self", 7, 1)]);

    assert_eq!(drawn(&circle), ["self @6+1 orphan", "a @0+5 orphan", "  b @1+1"]);
}

#[test]
fn an_event_that_arrives_twice_is_shown_twice() {
    let twice = waterfall(&[
        transaction(1, 0, "root", 0, 9),
        span(2, 1, 1, "same", 1, 1),
        span(2, 1, 1, "same", 1, 1),
        span(3, 2, 1, "child", 1, 1),
    ]);

    assert_eq!(drawn(&twice), ["root @0+9", "  same @1+1", "    child @1+1", "  same @1+1"]);
}

#[test]
fn a_very_deep_trace_needs_no_deep_stack() {
    let mut lines = vec![transaction(1, 0, "root", 0, 9)];
    lines.extend((2..10_000).map(|id| span(id, id - 1, 1, "s", 0, 1)));

    let deep = waterfall(&lines);

    assert_eq!(deep.rows.last().unwrap().depth, 9_998);
}

#[test]
fn times_nobody_means_do_no_harm() {
    let mut early = span(2, 1, 1, "huge", 0, 1);
    early["span"]["timestamp"] = serde_json::json!(1);
    early["span"]["duration"] = serde_json::json!(1e300);

    let odd = waterfall(&[transaction(1, 0, "root", 0, 9), early]);

    assert_eq!(odd.start_us, 1);
    assert_eq!(odd.rows.len(), 2);
}

#[test]
fn errors_hang_on_their_parent_else_their_transaction_else_nowhere() {
    let trace = waterfall(&[
        error(2, 1, "in the span"),
        error(99, 1, "in the transaction"),
        error(98, 97, "nowhere"),
        transaction(1, 0, "root", 0, 9),
        span(2, 1, 1, "child", 1, 1),
    ]);

    let messages =
        |errors: &[super::ErrorRow]| errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>();
    assert_eq!(messages(&trace.rows[0].errors), ["in the transaction"]);
    assert_eq!(messages(&trace.rows[1].errors), ["in the span"]);
    assert_eq!(messages(&trace.errors), ["nowhere"]);
    assert!(trace.rows[1].failed());
}

#[test]
fn a_trace_of_errors_alone_has_no_rows() {
    let trace = waterfall(&[error(2, 1, "alone")]);

    assert!(trace.rows.is_empty());
    assert_eq!((trace.start_us, trace.extent_us, trace.errors.len()), (crate::fixtures::START, 1, 1));
}
