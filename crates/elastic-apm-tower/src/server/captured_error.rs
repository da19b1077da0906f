//! The error behind a response, carried from the handler to the layer.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use elastic_apm_core::{CapturedStack, TaskContext, error};

/// The error behind a response: put into the response's extensions, it is reported by the layer, once, with its whole `source()` chain.
///
/// For error types that become responses, which otherwise leave nothing but a status. It belongs to what was current where it was
/// made, else to the request's transaction. Without a layer, or where nothing is recorded, nothing happens.
///
/// ```
/// use elastic_apm_tower::server::CapturedError;
/// use http::{Response, StatusCode};
///
/// fn refuse(error: std::io::Error) -> Response<String> {
///     let mut response = Response::new("out of order".to_owned());
///     *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
///     response.extensions_mut().insert(CapturedError::new(error));
///     response
/// }
/// # refuse(std::io::Error::other("disk on fire"));
/// ```
#[derive(Clone)]
pub struct CapturedError {
    shared: Arc<Shared>,
}

struct Shared {
    error: Box<dyn Error + Send + Sync>,
    /// Where the error was made; taken by the one that reports it.
    place: Mutex<Option<TaskContext>>,
    stack: Option<CapturedStack>,
}

impl CapturedError {
    /// Takes an error, or whatever becomes one: a boxed error, an `anyhow::Error`, a text.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let place = Mutex::new(Some(TaskContext::current()));
        let stack = CapturedStack::here();
        CapturedError { shared: Arc::new(Shared { error: error.into(), place, stack }) }
    }

    /// The error itself.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.shared.error
    }

    /// Reports the error in the place where it was made, or in what is current. The second time does nothing.
    pub(super) fn report(&self) {
        let place = self.shared.place.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut place) = place else { return };
        let _entered = (!place.is_empty()).then(|| place.enter());
        error(self.error()).captured_at(self.shared.stack.clone()).capture();
    }
}

impl std::fmt::Debug for CapturedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CapturedError").field(&self.shared.error).finish()
    }
}
