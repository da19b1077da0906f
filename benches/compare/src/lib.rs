//! The agents that are compared, and the work they are compared by.
//!
//! A library so that two programs can be made of it: one that takes times, and one whose allocator counts.

pub mod agents;
pub mod cpu;
pub mod workload;
