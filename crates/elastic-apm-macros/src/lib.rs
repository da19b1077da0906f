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
///
/// ```
/// use elastic_apm::capture_span;
///
/// #[capture_span]
/// fn fill(cups: u32) -> u32 {
///     cups * 2
/// }
///
/// #[capture_span(name = "load recipe", type = "db", subtype = "postgresql", exit, err, labels(recipe = id))]
/// async fn load(id: u64) -> Result<String, std::num::ParseIntError> {
///     id.to_string().parse::<u32>()?;
///     Ok(format!("recipe {id}"))
/// }
/// # fill(1);
/// # drop(load(1));
/// ```
///
/// Where no sampled transaction is current the function just runs: nothing is worked out, nothing is allocated. (Labels of an `async fn`
/// are worked out also where nothing is current, while an agent runs: see [below](#functions-that-return-futures).)
///
/// # Arguments
///
/// | argument | meaning | not given |
/// |---|---|---|
/// | `name = "…"` | the span's name, a literal | the function's path with the type of a method, as the compiler prints it: `shop::Cart::pay` |
/// | `type = "…"` | its type; a dotted one (`db.postgresql.query`) is type, subtype and action | `custom` |
/// | `subtype = "…"`, `action = "…"` | the finer types | none |
/// | `exit` | the span is a call to another service: spans of other types below it are not recorded | |
/// | `leaf` | the span stands for all that happens below it: no spans are recorded there | |
/// | `labels(key = value, "any key" = value)` | labels. A value is any expression that may read the arguments: text, a number, a `bool`. It is read through a reference, and only where the span is recorded | arguments are never captured |
/// | `err` | reports an `Err` as `capture_error` does: an error type with its causes, a box of one (`anyhow::Error` too), or something to display | an `Err` is not reported |
/// | `crate = path` | where `elastic_apm` is re-exported | `::elastic_apm` |
///
/// Mark with `err` where an error is dealt with, or where it arises, and not all the way up: each mark reports it once more.
///
/// # Outcome
///
/// A panic makes the span a failure. So does an `Err`, also without `err`, if the name of the return type ends in `Result`: `Result`,
/// `io::Result<T>`, an alias such as `ApiResult<T>`. A future that is dropped midway leaves the outcome `unknown`, and
/// `failure` with `exit`.
///
/// # Functions that return futures
///
/// An `async fn`, a function that returns `impl Future` or `Pin<Box<dyn Future>>` (so also one in `#[async_trait]`): the span's
/// parent is what is current *at the call*, which makes `tokio::spawn(work())` right, or, where nothing is, at the first poll, which makes
/// `transaction("job", "batch").run(work())` right. Labels are worked out at the call in either case. It starts with the first poll and
/// ends with the future. What a function does before it returns its future is not part of the span.
///
/// The attribute turns an `async fn` into a function that returns `impl Future`. It stays an `async fn`, and takes its parent at
/// the first poll instead, where that would make a difference to others: with `#[must_use]`, with other attribute
/// macros below `#[capture_span]`, with `ref` among the arguments, and with the return type `!`.
///
/// # Functions of other kinds
///
/// A `const fn` does not compile with the attribute, since it may run inside the compiler. `unsafe` and `extern` functions stay what
/// they are. Where the result is looked at, `#[track_caller]` names the function and not its caller.
#[proc_macro_attribute]
pub fn capture_span(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(describe::Subject::Span, arguments.into(), &item.into()).into()
}

/// Runs the function as a transaction of the default agent: a job, a message, a scheduled task.
///
/// ```
/// use elastic_apm::transaction;
///
/// #[transaction(name = "nightly-report", type = "scheduled", err, labels(day = day))]
/// async fn nightly_report(day: u32) -> Result<(), std::fmt::Error> {
///     // the work; its spans are below the transaction
///     Ok(())
/// }
/// # drop(nightly_report(1));
/// ```
///
/// The transaction is a trace of its own, also where another one is current; to continue a trace there is the function
/// `transaction(…)` with `child_of`. Without a default agent the function just runs.
///
/// # Arguments
///
/// `name`, `type` (`custom` unless given), `labels(…)`, `err` and `crate`, as for `#[capture_span]`. Labels are worked out while
/// the agent records.
///
/// # Result and outcome
///
/// Unless set inside, the result is `success` or `failure`. An `Err` or a panic makes a failure, by the same rules as for
/// `#[capture_span]`. A future that is dropped midway ends with result `cancelled` and outcome `unknown`.
///
/// The transaction of an `async fn` starts with the first poll.
///
/// # With `#[tokio::main]`
///
/// Write `#[transaction]` above it: the transaction then goes with the function's future. Below it the function is no longer
/// `async` when this attribute sees it, and other tasks of a current-thread runtime would see the transaction as theirs.
///
/// On `main` itself it records nothing unless the agent was installed before; begin the transaction inside instead.
#[proc_macro_attribute]
pub fn transaction(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(describe::Subject::Transaction, arguments.into(), &item.into()).into()
}
