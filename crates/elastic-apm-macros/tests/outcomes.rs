//! What a returned `Err` makes of the span, with and without `err`.

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;

use elastic_apm::capture_span;

mod support;
use support::{recorded, recorded_async};

#[derive(Debug)]
struct Empty;

impl fmt::Display for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the machine is empty")
    }
}

impl Error for Empty {}

const FAILED: &str = "transaction test [success]\n  span pour [failure]\n";

/// The error makes a failure of the transaction as well: where it was captured, somebody wants to know.
const REPORTED: &str = "transaction test [failure]\n  span pour [failure]\n    error the machine is empty\n";

#[test]
fn an_err_makes_the_span_a_failure_and_reports_nothing() {
    #[capture_span(name = "pour")]
    fn pour() -> Result<(), Empty> {
        Err(Empty)?;
        Ok(())
    }
    #[capture_span(name = "pour")]
    async fn pour_async() -> Result<(), Empty> {
        Err(Empty)?;
        Ok(())
    }
    #[capture_span(name = "pour")]
    fn pour_future() -> impl Future<Output = Result<(), Empty>> {
        async { Err(Empty) }
    }
    #[capture_span(name = "pour")]
    fn pour_boxed() -> Pin<Box<dyn Future<Output = Result<(), Empty>> + Send>> {
        Box::pin(async { Err(Empty) })
    }

    assert_eq!(recorded(pour).tree(), FAILED);
    assert_eq!(recorded_async(async { pour_async().await }).tree(), FAILED);
    assert_eq!(recorded_async(async { pour_future().await }).tree(), FAILED);
    assert_eq!(recorded_async(async { pour_boxed().await }).tree(), FAILED);
}

#[test]
fn an_ok_is_a_success() {
    #[capture_span(name = "pour", err)]
    fn pour() -> Result<(), Empty> {
        Ok(())
    }

    assert_eq!(recorded(pour).tree(), "transaction test [success]\n  span pour [success]\n");
}

#[test]
fn with_err_the_error_is_reported_below_the_span() {
    #[capture_span(name = "pour", err)]
    fn pour() -> Result<(), Empty> {
        Err(Empty)?;
        Ok(())
    }
    #[capture_span(name = "pour", err)]
    async fn pour_async() -> Result<(), Empty> {
        Err(Empty)?;
        Ok(())
    }
    #[capture_span(name = "pour", err)]
    fn pour_boxed(early: bool) -> Pin<Box<dyn Future<Output = Result<(), Empty>> + Send>> {
        if early {
            return Box::pin(std::future::ready(Err(Empty)));
        }
        Box::pin(async { Ok(()) })
    }

    assert_eq!(recorded(pour).tree(), REPORTED);
    assert_eq!(recorded_async(async { pour_async().await }).tree(), REPORTED);
    assert_eq!(recorded_async(async { pour_boxed(true).await }).tree(), REPORTED);
}

#[test]
fn with_err_an_error_type_keeps_its_kind() {
    #[capture_span(err)]
    fn pour() -> Result<(), Empty> {
        Err(Empty)
    }

    let events = recorded(pour);

    let exception = events.errors[0].exception.as_ref().unwrap();
    assert_eq!((exception.module.as_deref(), exception.kind.as_deref()), (Some("outcomes"), Some("Empty")));
}

#[test]
fn with_err_a_box_of_an_error_is_opened() {
    #[capture_span(name = "pour", err)]
    fn pour() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(Empty)?;
        Ok(())
    }

    let events = recorded(pour);

    assert_eq!(events.tree(), REPORTED);
    assert_eq!(events.errors[0].exception.as_ref().unwrap().kind.as_deref(), Some("Empty"));
}

#[test]
fn with_err_what_dereferences_to_an_error_is_opened() {
    /// As `anyhow::Error` is made: no error itself.
    struct Any(Box<dyn Error + Send + Sync>);

    impl Deref for Any {
        type Target = dyn Error + Send + Sync;

        fn deref(&self) -> &Self::Target {
            &*self.0
        }
    }

    #[capture_span(name = "pour", err)]
    async fn pour() -> Result<(), Any> {
        Err(Any(Box::new(Empty)))
    }

    assert_eq!(recorded_async(async { pour().await.is_err() }).tree(), REPORTED);
}

#[test]
fn with_err_a_text_is_reported_as_a_message() {
    #[capture_span(name = "pour", err)]
    fn pour() -> Result<(), String> {
        Err("the machine is empty".to_owned())
    }

    let events = recorded(pour);

    assert_eq!(events.tree(), REPORTED);
    assert!(events.errors[0].exception.is_none());
}

#[test]
fn with_err_a_generic_error_is_reported() {
    #[capture_span(name = "pour", err)]
    fn pour<E: Error>(error: E) -> Result<(), E> {
        Err(error)
    }

    assert_eq!(recorded(|| pour(Empty)).tree(), REPORTED);
}

#[test]
fn an_alias_of_result_is_seen_through() {
    type PourResult<T> = Result<T, Empty>;

    #[capture_span(name = "pour")]
    fn pour() -> PourResult<u32> {
        Err(Empty)
    }

    assert_eq!(recorded(pour).tree(), FAILED);
}

#[test]
fn what_is_only_called_a_result_never_fails() {
    struct SearchResult;

    #[capture_span(name = "search")]
    fn search() -> SearchResult {
        SearchResult
    }
    #[capture_span(name = "search")]
    async fn search_async() -> SearchResult {
        SearchResult
    }

    let tree = "transaction test [success]\n  span search [success]\n";
    assert_eq!(recorded(search).tree(), tree);
    assert_eq!(recorded_async(async { search_async().await }).tree(), tree);
}
