//! What the application has to say about single requests, and a guard around its code.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use elastic_apm_core::User;
use http::{request, response};

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

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks")
            .field("ignore", &self.ignore.is_some())
            .field("user", &self.user.is_some())
            .field("end_at_headers", &self.end_at_headers.is_some())
            .finish()
    }
}
