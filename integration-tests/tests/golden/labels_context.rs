//! Labels of every kind, user and custom context, texts that are too long, and an error that copies them.

use std::error::Error;
use std::fmt;

use elastic_apm::{
    Outcome, User, capture_span, error, label, set_custom_context, set_transaction_name,
    set_transaction_outcome, set_transaction_result, set_user_context,
};
use serde_json::json;

use crate::common::{CUSTOM_SPANS, ERRORS, METADATA, agent, compare};
use crate::comparison::{Difference, NOTHING, SOMETHING, differs};

#[derive(Debug)]
struct ValueError(String);

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ValueError {}

const DIFFERENCES: &[Difference] = &[
    differs("X1.context.user.id", "42", "\"42\"", USER_ID),
    differs("E1.context.user.id", "42", "\"42\"", USER_ID),
    differs(
        "E1.exception.message",
        "\"ValueError: vvvvvvvvvvvvvvvvvvvvvvvvvvvv...(10000 chars)\"",
        "\"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv...(10000 chars)\"",
        "the type has a field of its own, and is no part of what `Display` prints",
    ),
    differs(
        "E1.transaction.name",
        "\"renamed/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz...(2008 chars)\"",
        "\"renamed/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz...(1024 chars)\"",
        "the server refuses an error with a longer name",
    ),
    differs(
        "E1.context.custom.*",
        NOTHING,
        SOMETHING,
        "an error keeps what its transaction knows; in Python the error's own custom context replaces all of it",
    ),
];

const USER_ID: &str = "the specification calls it a text; the server keeps it as one";

#[test]
fn labels_and_context_are_what_python_sends() {
    let agent = agent();

    let tx = agent.tracer().begin_transaction("script");
    label("s", "str");
    label("i", 42);
    label("f", 1.5);
    label("t", true);
    label("n", format!("{:?}", None::<()>));
    label("big", 100_000_000_000_000_000_000_u128);
    label("neg", -1);
    label("uni", "zażółć ☃ 😀");
    label("long", "x".repeat(2000));
    label("d", "{'nested': 1}");
    label("l", format!("{:?}", [1, 2]));
    label("dotted.key", 1);
    label("star*", 2);
    label("quo\"te", 3);
    tx.label("on_tx", 1);
    set_user_context(User::new().username("joe").email("joe@example.com").id(42));
    set_custom_context("billing_amount", 4500.5);
    set_custom_context("nested", json!({"a": [1, {}]}));
    set_custom_context("huge", "y".repeat(3000));
    set_custom_context("dot.ted", "x");
    set_transaction_name(format!("renamed/{}", "z".repeat(2000)));
    set_transaction_result("CUSTOM");
    set_transaction_outcome(Outcome::Failure);
    {
        let span = capture_span(format!("sp-{}", "n".repeat(2000)));
        span.label("a.b", "c");
        span.label("x", 3);
    }
    error(&ValueError("v".repeat(20_000))).custom("extra", 1).capture();
    drop(tx);

    compare("labels_context", &agent, &[], &[METADATA, CUSTOM_SPANS, ERRORS, DIFFERENCES]);
}
