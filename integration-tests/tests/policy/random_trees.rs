//! Trees of spans that are made up at random, ended in any order, on several threads: what arrives fits together.

use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use elastic_apm::intake::{SampleValue, SpanEvent, SpanId};
use elastic_apm::testing::Events;
use elastic_apm::{Outcome, Span, SpanBuilder};
use elastic_apm_integration_tests::CheckedAgent;
use proptest::prelude::*;

use crate::{count, only};

/// One span of a tree.
#[derive(Clone, Debug)]
struct Plan {
    /// Below which of the spans before it; none for the transaction.
    parent: Option<prop::sample::Index>,
    kind: Kind,
    fails: bool,
    /// Whether its context is sent on.
    sent_on: bool,
    /// When it ends, among all.
    end: u16,
    /// Whether it says how long it took.
    millis: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Step,
    Query(u8),
    Call,
}

/// The options that have a say.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) max_spans: usize,
    compression: bool,
    same_kind_millis: u64,
    pub(crate) exit_min_millis: u64,
}

pub(crate) fn options() -> impl Strategy<Value = Options> {
    let max_spans = prop_oneof![Just(0), 1_usize..20, Just(500)];
    (max_spans, any::<bool>(), 0_u64..30, prop_oneof![Just(0), 1_u64..20]).prop_map(
        |(max_spans, compression, same_kind_millis, exit_min_millis)| Options {
            max_spans,
            compression,
            same_kind_millis,
            exit_min_millis,
        },
    )
}

fn plan() -> impl Strategy<Value = Plan> {
    let kind = prop_oneof![
        Just(Kind::Step),
        (0_u8..3).prop_map(Kind::Query),
        (0_u8..3).prop_map(Kind::Query),
        Just(Kind::Call)
    ];
    let parent = prop::option::weighted(0.6, any::<prop::sample::Index>());
    (
        parent,
        kind,
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
        any::<u16>(),
        prop::option::of(0_u8..30),
    )
        .prop_map(|(parent, kind, fails, sent_on, end, millis)| Plan {
            parent,
            kind,
            fails,
            sent_on,
            end,
            millis,
        })
}

fn describe(builder: SpanBuilder, kind: Kind) -> SpanBuilder {
    match kind {
        Kind::Step => builder,
        Kind::Query(_) => builder.span_type("db.mysql").service_target("mysql", "shop"),
        Kind::Call => builder.span_type("external.http").service_target("http", "shop:80"),
    }
}

fn name(kind: Kind) -> String {
    match kind {
        Kind::Step => "step".to_owned(),
        Kind::Query(number) => format!("SELECT {number}"),
        Kind::Call => "GET shop".to_owned(),
    }
}

/// What was created, and what arrived.
struct Outcomes {
    created: usize,
    events: Events,
}

pub(crate) fn agent(options: &Options) -> CheckedAgent {
    CheckedAgent::with(|agent| {
        agent
            .transaction_max_spans(options.max_spans)
            .span_compression_enabled(options.compression)
            .span_compression_same_kind_max_duration(Duration::from_millis(options.same_kind_millis))
            .exit_span_min_duration(Duration::from_millis(options.exit_min_millis))
    })
}

/// Starts all spans, then ends them in their order, shared among so many threads.
fn grow(plans: &[Plan], options: &Options, threads: usize) -> Outcomes {
    let agent = agent(options);
    let transaction = agent.tracer().transaction("tree", "script").start();
    let mut spans: Vec<Span> = Vec::new();
    for plan in plans {
        let parent = plan.parent.filter(|_| !spans.is_empty()).map(|index| &spans[index.index(spans.len())]);
        // A span that was refused, below a call of another type, has no children either.
        let parent = parent.filter(|parent| parent.id().is_some());
        let builder = match parent {
            Some(parent) => parent.span(name(plan.kind)),
            None => transaction.span(name(plan.kind)),
        };
        let span = describe(builder, plan.kind).start();
        if plan.fails {
            span.set_outcome(Outcome::Failure);
        }
        if plan.sent_on {
            assert!(span.id().is_none() || span.trace_parent().is_some());
        }
        if let Some(millis) = plan.millis {
            span.set_duration(Duration::from_millis(millis.into()));
        }
        spans.push(span);
    }
    let created = spans.iter().filter(|span| span.id().is_some()).count();
    let mut ends: Vec<(u16, Span)> = plans.iter().map(|plan| plan.end).zip(spans).collect();
    ends.sort_by_key(|(end, _)| std::cmp::Reverse(*end));
    let ends = Mutex::new(ends);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = ends.lock().expect("it is there").pop();
                    let Some((_, span)) = next else { break };
                    drop(span);
                }
            });
        }
    });
    drop(transaction);
    Outcomes { created, events: agent.all_events() }
}

