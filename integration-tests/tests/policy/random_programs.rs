//! Programs that are made up at random and run by several threads at once: spans below parents that may have ended, futures that are
//! polled and given up, errors, ids that are told to others, discards, and a transaction that may end midway.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use elastic_apm::intake::SpanId;
use elastic_apm::testing::Events;
use elastic_apm::{
    FutureExt as _, Outcome, Span, SpanBuilder, SpanRef, TaskContext, Transaction, capture_span,
    current_span, span,
};
use elastic_apm_integration_tests::CheckedAgent;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::random_trees::{Options, agent, options, parts, self_times};
use crate::{count, only};

/// What a thread does next.
#[derive(Clone, Debug)]
enum Act {
    /// Starts a span below the transaction or below one of the spans there are, ended or not.
    Start(Option<Index>, Kind),
    /// Makes a future with a span and two more inside, polls it so often, and drops it.
    Poll(Option<Index>, Kind, u8),
    End(Index),
    SetMillis(Index, u8),
    Fail(Index),
    Capture(Index),
    Tell(Index),
    Discard(Index),
    EndTransaction,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Step,
    Leaf,
    Query(u8),
    /// A step of a query.
    Fetch,
    Call,
}

impl Kind {
    fn describe(self, builder: SpanBuilder) -> SpanBuilder {
        match self {
            Kind::Step => builder,
            Kind::Leaf => builder.leaf(),
            Kind::Query(_) => builder.span_type("db.mysql").service_target("mysql", "shop"),
            Kind::Fetch => builder.span_type("db.mysql"),
            Kind::Call => builder.span_type("external.http").service_target("http", "shop:80"),
        }
    }

    fn name(self) -> String {
        match self {
            Kind::Query(number) => format!("SELECT {number}"),
            _ => format!("{self:?}"),
        }
    }

    fn is_exit(self) -> bool {
        matches!(self, Kind::Query(_) | Kind::Call)
    }
}

fn act(may_discard: bool, may_end: bool) -> impl Strategy<Value = Act> {
    let kind = || {
        prop_oneof![
            3 => Just(Kind::Step),
            1 => Just(Kind::Leaf),
            5 => (0_u8..2).prop_map(Kind::Query),
            2 => Just(Kind::Fetch),
            2 => Just(Kind::Call),
        ]
    };
    let below = || prop::option::weighted(0.7, any::<Index>());
    prop_oneof![
        20 => (below(), kind()).prop_map(|(below, kind)| Act::Start(below, kind)),
        5 => (below(), kind(), 0_u8..5).prop_map(|(below, kind, polls)| Act::Poll(below, kind, polls)),
        20 => any::<Index>().prop_map(Act::End),
        5 => (any::<Index>(), 0_u8..30).prop_map(|(index, millis)| Act::SetMillis(index, millis)),
        1 => any::<Index>().prop_map(Act::Fail),
        2 => any::<Index>().prop_map(Act::Capture),
        2 => any::<Index>().prop_map(Act::Tell),
        if may_discard { 2 } else { 0 } => any::<Index>().prop_map(Act::Discard),
        u32::from(may_end) => Just(Act::EndTransaction),
    ]
}

fn program() -> impl Strategy<Value = Program> {
    (any::<bool>(), any::<bool>(), options(), 1_usize..4).prop_flat_map(
        |(may_discard, may_end, options, threads)| {
            let acts = prop::collection::vec(act(may_discard, may_end), 0..120);
            acts.prop_map(move |acts| Program {
                acts,
                options: options.clone(),
                threads,
                may_discard,
                may_end,
            })
        },
    )
}

#[derive(Clone, Debug)]
struct Program {
    acts: Vec<Act>,
    options: Options,
    threads: usize,
    may_discard: bool,
    may_end: bool,
}

/// A span that has started.
struct Started {
    owner: Option<Span>,
    reference: SpanRef,
    context: TaskContext,
}

