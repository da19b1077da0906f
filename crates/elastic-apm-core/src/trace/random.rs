//! Random ids, without a lock and without a system call per id.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};

use elastic_apm_intake::{ErrorId, SpanId, TraceId};
use fastrand::Rng;

use crate::per_process::Birthplace;

thread_local! {
    static SOURCE: RefCell<Source> = RefCell::new(Source::new());
}

/// One thread's generator.
struct Source {
    rng: Rng,
    birthplace: Birthplace,
}

impl Source {
    // Seeded from the operating system's randomness by way of the standard library's hash keys: `fastrand`'s own seed
    // is made of the clock and the thread's number, which two containers that start together can share. The keys are copied by a
    // fork; the process's number is not.
    fn new() -> Self {
        let seed = RandomState::new().hash_one(std::process::id());
        Source { rng: Rng::with_seed(seed), birthplace: Birthplace::here() }
    }

    /// The generator. A child begins anew, lest it make the ids that its parent makes.
    fn rng(&mut self) -> &mut Rng {
        if self.birthplace.is_elsewhere() {
            *self = Source::new();
        }
        &mut self.rng
    }
}

/// Runs `f` with this thread's generator, or with a fresh one while the thread is being torn down.
fn with_rng<T>(f: impl Fn(&mut Rng) -> T) -> T {
    SOURCE.try_with(|source| f(source.borrow_mut().rng())).unwrap_or_else(|_| f(Source::new().rng()))
}

/// Never all zero, which W3C reserves for "invalid".
fn sixteen_bytes(rng: &mut Rng) -> [u8; 16] {
    let (high, low) = (u128::from(rng.u64(..)), u128::from(rng.u64(..).max(1)));
    (high << 64 | low).to_ne_bytes()
}

fn eight_bytes(rng: &mut Rng) -> [u8; 8] {
    rng.u64(..).max(1).to_ne_bytes()
}

/// Of a new trace, and of the transaction that it starts with.
pub(crate) fn root_ids() -> (TraceId, SpanId) {
    let (trace_id, id) = with_rng(|rng| (sixteen_bytes(rng), eight_bytes(rng)));
    (TraceId::from_bytes(trace_id), SpanId::from_bytes(id))
}

pub(crate) fn span_id() -> SpanId {
    SpanId::from_bytes(with_rng(eight_bytes))
}

pub(crate) fn error_id() -> ErrorId {
    ErrorId::from_bytes(with_rng(sixteen_bytes))
}

/// A number in `0.0..1.0`, for the sampling dice.
pub(crate) fn unit() -> f64 {
    with_rng(Rng::f64)
}
