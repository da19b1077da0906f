//! What is known of a call before it is sent: its span's name and type, the service that is called, the request.

use elastic_apm_intake::{Destination, Keyword, Outcome, Service, ServiceTarget, SpanHttp, Text};
use http::{HeaderMap, Method};

use super::endpoint::Endpoint;
use super::options::CallOptions;
use super::url::CallUrl;
use crate::trace::span_node::SpanNode;

/// What a call speaks: HTTP, or something that HTTP carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    Grpc,
}

impl Protocol {
    /// Its name in types and targets.
    fn name(self) -> Keyword {
        match self {
            Protocol::Http => Keyword::from_static("http"),
            Protocol::Grpc => Keyword::from_static("grpc"),
        }
    }
}

/// Fills in the span of a call. Over the limit only the service that is called counts.
pub(super) fn describe(
    draft: &mut SpanNode,
    protocol: Protocol,
    method: &Method,
    headers: &HeaderMap,
    options: &CallOptions,
    url: &CallUrl<'_>,
) {
    let is_recorded = !draft.over_limit;
    let body = draft.body();
    // What holds until an answer says otherwise.
    body.verdict.by_protocol(Outcome::Failure);
    let Some(event) = body.event() else { return };
    let endpoint = Endpoint::of(url, Some(headers));
    event.kind = Keyword::from_static("external");
    event.subtype = Some(protocol.name());
    let context = event.context.get_or_insert_default();
    // It would follow from the URL too, which was taken apart just now.
    context.service = endpoint.as_ref().map(|endpoint| target(protocol, endpoint));
    if !is_recorded {
        return;
    }
    context.destination = endpoint.as_ref().map(destination);
    if protocol == Protocol::Http {
        context.http = Some(SpanHttp {
            url: Some(without_credentials(url, endpoint.as_ref())),
            method: Some(spelled(method)),
            ..SpanHttp::default()
        });
    }
    event.name = options.name.clone().unwrap_or_else(|| match protocol {
        Protocol::Http => name(method, endpoint.as_ref()),
        Protocol::Grpc => Keyword::copied(without_query(url.path)),
    });
    if let Some(attempt) = options.attempt {
        event.labels.insert("attempt", attempt);
    }
}

fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

/// `GET api.example.com`, with the port only where it is not the scheme's own.
fn name(method: &Method, endpoint: Option<&Endpoint<'_>>) -> Keyword {
    match endpoint {
        Some(endpoint) => Keyword::joined([method.as_str(), " ", endpoint.short()]),
        None => spelled(method),
    }
}

fn spelled(method: &Method) -> Keyword {
    Keyword::copied(method.as_str())
}

fn destination(endpoint: &Endpoint<'_>) -> Destination {
    Destination { address: Some(Keyword::copied(endpoint.address())), port: endpoint.port(), service: None }
}

fn target(protocol: Protocol, endpoint: &Endpoint<'_>) -> Box<Service> {
    let (kind, name) = (Some(protocol.name()), Some(endpoint.resource()));
    Box::new(Service::with_target(ServiceTarget { kind, name }))
}

fn without_credentials<const LIMIT: usize>(
    url: &CallUrl<'_>,
    endpoint: Option<&Endpoint<'_>>,
) -> Text<LIMIT> {
    match endpoint {
        // An asterisk asks about the server itself.
        Some(endpoint) if url.path == "*" => Text::joined([endpoint.scheme(), "://", endpoint.server()]),
        Some(endpoint) => Text::joined([endpoint.scheme(), "://", endpoint.server(), url.path]),
        None => Text::copied(url.path),
    }
}
