//! A request body that remembers whether a connection has taken it.
//!
//! hyper asks a body about itself only once a connection is there and takes the request over. Until then nothing can have
//! left this machine, whatever goes wrong.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The bytes of one request.
#[derive(Debug)]
pub(super) struct TrackedBody {
    bytes: Option<Bytes>,
    taken: Taken,
}

/// Tells whether a connection has taken the body.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken(Arc<AtomicBool>);

impl Taken {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl TrackedBody {
    pub(super) fn new(bytes: Bytes) -> (Self, Taken) {
        let taken = Taken::default();
        (Self { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), taken: taken.clone() }, taken)
    }
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.taken.set();
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        // The first question of a connection, and of an empty body the only one.
        self.taken.set();
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
