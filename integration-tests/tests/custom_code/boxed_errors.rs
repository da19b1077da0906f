//! Errors in boxes: trait objects, anyhow's and eyre's reports.

use std::error::Error;
use std::{fmt, io};

use elastic_apm::intake::Exception;
use elastic_apm::{ErrorId, capture_error};

use crate::recorded;

#[derive(Debug)]
struct OutOfBeans {
    #[expect(dead_code, reason = "read by Debug")]
    cups: u32,
}

impl fmt::Display for OutOfBeans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no beans left")
    }
}

impl Error for OutOfBeans {}

/// What is sent for one error.
fn sent(capture: impl FnOnce() -> Option<ErrorId>) -> Exception {
    let events = recorded(|| assert!(capture().is_some()));
    assert_eq!(events.errors.len(), 1);
    *events.errors[0].exception.clone().unwrap()
}

/// Messages and types, from the top to the root.
fn chain(exception: &Exception) -> Vec<(&str, Option<&str>)> {
    let link = (exception.message.as_deref().unwrap(), exception.kind.as_deref());
    std::iter::once(link).chain(exception.cause.iter().flat_map(chain)).collect()
}

#[test]
fn what_is_in_a_box_is_sent_with_its_type() {
    let boxed: Box<dyn Error + Send + Sync> = Box::new(OutOfBeans { cups: 2 });

    let exception = sent(|| capture_error(&*boxed));

    assert_eq!(chain(&exception), [("no beans left", Some("OutOfBeans"))]);
}

#[test]
fn an_anyhow_error_is_sent_with_its_contexts_and_causes() {
    let error = anyhow::Error::new(OutOfBeans { cups: 2 }).context("cannot brew").context("cannot serve");

    let exception = sent(|| capture_error(&*error));

    let types = [Some("Error"), Some("Error"), Some("OutOfBeans")];
    let messages = ["cannot serve", "cannot brew", "no beans left"];
    assert_eq!(chain(&exception), messages.into_iter().zip(types).collect::<Vec<_>>());
}

#[test]
fn an_eyre_report_is_sent_with_its_contexts_and_causes() {
    let report = eyre::Report::new(OutOfBeans { cups: 2 }).wrap_err("cannot brew");

    let exception = sent(|| capture_error(&*report));

    assert_eq!(chain(&exception), [("cannot brew", Some("Error")), ("no beans left", Some("OutOfBeans"))]);
}

#[test]
fn the_message_of_an_error_made_on_the_spot_is_never_its_type() {
    let literal = sent(|| capture_error(&*anyhow::anyhow!("Lost")));
    let formatted = sent(|| capture_error(&*anyhow::anyhow!("Lost {}", "db-7")));
    let report = sent(|| capture_error(&*eyre::eyre!("Lost(db-7)")));
    let boxed = sent(|| capture_error(&*Box::<dyn Error>::from("Lost")));
    let io = sent(|| capture_error(&*Box::<dyn Error>::from(io::Error::other("Lost"))));

    for exception in [literal, formatted, report, boxed] {
        assert_eq!((&exception.kind, &exception.module), (&None, &None), "{exception:?}");
    }
    assert_eq!(io.kind.as_deref(), Some("Custom"), "the form that io::Error's Debug has");
}

#[test]
fn an_error_whose_debug_form_is_its_message_has_no_type_in_a_box() {
    struct Refused(&'static str);
    impl fmt::Display for Refused {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }
    impl fmt::Debug for Refused {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Display::fmt(self, f)
        }
    }
    impl Error for Refused {}

    for message in ["Refused", "Refused(db-7)", "Refused { by: db-7 }", "refused by db-7"] {
        let boxed: Box<dyn Error> = Box::new(Refused(message));

        let exception = sent(|| capture_error(&*boxed));

        assert_eq!(chain(&exception), [(message, None)]);
    }
}

#[test]
fn the_backtrace_in_a_report_is_not_formatted() {
    /// As anyhow's reports do, this one prints what it knows and then a backtrace.
    struct Report;
    impl fmt::Display for Report {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("it broke")
        }
    }
    impl fmt::Debug for Report {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("it broke\n\nStack backtrace:\n")?;
            panic!("resolved on the application's thread")
        }
    }
    impl Error for Report {}
    #[derive(Debug)]
    struct Wrapper(Report);
    impl fmt::Display for Wrapper {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("wrapped")
        }
    }
    impl Error for Wrapper {}
    let (report, wrapper): (Box<dyn Error>, Box<dyn Error>) = (Box::new(Report), Box::new(Wrapper(Report)));

    assert_eq!(chain(&sent(|| capture_error(&*report))), [("it broke", None)]);
    assert_eq!(chain(&sent(|| capture_error(&*wrapper))), [("wrapped", Some("Wrapper"))]);
}
