//! How a trace and what goes with it travel: from headers into transactions, and on to those that are called.
//!
//! | module | rules about |
//! |---|---|
//! | `baggage` | baggage: taken along, changed, sent on, and shown on events |
//! | `carriers` | headers of HTTP, of messages, and of no kind that is known here |
//! | `ids` | ids of what is current, for logs and for pages |

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod baggage;
mod carriers;
mod ids;
