//! Names the service behind an exit span: the one place where it is decided, for every kind of span.
//!
//! Pure functions of the finished event. What the user or an integration has set stays; what they left open follows from
//! the database, message or HTTP context, by Elastic's rules for service targets and destination resources.

use elastic_apm_intake::{
    Destination, DestinationService, Keyword, Service, ServiceTarget, SpanContext, SpanEvent,
};
use http::Uri;

use super::http_call::{CallUrl, Endpoint};

/// Fills in `service.target` and `destination.service` of an exit span.
///
/// A target that was set to nothing says that there is no service to show: then neither is sent.
pub(crate) fn complete(event: &mut SpanEvent) {
    let mut context = event.context.take().unwrap_or_default();
    let given = context.service.as_mut().and_then(|service| service.target.take());
    let target = given.unwrap_or_else(|| infer(&event.kind, event.subtype.as_ref(), &context));
    let target = ServiceTarget { kind: filled(target.kind), name: filled(target.name) };

    let destination = context.destination.get_or_insert_default();
    let given = destination.service.take().map(|service| service.resource);
    let resource = given.map_or_else(|| resource(&event.kind, &target), |resource| filled(Some(resource)));
    destination.service =
        resource.map(|resource| DestinationService { resource, ..DestinationService::default() });
    context.destination.take_if(|destination| *destination == Destination::default());

    if target != ServiceTarget::default() {
        context.service.get_or_insert_default().target = Some(target);
    }
    context.service.take_if(|service| **service == Service::default());
    event.context = (!context.is_empty()).then_some(context);
}

fn infer(kind: &Keyword, subtype: Option<&Keyword>, context: &SpanContext) -> ServiceTarget {
    // A database or a message that is spoken to over HTTP is named by what it is, never by its URL.
    let name = match context {
        SpanContext { db: Some(db), .. } => db.instance.clone(),
        SpanContext { message: Some(message), .. } => {
            message.queue.as_ref().and_then(|queue| queue.name.clone())
        }
        SpanContext { http: Some(http), .. } => http.url.as_deref().and_then(host_and_port),
        _ => None,
    };
    let kind = subtype.filter(|subtype| !subtype.is_empty()).unwrap_or(kind);
    ServiceTarget { kind: Some(kind.clone()), name }
}

fn host_and_port(url: &str) -> Option<Keyword> {
    let url: Uri = url.parse().ok()?;
    Endpoint::of(&CallUrl::from(&url), None).map(|endpoint| endpoint.resource())
}

/// What the service map knows the target by: its name for plain calls, else `type/name`.
fn resource(kind: &Keyword, target: &ServiceTarget) -> Option<Keyword> {
    match (&target.kind, &target.name) {
        (Some(_), Some(name)) if kind == "external" => Some(name.clone()),
        (Some(kind), Some(name)) => Some(Keyword::formatted(format_args!("{kind}/{name}"))),
        (one, None) | (None, one) => one.clone(),
    }
}

fn filled(text: Option<Keyword>) -> Option<Keyword> {
    text.filter(|text| !text.is_empty())
}
