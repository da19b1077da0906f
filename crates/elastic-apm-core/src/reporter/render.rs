//! Turns what a layer captured into the wire's request and response context, sanitised.
//!
//! Runs on the reporter thread: the application paid for reference counts only. What is secret is decided by name alone, with the
//! patterns of `sanitize_field_names`; query strings and bodies other than forms are not touched, as the specification asks.

mod cookies;
mod form;
mod headers;
mod room;
mod secrets;
mod url;

use elastic_apm_intake::{Body, Context, Keyword, Request, Response, Socket};
use http::Version;

pub(crate) use secrets::Secrets;

use crate::captured::{CapturedBody, CapturedRequest, CapturedResponse};

/// What a secret is replaced by; its name stays.
const REDACTED: Keyword = Keyword::from_static("[REDACTED]");

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
        let request = self::request(captured, bearer, secrets);
        context.get_or_insert_default().request = Some(Box::new(request));
    }
    if let Some(captured) = response {
        context.get_or_insert_default().response = Some(Box::new(self::response(captured, secrets)));
    }
}

fn request(captured: &CapturedRequest, bearer: Bearer, secrets: &mut Secrets) -> Request {
    Request {
        method: captured.method.clone(),
        url: url::render(&captured.url),
        headers: headers::render(&captured.headers, secrets),
        cookies: cookies::parse(&captured.headers, secrets),
        http_version: http_version(captured.version).map(Keyword::from_static),
        socket: captured.remote.map(|ip| Socket {
            remote_address: Some(Keyword::formatted(format_args!("{ip}"))),
            ..Socket::default()
        }),
        body: captured.body.as_ref().and_then(|body| self::body(body, bearer, secrets)),
        ..Request::default()
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

fn response(captured: &CapturedResponse, secrets: &mut Secrets) -> Response {
    Response {
        status_code: Some(captured.status.as_u16()),
        headers: headers::render(&captured.headers, secrets),
        // Worth saying only when it is not so.
        finished: (!captured.finished).then_some(false),
        ..Response::default()
    }
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