pub(crate) fn parts(span: &SpanEvent) -> usize {
    span.extra.as_ref().and_then(|extra| extra.composite).map_or(1, |composite| composite.count as usize)
}

pub(crate) fn self_times(events: &Events) -> (u64, u64) {
    let number = |set: &elastic_apm::intake::Metricset, name| match set
        .samples
        .get(name)
        .expect("it is there")
        .value
    {
        SampleValue::Number(number) => number as u64,
        SampleValue::Histogram(_) => panic!("a histogram"),
    };
    let add = |name| events.metricsets.iter().map(|set| number(set, name)).sum();
    (add("span.self_time.count"), add("span.self_time.sum.us"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// `CheckedAgent` adds: every event fits its schema, every parent exists, calls name their service.
    #[test]
    fn what_arrives_accounts_for_all_that_was_created(
        plans in prop::collection::vec(plan(), 0..60),
        options in options(),
        threads in 1_usize..4,
    ) {
        let Outcomes { created, events } = grow(&plans, &options, threads);

        let transaction = only(&events);
        let (started, dropped) = count(transaction);
        let joined: usize = events.spans.iter().map(|span| parts(span) - 1).sum();
        let dropped_calls: u64 = transaction.dropped_spans_stats.iter().map(|entry| entry.duration.count).sum();
        prop_assert_eq!(started as usize, events.spans.len());
        prop_assert!(started as usize <= options.max_spans);
        if options.exit_min_millis == 0 {
            // Where composites can be dropped whole, how many they stood for is in the statistics alone.
            prop_assert_eq!(started as usize + joined + dropped as usize, created);
        } else {
            prop_assert!(started as usize + joined + (dropped as usize).max(dropped_calls as usize) <= created);
        }
        prop_assert_eq!(self_times(&events).0 as usize, created + 1, "each span counts in the breakdown");
        for span in events.spans.iter().filter(|span| parts(span) > 1) {
            let composite = span.extra.as_ref().expect("it is there").composite.expect("it is there");
            prop_assert!(options.compression && composite.sum >= 0.0);
            prop_assert_eq!(span.outcome, Some(Outcome::Success));
            prop_assert!(!events.spans.iter().any(|other| other.parent_id == span.id), "a composite with children");
        }
    }

    /// Each span is opened and closed inside the one above it, as synchronous code does.
    #[test]
    fn self_times_add_up_to_the_transaction_where_nothing_overlaps(depths in prop::collection::vec(0_usize..6, 0..40)) {
        let agent = CheckedAgent::new();
        let transaction = agent.tracer().transaction("tree", "script").begin();
        let mut open = Vec::new();
        for depth in depths {
            while open.len() > depth {
                drop(open.pop());
            }
            open.push(elastic_apm::capture_span("step"));
        }
        while let Some(span) = open.pop() {
            drop(span);
        }
        drop(transaction);

        let events = agent.all_events();
        let (_, sum) = self_times(&events);
        prop_assert_eq!(sum, (only(&events).duration * 1000.0).round() as u64);
    }

    /// Equal queries, some of them too long to be joined.
    #[test]
    fn the_sum_of_a_composite_is_the_sum_of_its_parts(millis in prop::collection::vec(0_u64..60, 1..50)) {
        let agent = CheckedAgent::new();
        let transaction = agent.tracer().transaction("tree", "script").start();
        for millis in &millis {
            let span = describe(transaction.span("SELECT"), Kind::Query(0)).start();
            span.set_duration(Duration::from_millis(*millis));
        }
        drop(transaction);

        let events = agent.events();
        let of = |span: &SpanEvent| span.extra.as_ref().and_then(|extra| extra.composite).map_or(span.duration, |all| all.sum);
        let sum: f64 = events.spans.iter().map(of).sum();
        prop_assert!((sum - millis.iter().sum::<u64>() as f64).abs() < 1e-6);
        let by_id: HashMap<SpanId, usize> = events.spans.iter().map(|span| (span.id, parts(span))).collect();
        prop_assert_eq!(by_id.values().sum::<usize>(), millis.len());
    }
}
