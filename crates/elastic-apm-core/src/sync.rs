//! The atomics of what is free of locks, under a name of our own: the model checker puts its own in their place.

pub(crate) use std::sync::atomic;
