//! What users write into their own code: spans in three forms, errors, labels, user and custom context.
//!
//! | module | rules about |
//! |---|---|
//! | `spans` | spans in three forms: the attribute, the guard, the future |
//! | `errors` | errors, messages, and where they belong |
//! | `described_errors` | what is said of an error beyond what it says itself |
//! | `boxed_errors` | errors in boxes, anyhow's and eyre's reports |
//! | `hostile_errors` | errors whose code panics or never ends, and errors at the wrong time |
//! | `labels` | labels of every type, and hostile ones |
//! | `current` | what is said of the current transaction and span, by whoever runs inside them |
//! | `contexts` | user and custom context, and passing the trace on |

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod boxed_errors;
mod contexts;
mod current;
mod described_errors;
mod errors;
mod hostile_errors;
mod labels;
mod spans;

use elastic_apm_integration_tests::CheckedAgent;
use serde_json::Value;

/// Runs `work` in a transaction of its own and returns what was recorded.
fn recorded(work: impl FnOnce()) -> elastic_apm::testing::Events {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    work();
    tx.end_with("job", "done");
    agent.events()
}

/// The `tags` of the only transaction, as sent.
fn tags(events: &elastic_apm::testing::Events) -> Value {
    let line = events.lines.iter().find(|line| line.starts_with("{\"transaction\"")).unwrap();
    let event: Value = serde_json::from_str(line).unwrap();
    event["transaction"]["context"]["tags"].clone()
}
