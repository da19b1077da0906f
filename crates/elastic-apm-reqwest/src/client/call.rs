//! One request as a recorded call: what the middleware and `send_traced` have in common.

use std::error::Error;

use elastic_apm_core::{CallOptions, CallUrl, HttpCall};

use super::answer;
use super::reqwest::{Request, Response};

/// What an application wants of all its calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wishes {
    pub(super) capture_errors: bool,
    pub(super) until_body_end: bool,
}

/// Starts the call and puts its headers into the request. `None` where there is no span.
pub(super) fn start(request: &mut Request, options: &CallOptions) -> Option<HttpCall> {
    let url = || CallUrl::parse(request.url().as_str());
    HttpCall::start(request.method(), request.headers(), options, url).inject(request.headers_mut())
}

/// Sends the request within the call's span, and settles how it ended. The answer and the error are the sender's own.
pub(super) async fn run<E: Error>(
    mut call: HttpCall,
    wishes: Wishes,
    sending: impl Future<Output = Result<Response, E>>,
) -> Result<Response, E> {
    let result = call.context().run(sending).await;
    match result {
        Ok(response) => {
            call.on_answer(response.status(), response.headers());
            let is_kept = wishes.until_body_end || call.awaits_trailers();
            Ok(if is_kept { answer::read_within(call, response) } else { response })
        }
        Err(error) => {
            if wishes.capture_errors {
                call.capture_error(&error);
            }
            Err(error)
        }
    }
}
