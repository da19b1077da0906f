//! What agents see: the routes of a real APM Server, answered as it answers them.

pub(crate) mod answer;
pub(crate) mod auth;
pub(crate) mod central;
pub(crate) mod configurations;
pub(crate) mod encoding;
pub(crate) mod faults;
pub(crate) mod info;
pub(crate) mod intake;
mod lines;
mod linger;
pub(crate) mod stream;