/// A running program, and what is known of it.
struct Run {
    transaction: Mutex<Option<Transaction>>,
    root: TaskContext,
    spans: Mutex<Vec<Started>>,
    created: AtomicUsize,
    created_calls: AtomicUsize,
    /// The ids that others were told.
    told: Mutex<HashSet<SpanId>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run {
    fn new(agent: &CheckedAgent) -> Self {
        let transaction = agent.tracer().transaction("program", "script").start();
        Run {
            root: transaction.context(),
            transaction: Mutex::new(Some(transaction)),
            spans: Mutex::default(),
            created: AtomicUsize::new(0),
            created_calls: AtomicUsize::new(0),
            told: Mutex::default(),
        }
    }

    fn created(&self, kind: Kind) {
        self.created.fetch_add(1, Ordering::Relaxed);
        self.created_calls.fetch_add(kind.is_exit().into(), Ordering::Relaxed);
    }

    /// The context that a span of the program gives, else the transaction's, and the id that is current in it.
    fn context(&self, below: Option<&Index>) -> (TaskContext, Option<SpanId>) {
        let spans = lock(&self.spans);
        match below.filter(|_| !spans.is_empty()).map(|index| index.get(&spans)) {
            Some(parent) => (parent.context.clone(), parent.reference.id()),
            None => (self.root.clone(), None),
        }
    }

    fn reference(&self, index: &Index) -> Option<SpanRef> {
        let spans = lock(&self.spans);
        (!spans.is_empty()).then(|| index.get(&spans).reference.clone())
    }

    fn act(&self, act: &Act) {
        match act {
            Act::Start(below, kind) => {
                let (context, _) = self.context(below.as_ref());
                let owner = context.run_sync(|| kind.describe(span(kind.name())).start());
                if owner.id().is_some() {
                    self.created(*kind);
                    let (reference, context) = (SpanRef::clone(&owner), owner.context());
                    lock(&self.spans).push(Started { owner: Some(owner), reference, context });
                }
            }
            Act::Poll(below, kind, polls) => self.poll(below.as_ref(), *kind, *polls),
            Act::End(index) => {
                let owner = {
                    let mut spans = lock(&self.spans);
                    if spans.is_empty() { None } else { index.get_mut(&mut spans).owner.take() }
                };
                drop(owner);
            }
            Act::EndTransaction => drop(lock(&self.transaction).take()),
            Act::SetMillis(index, millis) => {
                self.on(index, |span| span.set_duration(Duration::from_millis((*millis).into())));
            }
            Act::Fail(index) => self.on(index, |span| span.set_outcome(Outcome::Failure)),
            Act::Capture(index) => self.on(index, |span| _ = span.capture_error(&std::fmt::Error)),
            Act::Discard(index) => self.on(index, SpanRef::discard),
            Act::Tell(index) => self.on(index, |span| {
                let told = span.trace_parent().map(|parent| parent.parent_id());
                lock(&self.told).extend(told);
            }),
        }
    }

    fn on(&self, index: &Index, act: impl FnOnce(&SpanRef)) {
        if let Some(reference) = self.reference(index) {
            act(&reference);
        }
    }

    fn poll(&self, below: Option<&Index>, kind: Kind, polls: u8) {
        let (context, outside) = self.context(below);
        let body = async {
            if current_span().id() != outside {
                self.created(kind);
            }
            for _ in 0..2 {
                let inside = capture_span("inside");
                if inside.id().is_some() {
                    self.created(Kind::Step);
                }
                drop(inside);
                std::future::poll_fn({
                    let mut is_second = false;
                    move |_| {
                        let ready = std::mem::replace(&mut is_second, true);
                        if ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
                    }
                })
                .await;
            }
        };
        let mut future = Box::pin(context.run_sync(|| body.in_span(kind.describe(span(kind.name())))));
        let mut polling = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            if future.as_mut().poll(&mut polling).is_ready() {
                break;
            }
        }
    }

    /// Lets all threads act, and then end what is left.
    fn play(&self, program: &Program) {
        let acts = Mutex::new(program.acts.iter());
        thread::scope(|scope| {
            for _ in 0..program.threads {
                scope.spawn(|| {
                    loop {
                        let next = lock(&acts).next();
                        let Some(act) = next else { break };
                        self.act(act);
                    }
                    loop {
                        let next = lock(&self.spans).iter_mut().find_map(|started| started.owner.take());
                        let Some(owner) = next else { break };
                        drop(owner);
                    }
                });
            }
        });
        drop(lock(&self.transaction).take());
    }
}

/// The ids of all that was sent.
fn sent(events: &Events) -> HashSet<SpanId> {
    let spans = events.spans.iter().map(|span| span.id);
    spans.chain(events.transactions.iter().map(|transaction| transaction.id)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// `CheckedAgent` adds: every event fits its schema, every parent exists, only calls name a service, and steps of calls are of their
    /// kind.
    #[test]
    fn whatever_a_program_does_what_arrives_fits_together(program in program()) {
        let agent = agent(&program.options);
        let run = Run::new(&agent);

        run.play(&program);

        let events = agent.all_events();
        let transaction = only(&events);
        let (started, dropped) = count(transaction);
        let (started, dropped) = (started as usize, dropped as usize);
        let created = run.created.load(Ordering::Relaxed);
        let created_calls = run.created_calls.load(Ordering::Relaxed);

        // Whoever is named to somebody is there.
        let sent = sent(&events);
        for id in lock(&run.told).iter() {
            prop_assert!(sent.contains(id), "{id} was told and is not there");
        }
        for error in &events.errors {
            let parent = error.parent.expect("it is in the transaction");
            prop_assert!(sent.contains(&parent.parent_id), "an error below nothing");
        }
        prop_assert_eq!(sent.len(), events.spans.len() + 1, "an id is there twice");

        // The limit holds at any time, and nothing is counted twice.
        let joined: usize = events.spans.iter().map(|span| parts(span) - 1).sum();
        let dropped_calls: u64 = transaction.dropped_spans_stats.iter().map(|entry| entry.duration.count).sum();
        let dropped_calls = dropped_calls as usize;
        let sent_calls: usize =
            events.spans.iter().filter(|span| span.context.is_some()).map(parts).sum();
        prop_assert!(events.spans.len() <= program.options.max_spans);
        prop_assert!(started <= events.spans.len());
        prop_assert!(started + joined + dropped.max(dropped_calls) <= created);
        prop_assert!(sent_calls + dropped_calls <= created_calls);

        // What nobody discards and what ends in time is accounted for to the last one.
        if !program.may_discard && !program.may_end {
            prop_assert_eq!(started, events.spans.len());
            prop_assert_eq!(sent_calls + dropped_calls, created_calls);
            prop_assert_eq!(self_times(&events).0 as usize, created + 1, "each span counts in the breakdown");
            if program.options.exit_min_millis == 0 {
                prop_assert_eq!(started + joined + dropped, created);
            }
        }

        // Only what went well is joined. (Others may learn of a composite late, by a reference to the first of its calls: it is there.)
        for composite in events.spans.iter().filter(|span| parts(span) > 1) {
            prop_assert_eq!(composite.outcome, Some(Outcome::Success));
            prop_assert!(composite.context.is_some(), "no call");
        }
    }
}
