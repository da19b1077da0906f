//! What is added up over many events: the self times of spans, for Elastic's "time spent by span type".
//!
//! | module | job |
//! |---|---|
//! | `self_times` | of one transaction, filled on the application's threads |
//! | `breakdown` | of all transactions since the last report, on the agent's thread |

mod breakdown;
mod self_times;

pub(crate) use breakdown::Breakdown;
pub(crate) use self_times::{SelfTimes, Time};
