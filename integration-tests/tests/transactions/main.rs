//! What a transaction says of itself: how it ends, whose child it is, whether it is sampled, how many spans it has.
//!
//! | module | rules about |
//! |---|---|
//! | `endings` | how a transaction ends |
//! | `closures` | closures inside a transaction or a span |
//! | `times` | when a transaction was |
//! | `traces` | whose child it is, whether it is sampled, and what is sent on |
//! | `calls` | what there may be below calls to other services |
//! | `defaults` | what stands where names and types are left empty |
//! | `spans` | how many spans it has, and which are recorded |

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod calls;
mod closures;
mod defaults;
mod endings;
mod spans;
mod times;
mod traces;

use elastic_apm::Outcome;
use elastic_apm::intake::TransactionEvent;
use elastic_apm::testing::Events;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

fn only(events: &Events) -> &TransactionEvent {
    assert_eq!(events.transactions.len(), 1, "{}", events.tree());
    &events.transactions[0]
}

fn end(event: &TransactionEvent) -> (Option<&str>, Option<Outcome>) {
    (event.result.as_deref(), event.outcome)
}
