//! What threads meet in, under a name of our own: the model checker puts its own in their place.

pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError, atomic};
