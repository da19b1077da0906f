//! `tracing` with `tracing-opentelemetry`, as it is by default, over the OpenTelemetry SDK.

use ::opentelemetry::trace::TracerProvider;
use ::tracing::level_filters::LevelFilter;
use ::tracing::{Instrument, info_span};
use axum::Router;
use axum_tracing_opentelemetry::middleware::OtelAxumLayer;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

use super::opentelemetry::{Encoding, provider};
use super::{Agent, METHOD, Task};
use crate::workload::CHILDREN;

pub(super) struct Tracing(SdkTracerProvider);

impl Tracing {
    pub(super) fn install(is_sampled: bool) -> Self {
        let provider = provider(is_sampled, Encoding::Protobuf);
        // The layer of axum's is below the level that is otherwise on.
        let spans =
            Targets::new().with_default(LevelFilter::INFO).with_target("otel::tracing", LevelFilter::TRACE);
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
        let registry = tracing_subscriber::registry().with(layer).with(spans);
        ::tracing::subscriber::set_global_default(registry).expect("it is the first");
        Tracing(provider)
    }
}

macro_rules! span {
    ($name:literal, $value:expr) => {
        info_span!($name, http.method = METHOD.1, url.path = $value).entered()
    };
}

fn chain(length: usize, value: &str) {
    if length > 0 {
        let _span = span!("child", value);
        chain(length - 1, value);
    }
}

impl Agent for Tracing {
    fn sequence(&self, value: &str) {
        let _root = span!("root", value);
        for _ in 0..CHILDREN {
            self.alone(value);
        }
    }

    fn nested(&self, value: &str) {
        let _root = span!("root", value);
        chain(CHILDREN, value);
    }

    fn alone(&self, value: &str) {
        drop(span!("child", value));
    }

    fn starts_traces(&self) -> bool {
        true
    }

    fn within(&self, future: Task) -> Task {
        Box::pin(future.instrument(info_span!("root")))
    }

    fn layer(&self, router: Router) -> Router {
        router.layer(OtelAxumLayer::default())
    }

    fn flush(&self) {
        self.0.force_flush().expect("it is encoded in the process");
    }
}
