//! Random ids, without a lock and without a system call per id.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};

use elastic_apm_intake::{ErrorId, SpanId, TraceId};
use fastrand::Rng;

thread_local! {
    // Seeded from the operating system's randomness by way of the standard library's hash keys: `fastrand`'s own seed
    // is made of the clock and the thread's number, which two containers that start together can share.
    static RNG: RefCell<Rng> = RefCell::new(Rng::with_seed(os_seed()));
}

fn os_seed() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// Runs `f` with this thread's generator, or with a fresh one while the thread is being torn down.
fn with_rng<T>(f: impl Fn(&mut Rng) -> T) -> T {
    RNG.try_with(|rng| f(&mut rng.borrow_mut())).unwrap_or_else(|_| f(&mut Rng::with_seed(os_seed())))
}

/// Never all zero, which W3C reserves for "invalid".
fn sixteen_bytes(rng: &mut Rng) -> [u8; 16] {
    let (high, low) = (u128::from(rng.u64(..)), u128::from(rng.u64(..).max(1)));
    (high << 64 | low).to_ne_bytes()
}

pub(crate) fn trace_id() -> TraceId {
    TraceId::from_bytes(with_rng(sixteen_bytes))
}

pub(crate) fn span_id() -> SpanId {
    SpanId::from_bytes(with_rng(|rng| rng.u64(..)).max(1).to_ne_bytes())
}

pub(crate) fn error_id() -> ErrorId {
    ErrorId::from_bytes(with_rng(sixteen_bytes))
}

/// A number in `0.0..1.0`, for the sampling dice.
pub(crate) fn unit() -> f64 {
    with_rng(Rng::f64)
}
