//! An error with its causes inside a span, and one outside of any transaction.

use std::error::Error;
use std::fmt;

use elastic_apm::{capture_span, error};

use crate::common::{CUSTOM_SPANS, ERRORS, METADATA, WHERE_SPANS_STARTED, agent, compare};
use crate::comparison::{Difference, NOTHING, SOMETHING, differs};

macro_rules! errors {
    ($($name:ident($cause:ty): $message:literal,)*) => {$(
        #[derive(Debug)]
        struct $name(Option<$cause>);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($message)
            }
        }

        impl Error for $name {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                self.0.as_ref().map(|cause| cause as _)
            }
        }
    )*};
}

errors! {
    RuntimeError(CustomError): "top failed",
    CustomError(KeyError): "mid failed",
    KeyError(fmt::Error): "'missing'",
    ZeroDivisionError(fmt::Error): "division by zero",
}

const DIFFERENCES: &[Difference] = &[
    differs("E1.exception.message", "\"RuntimeError: top failed\"", "\"top failed\"", TYPE_IN_MESSAGE),
    differs("E1.exception.cause.0.message", "\"CustomError: mid failed\"", "\"mid failed\"", TYPE_IN_MESSAGE),
    differs(
        "E1.exception.cause.0.cause.0.message",
        "\"KeyError: 'missing'\"",
        "\"'missing'\"",
        TYPE_IN_MESSAGE,
    ),
    differs(
        "E2.exception.message",
        "\"ZeroDivisionError: division by zero\"",
        "\"division by zero\"",
        TYPE_IN_MESSAGE,
    ),
    differs("E1.exception.cause.0.module", "\"__main__\"", NOTHING, CAUSE_MODULE),
    differs("E1.exception.cause.0.cause.0.module", "\"builtins\"", NOTHING, CAUSE_MODULE),
    differs("E1.exception.cause.0.stacktrace", SOMETHING, NOTHING, CAUSE_STACK),
    differs("E1.exception.cause.0.cause.0.stacktrace", SOMETHING, NOTHING, CAUSE_STACK),
    differs(
        "S1.outcome",
        "\"success\"",
        "\"failure\"",
        "a span in which an error was captured has failed, as in Elastic's Go and Node agents; Python looks at its end alone",
    ),
    differs(
        "X1.outcome",
        NOTHING,
        "\"failure\"",
        "the specification asks for an outcome on every transaction; an error was captured in this one",
    ),
];

const TYPE_IN_MESSAGE: &str = "the type has a field of its own, and is no part of what `Display` prints";
const CAUSE_MODULE: &str =
    "`source()` gives a cause without its type; the name comes from `Debug`, which has no module";
const CAUSE_STACK: &str = "a Rust error remembers no stack, so that only the place of the capture is known";

#[test]
fn errors_with_causes_are_what_python_sends() {
    let agent = agent();

    let tx = agent.tracer().begin_transaction("script");
    {
        let _outer = capture_span("outer");
        error(&RuntimeError(Some(CustomError(Some(KeyError(None)))))).custom("k", "v").capture();
    }
    tx.end_with("err", "failure");
    agent.tracer().capture_error(&ZeroDivisionError(None));

    compare("error_chain", &agent, &[], &[METADATA, CUSTOM_SPANS, WHERE_SPANS_STARTED, ERRORS, DIFFERENCES]);
}
