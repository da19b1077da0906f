//! What a URL says of the service behind it. Pure functions of the URL.

use elastic_apm_core::Keyword;
use elastic_apm_core::intake::{
    Destination, DestinationService, Service, ServiceTarget, SpanContext, SpanHttp,
};
use http::Method;
use reqwest::Url;

/// `GET api.example.com`, with the port only where the URL names one.
pub(crate) fn span_name(method: &Method, url: &Url) -> Keyword {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => Keyword::formatted(format_args!("{method} {host}:{port}")),
        None => Keyword::formatted(format_args!("{method} {host}")),
    }
}

/// URL, method, destination and service target; credentials and fragment are left out.
pub(crate) fn span_context(method: &Method, url: &Url) -> SpanContext {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default();
    let resource = match port {
        Some(port) => Keyword::formatted(format_args!("{host}:{port}")),
        None => Keyword::copied(host),
    };
    SpanContext {
        http: Some(SpanHttp {
            url: Some(without_credentials(url)),
            method: Some(Keyword::copied(method.as_str())),
            ..SpanHttp::default()
        }),
        destination: Some(Destination {
            address: Some(Keyword::copied(host.trim_start_matches('[').trim_end_matches(']'))),
            port,
            service: Some(DestinationService { resource: resource.clone(), ..DestinationService::default() }),
        }),
        service: Some(Box::new(Service {
            target: Some(ServiceTarget { kind: Some("http".into()), name: Some(resource.into_limit()) }),
            ..Service::default()
        })),
        ..SpanContext::default()
    }
}

fn without_credentials<const LIMIT: usize>(url: &Url) -> elastic_apm_core::intake::Text<LIMIT> {
    let mut url = url.clone();
    // Refused for URLs that cannot have credentials; those have none to leave out.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    String::from(url).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(url: &str) -> SpanContext {
        span_context(&Method::GET, &url.parse().unwrap())
    }

    fn target(context: &SpanContext) -> &str {
        context.service.as_ref().unwrap().target.as_ref().unwrap().name.as_deref().unwrap()
    }

    fn name(url: &str) -> Keyword {
        span_name(&Method::GET, &url.parse().unwrap())
    }

    #[test]
    fn default_port_is_in_the_target_and_not_in_the_name() {
        let context = context("http://example.com/a");

        assert_eq!(
            (name("http://example.com/a").as_str(), target(&context)),
            ("GET example.com", "example.com:80")
        );
        assert_eq!(context.destination.unwrap().port, Some(80));
    }

    #[test]
    fn a_port_in_the_url_is_in_the_name() {
        assert_eq!(name("https://example.com:8443/"), "GET example.com:8443");
    }

    #[test]
    fn ipv6_has_brackets_in_the_resource_and_none_in_the_address() {
        let context = context("http://[::1]:8080/");

        assert_eq!(target(&context), "[::1]:8080");
        assert_eq!(context.destination.unwrap().address.as_deref(), Some("::1"));
    }

    #[test]
    fn credentials_and_fragment_never_leave() {
        let context = context("http://joe:secret@example.com/a?b=c#d");

        assert_eq!(context.http.unwrap().url.as_deref(), Some("http://example.com/a?b=c"));
    }
}
