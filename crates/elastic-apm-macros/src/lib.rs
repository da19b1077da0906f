//! `#[capture_span]` and `#[transaction]` of Elastic APM for Rust. Users name the crate `elastic-apm`, which re-exports them.
//!
//! | module | job |
//! |---|---|
//! | `arguments` | what stands in the attribute's parentheses |
//! | `function` | the function below it: signature parsed, body kept as it is |
//! | `returns` | what the return type says: a future, a boxed one, a `Result` |
//! | `describe` | the statements that describe a span or transaction |
//! | `expand` | puts them and the body together, one form for each kind of function |
//!
//! What an expansion calls is `elastic_apm::__private`; what a span is, it does not know.

use proc_macro::TokenStream;

mod arguments;
mod describe;
mod expand;
mod function;
mod returns;

/// Runs the function in a span below what is current.
#[proc_macro_attribute]
pub fn capture_span(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(describe::Subject::Span, arguments.into(), item.into()).into()
}

/// Runs the function as a transaction of the default agent.
#[proc_macro_attribute]
pub fn transaction(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(describe::Subject::Transaction, arguments.into(), item.into()).into()
}
