//! Turns what a layer captured into the wire's request and response context, sanitised.
//!
//! Runs on the reporter thread: the application paid for copies only. What is secret is decided by name alone, with the
//! patterns of `sanitize_field_names`; query strings and bodies other than forms are not touched, as the specification asks.
//!
//! What is rendered is borrowed from what was captured. It is written as it is, or becomes a part of the event where somebody is to see it.

mod authority;
mod cookies;
mod form;
mod headers;
mod room;
mod secrets;
mod url;

use elastic_apm_intake::{
    Body, Context, HeadersRef, JsonObject, Keyword, Request, RequestRef, Response, ResponseRef,
    TransactionEvent, WithExchange,
};
use http::Version;

pub(crate) use secrets::Secrets;

use self::headers::RenderedHeaders;
use self::url::RenderedUrl;
use crate::captured::{CapturedBody, CapturedRequest, CapturedResponse};

/// What a secret is replaced by; its name stays.
const REDACTED: &str = "[REDACTED]";

/// Which event an exchange is rendered for: each has a say of its own about the body.
#[derive(Clone, Copy)]
pub(crate) enum Bearer {
    Transaction,
    Error,
}

/// Puts both halves of an exchange into `context`, which is made if there is something to put.
pub(crate) fn exchange(
    bearer: Bearer,
    context: &mut Option<Box<Context>>,
    request: Option<&CapturedRequest>,
    response: Option<&CapturedResponse>,
    secrets: &mut Secrets,
) {
    if let Some(captured) = request {
        let body = captured.body.as_ref().and_then(|body| self::body(body, bearer, secrets));
        let mut headers = RenderedHeaders::default();
        headers.fill(&captured.headers, secrets);
        let rendered = RenderedRequest::of(captured, &headers, secrets);
        let request = Request { body, ..Request::from(&rendered.borrow()) };
        context.get_or_insert_default().request = Some(Box::new(request));
    }
    if let Some(captured) = response {
        let mut headers = RenderedHeaders::default();
        headers.fill(&captured.headers, secrets);
        let response = Response::from(&self::response(captured, &headers));
        context.get_or_insert_default().response = Some(Box::new(response));
    }
}

/// Hands a transaction with both halves of its exchange to `write`. The body of the request is left out.
pub(crate) fn with_exchange<T>(
    event: &TransactionEvent,
    request: Option<&CapturedRequest>,
    response: Option<&CapturedResponse>,
    secrets: &mut Secrets,
    write: impl FnOnce(&WithExchange<'_>) -> T,
) -> T {
    let mut answered = RenderedHeaders::default();
    let response = response.map(|captured| {
        answered.fill(&captured.headers, secrets);
        self::response(captured, &answered)
    });
    let write = |request| write(&WithExchange { event, request, response: response.as_ref() });
    let Some(captured) = request else { return write(None) };
    let mut asked = RenderedHeaders::default();
    asked.fill(&captured.headers, secrets);
    let rendered = RenderedRequest::of(captured, &asked, secrets);
    write(Some(&rendered.borrow()))
}

/// A request without its body.
struct RenderedRequest<'a> {
    captured: &'a CapturedRequest,
    url: RenderedUrl<'a>,
    headers: HeadersRef<'a>,
    cookies: Option<JsonObject>,
    remote_address: Option<Keyword>,
}

impl<'a> RenderedRequest<'a> {
    fn of(captured: &'a CapturedRequest, headers: &'a RenderedHeaders<'_>, secrets: &mut Secrets) -> Self {
        RenderedRequest {
            captured,
            url: RenderedUrl::of(&captured.url, headers.host()),
            headers: headers.borrow(),
            cookies: headers.has_cookies().then(|| cookies::parse(&captured.headers, secrets)),
            remote_address: captured.remote.map(|ip| Keyword::formatted(format_args!("{ip}"))),
        }
    }

    fn borrow(&self) -> RequestRef<'_> {
        RequestRef {
            method: &self.captured.method,
            url: self.url.borrow(),
            headers: self.headers,
            cookies: self.cookies.as_ref(),
            http_version: http_version(self.captured.version),
            remote_address: self.remote_address.as_deref(),
        }
    }
}

fn response<'a>(captured: &CapturedResponse, headers: &'a RenderedHeaders<'_>) -> ResponseRef<'a> {
    ResponseRef {
        status_code: captured.status.as_u16(),
        headers: headers.borrow(),
        // Worth saying only when it is not so.
        finished: (!captured.finished).then_some(false),
    }
}

/// The body, where this event carries it and the service has read any of it.
fn body(captured: &CapturedBody, bearer: Bearer, secrets: &Secrets) -> Option<Body> {
    let is_carried = match bearer {
        Bearer::Transaction => captured.in_transactions(),
        Bearer::Error => captured.in_errors(),
    };
    let text = is_carried.then(|| captured.text()).filter(|text| !text.is_empty())?;
    Some(Body::Text(if captured.is_form() { form::redact(&text, secrets.patterns()).into() } else { text }))
}

fn http_version(version: Version) -> Option<&'static str> {
    Some(match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
