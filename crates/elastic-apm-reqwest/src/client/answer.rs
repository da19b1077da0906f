//! An answer whose body keeps its call's span running.

use elastic_apm_core::{CallBody, HttpCall};

use super::reqwest::{Body, Response, ResponseBuilderExt};

/// The same answer; its call ends when the body has been read or dropped.
pub(super) fn read_within(call: HttpCall, response: Response) -> Response {
    let url = response.url().clone();
    let (mut head, body) = http::Response::from(response).into_parts();
    // reqwest keeps the URL beside the head and takes it back from there, in a form that only this builder can make.
    if let Ok(carrier) = http::Response::builder().url(url).body(()) {
        head.extensions.extend(carrier.into_parts().0.extensions);
    }
    let body = Body::wrap(CallBody::new(body, Some(call)));
    Response::from(http::Response::from_parts(head, body))
}
