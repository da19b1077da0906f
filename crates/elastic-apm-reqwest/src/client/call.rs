//! One request as a recorded call: what the middleware and `send_traced` have in common.

use std::error::Error;

use elastic_apm_core::{CallOptions, HttpCall};
use http::Uri;

use super::answer;
use super::reqwest::{Request, Response, Url};

/// What an application wants of all its calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wishes {
    pub(super) capture_errors: bool,
    pub(super) until_body_end: bool,
}

/// Starts the call and puts its headers into the request. `None` where there is no span.
pub(super) fn start(request: &mut Request, options: &CallOptions) -> Option<HttpCall> {
    let method = request.method().clone();
    let url = request.url().clone();
    HttpCall::start(&method, request.headers_mut(), options, || uri(&url))
}

/// Sends the request within the call's span, and settles how it ended. The answer and the error are the sender's own.
pub(super) async fn run<E: Error>(
    call: HttpCall,
    wishes: Wishes,
    sending: impl Future<Output = Result<Response, E>>,
) -> Result<Response, E> {
    let result = call.context().run(sending).await;
    match result {
        Ok(response) => {
            call.on_answer(response.status());
            Ok(if wishes.until_body_end { answer::read_within(call, response) } else { response })
        }
        Err(error) => {
            if wishes.capture_errors {
                call.capture_error(&error);
            }
            Err(error)
        }
    }
}

/// The URL in the vocabulary of `http`; of one that it cannot express only the server, since reqwest will refuse to send it.
fn uri(url: &Url) -> Uri {
    url.as_str().parse().or_else(|_| url.origin().ascii_serialization().parse()).unwrap_or_default()
}
