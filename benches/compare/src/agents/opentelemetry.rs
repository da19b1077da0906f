//! The OpenTelemetry SDK with its batch processor, through its own API.

use ::opentelemetry::trace::{FutureExt, SpanBuilder, TraceContextExt, Tracer, TracerProvider};
use ::opentelemetry::{Context, KeyValue, global};
use axum::Router;
use opentelemetry_instrumentation_tower::http::server;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, Span, SpanData,
    SpanExporter,
};
use prost::Message;

use super::{Agent, DEEP, METHOD, PATH, Task, discard};
use crate::workload::CHILDREN;

/// What the spans are encoded in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Encoding {
    /// OTLP as it is sent by default.
    Protobuf,
    /// OTLP in JSON.
    Json,
}

pub(super) struct OpenTelemetry {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// The SDK, installed as the process's.
pub(super) fn provider(is_sampled: bool, encoding: Encoding) -> SdkTracerProvider {
    let root = if is_sampled { Sampler::AlwaysOn } else { Sampler::AlwaysOff };
    let config = BatchConfigBuilder::default().with_max_queue_size(DEEP).build();
    let exporter = Encode { encoding, resource: ResourceAttributesWithSchema::default() };
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(config).build())
        .with_sampler(Sampler::ParentBased(Box::new(root)))
        .with_resource(Resource::builder().with_service_name("bench").build())
        .build();
    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_tracer_provider(provider.clone());
    provider
}

impl OpenTelemetry {
    pub(super) fn install(is_sampled: bool, encoding: Encoding) -> Self {
        let provider = provider(is_sampled, encoding);
        OpenTelemetry { tracer: provider.tracer("bench"), provider }
    }

    fn span(&self, name: &'static str, parent: &Context, value: &str) -> Span {
        let attributes = [KeyValue::new(METHOD.0, METHOD.1), KeyValue::new(PATH, value.to_owned())];
        self.tracer.build_with_context(SpanBuilder::from_name(name).with_attributes(attributes), parent)
    }

    fn chain(&self, length: usize, value: &str) {
        if length > 0 {
            let parent = Context::current();
            let _current = parent.with_span(self.span("child", &parent, value)).attach();
            self.chain(length - 1, value);
        }
    }
}

impl Agent for OpenTelemetry {
    fn sequence(&self, value: &str) {
        let root = self.span("root", &Context::new(), value);
        let _current = Context::current_with_span(root).attach();
        for _ in 0..CHILDREN {
            self.alone(value);
        }
    }

    fn nested(&self, value: &str) {
        let root = self.span("root", &Context::new(), value);
        let _current = Context::current_with_span(root).attach();
        self.chain(CHILDREN, value);
    }

    fn alone(&self, value: &str) {
        drop(Context::map_current(|current| self.span("child", current, value)));
    }

    fn starts_traces(&self) -> bool {
        true
    }

    fn within(&self, future: Task) -> Task {
        let root = self.tracer.start_with_context("root", &Context::new());
        Box::pin(future.with_context(Context::new().with_span(root)))
    }

    fn layer(&self, router: Router) -> Router {
        router.layer(server::Layer::new())
    }

    fn flush(&self) {
        self.provider.force_flush().expect("it is encoded in the process");
    }
}

#[derive(Debug)]
struct Encode {
    encoding: Encoding,
    resource: ResourceAttributesWithSchema,
}

impl SpanExporter for Encode {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let request = ExportTraceServiceRequest { resource_spans };
        match self.encoding {
            Encoding::Protobuf => discard(spans, &request.encode_to_vec()),
            Encoding::Json => discard(spans, &serde_json::to_vec(&request).expect("it is plain data")),
        }
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}
