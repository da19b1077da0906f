//! Where a transaction comes from, and how it starts from there: whose trace it belongs to, whether it is sampled, its ids, its clock.

use std::sync::Arc;
use std::time::SystemTime;

use elastic_apm_intake::Keyword;

use super::baggage::CarriedBaggage;
use super::continuation;
use super::links;
use super::naming;
use super::random;
use super::sampler::Sampling;
use super::tracer::Tracer;
use super::transaction::Transaction;
use super::transaction_node::{SharedTransaction, TransactionBody, TransactionIdentity, TransactionNode};
use crate::clock::Timebase;
use crate::config::Settings;
use crate::propagation::{Baggage, HeaderSource, TraceContext, TraceParent};
use crate::record::TransactionRecord;

/// What was there before a transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    pub(super) caller: Option<TraceContext>,
    /// What it hands on to those it calls.
    pub(super) baggage: Baggage,
    /// When it started, if that is not when it is said.
    pub(super) start: Option<SystemTime>,
}

impl Origin {
    /// Continues the trace that these headers carry, and hands on their baggage. What is malformed is explained in the log.
    pub(super) fn take_headers(&mut self, headers: &(impl HeaderSource + ?Sized), tracer: &Tracer) {
        let read = TraceContext::read(headers);
        if let Err(error) = &read {
            tracer.debug(format_args!("{error}: it is ignored, and a new trace starts"));
        }
        self.caller = read.ok().flatten();
        self.baggage = match &self.caller {
            Some(caller) => caller.baggage().clone(),
            None => Baggage::from_headers(headers),
        };
    }

    /// Starts a transaction under settings that record. `describe` fills in what is known of its event, if one is wanted; it is told whether
    /// that is sampled.
    pub(super) fn start(
        self,
        tracer: Tracer,
        settings: Arc<Settings>,
        name: Option<Keyword>,
        kind: Keyword,
        describe: impl FnOnce(&mut TransactionRecord, &Settings, bool),
    ) -> Transaction {
        let (parent, link) = match self.caller {
            Some(caller) => continuation::decide(settings.trace_continuation_strategy, caller),
            None => (None, None),
        };
        let sampling = match &parent {
            Some(parent) => Sampling::of_child(parent),
            None => Sampling::of_root(settings.transaction_sample_rate),
        };
        // Without events there are no details; others are told what was decided all the same.
        let sampled = sampling.sampled && !settings.context_propagation_only;
        let is_reported = TransactionNode::is_wanted(sampled, &settings);
        let identity = TransactionIdentity {
            traceparent: match &parent {
                Some(parent) => parent.traceparent().with_parent(random::span_id()),
                None => {
                    let (trace_id, id) = random::root_ids();
                    TraceParent::new(trace_id, id, sampling.sampled)
                }
            },
            parent_id: parent.as_ref().map(|parent| parent.traceparent().parent_id()),
            sampled,
            sample_rate: sampling.rate,
            tracestate: sampling.tracestate,
            baggage: CarriedBaggage::new(self.baggage),
            timebase: match self.start {
                _ if !is_reported => Timebase::of_nothing(),
                Some(start) => Timebase::starting_at(start),
                None => Timebase::now(),
            },
        };
        let name = name.map(|name| naming::grouped(name, &settings));
        let mut body = TransactionBody { name, kind, ..TransactionBody::default() };
        if is_reported {
            // Filled where it is: it is more than half a kilobyte.
            let record = body.record.insert(Box::<TransactionRecord>::default());
            describe(record, &settings, sampled);
            if let Some(link) = link {
                links::push(&mut record.event.links, link);
            }
            if sampled {
                if let Some(otel) = identity.baggage.attributes(&settings) {
                    record.event.extra.get_or_insert_default().otel = Some(otel);
                }
            }
        }
        Transaction::new(SharedTransaction::new(TransactionNode::new(tracer, settings, identity, body)))
    }
}
