//! The fault switch: intake answers that are given instead of the true one, for tests and demos.

use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::answer::{self, IntakeBody};

/// A status that intake requests get instead of being read.
///
/// Statuses below 400 are answered with an empty body; nothing is stored in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// The HTTP status, 200 to 599.
    pub(crate) status: u16,
    /// How many more requests get it; `None` means all until the switch is turned off.
    #[serde(default)]
    pub(crate) times: Option<u64>,
}

impl Fault {
    /// Whether it has a status that can be answered, and a request left to answer.
    pub(crate) fn is_on(&self) -> bool {
        (200..600).contains(&self.status) && self.times != Some(0)
    }
}

/// Holds the one fault that is switched on, if any.
#[derive(Debug, Default)]
pub(crate) struct FaultSwitch(Mutex<Option<Fault>>);

impl FaultSwitch {
    pub(crate) fn set(&self, fault: Option<Fault>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    pub(crate) fn current(&self) -> Option<Fault> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The status for the request at hand; counts it.
    pub(crate) fn take(&self) -> Option<StatusCode> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = slot.as_mut()?;
        let status = StatusCode::from_u16(fault.status).ok();
        let left = fault.times.map(|times| times.saturating_sub(1));
        fault.times = left;
        if left == Some(0) {
            *slot = None;
        }
        status
    }
}

/// What a real server would say with this status.
pub(crate) fn response(request: &HeaderMap, status: StatusCode) -> Response {
    if status.as_u16() < 400 {
        return answer::empty(status);
    }
    let message = match status {
        StatusCode::UNAUTHORIZED => return answer::error(request, status, "authentication failed"),
        StatusCode::FORBIDDEN => "unauthorized",
        StatusCode::TOO_MANY_REQUESTS => "rate limit exceeded",
        StatusCode::SERVICE_UNAVAILABLE => "queue is full",
        StatusCode::PAYLOAD_TOO_LARGE => "request body too large",
        other => other.canonical_reason().unwrap_or("internal error"),
    };
    answer::json(request, status, &IntakeBody::refusal(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_switches_itself_off() {
        let switch = FaultSwitch::default();
        switch.set(Some(Fault { status: 503, times: Some(2) }));

        let taken = [switch.take(), switch.take(), switch.take()];

        let unavailable = Some(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(taken, [unavailable, unavailable, None]);
    }

    #[test]
    fn an_uncounted_fault_stays() {
        let switch = FaultSwitch::default();
        switch.set(Some(Fault { status: 429, times: None }));

        assert!((0..10).all(|_| switch.take().is_some()));
        assert!(switch.current().is_some());
    }
}
