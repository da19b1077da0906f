//! What the application has to say about single requests, and a guard around its code.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use elastic_apm_core::User;
use http::{Request, request, response};

type Hook<T, R> = Arc<dyn Fn(&T) -> R + Send + Sync>;

/// The closures that a layer was given.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    pub(super) ignore: Option<Hook<request::Parts, bool>>,
    pub(super) user: Option<Hook<request::Parts, Option<User>>>,
    pub(super) end_at_headers: Option<EndAtHeaders>,
}

/// Says of a response whether its transaction ends with the headers.
pub(super) type EndAtHeaders = Hook<response::Parts, bool>;

/// Asks a hook, if there is one. One that panics has said nothing: it must not cost the request.
pub(super) fn ask<T, R>(hook: Option<&Hook<T, R>>, about: &T) -> Option<R> {
    let hook = hook?;
    catch_unwind(AssertUnwindSafe(|| hook(about))).ok()
}

/// Asks a hook about a request, whose head is taken out for it and put back.
pub(super) fn ask_about<B, R>(hook: Option<&Hook<request::Parts, R>>, request: &mut Request<B>) -> Option<R> {
    let hook = hook?;
    let (mut head, ()) = Request::new(()).into_parts();
    swap(&mut head, request);
    let answer = ask(Some(hook), &head);
    swap(&mut head, request);
    answer
}

fn swap<B>(head: &mut request::Parts, request: &mut Request<B>) {
    mem::swap(&mut head.method, request.method_mut());
    mem::swap(&mut head.uri, request.uri_mut());
    mem::swap(&mut head.version, request.version_mut());
    mem::swap(&mut head.headers, request.headers_mut());
    mem::swap(&mut head.extensions, request.extensions_mut());
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks")
            .field("ignore", &self.ignore.is_some())
            .field("user", &self.user.is_some())
            .field("end_at_headers", &self.end_at_headers.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn a_hook_sees_the_whole_head_and_leaves_it_as_it_was() {
        let mut request =
            Request::put("/items/7").header("x-synthetic", "1").extension(7_u8).body("body").unwrap();
        let is_whole = |head: &request::Parts| {
            head.method == Method::PUT
                && head.uri.path() == "/items/7"
                && head.headers.contains_key("x-synthetic")
                && head.extensions.get() == Some(&7_u8)
        };
        let hook: Hook<request::Parts, bool> = Arc::new(is_whole);

        assert_eq!(ask_about(Some(&hook), &mut request), Some(true));

        let (head, body) = request.into_parts();
        assert!(is_whole(&head) && body == "body");
    }

    #[test]
    fn a_hook_that_panics_costs_the_request_nothing() {
        let mut request = Request::put("/items/7").body(()).unwrap();
        let hook: Hook<request::Parts, bool> = Arc::new(|_| panic!("hook"));

        assert_eq!(ask_about(Some(&hook), &mut request), None);

        assert_eq!(request.uri().path(), "/items/7");
    }
}
