//! Describes an error or a message before it is reported.
//!
//! Where nothing is recorded a builder holds nothing: no code of the error runs, and setters convert nothing.

use std::error::Error;
use std::fmt::Display;
use std::time::SystemTime;

use elastic_apm_intake::{ErrorId, ErrorLog, Keyword, LabelValue, LongText, User};
use serde_json::Value;

use super::chain;
use super::draft::{Draft, Origin};
use super::place::Place;
use crate::captured::CapturedStack;
use crate::clock::micros_since_epoch;

/// An error that is about to be reported. It comes from [`error`](crate::error), or from the method of that name of a
/// [`Tracer`](crate::Tracer), [`TransactionRef`](crate::TransactionRef) or [`Span`](crate::Span).
///
/// Its message, type and causes are taken when the builder is made. What is known of the transaction by the time of
/// [`capture`](Self::capture) goes with it: labels, user and custom context, over which lies what is said here.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
///
/// let agent = RecordingAgent::new();
/// let error = "12a".parse::<u32>().unwrap_err();
/// agent.tracer().error(&error).handled(false).label("input", "12a").capture();
///
/// let sent = &agent.events().errors[0];
/// assert_eq!(sent.exception.as_ref().unwrap().handled, Some(false));
/// assert_eq!(sent.labels.len(), 1);
/// ```
#[must_use = "nothing is reported until capture is called"]
pub struct ErrorBuilder {
    draft: Option<Box<Draft>>,
}

/// A message that is about to be reported. It comes from [`message`](crate::message), or from the method of that name of a
/// [`Tracer`](crate::Tracer), [`TransactionRef`](crate::TransactionRef) or [`Span`](crate::Span).
///
/// What is known of the transaction by the time of [`capture`](Self::capture) goes with it: labels, user and custom context, over
/// which lies what is said here.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
///
/// let agent = RecordingAgent::new();
/// agent.tracer().message("order 7 is late").param_message("order {} is late").level("warning").capture();
///
/// let log = agent.events().errors[0].log.clone().unwrap();
/// assert_eq!(log.param_message.as_deref(), Some("order {} is late"));
/// ```
#[must_use = "nothing is reported until capture is called"]
pub struct MessageBuilder {
    draft: Option<Box<Draft>>,
}

impl ErrorBuilder {
    pub(crate) fn new<E: Error + ?Sized>(place: Place, error: &E) -> Self {
        if !place.is_recording() {
            return ErrorBuilder { draft: None };
        }
        let mut draft = Draft::new(place);
        let settings = draft.place.settings();
        let limit = settings.map_or(LongText::LIMIT, |settings| settings.long_field_max_length);
        draft.event.exception = chain::exception_of(error, limit).map(Box::new);
        if draft.event.exception.is_none() {
            draft.place.tracer.debug(format_args!(
                "error ignored: it is captured while an error is printed that is captured while another one is printed"
            ));
            return ErrorBuilder { draft: None };
        }
        ErrorBuilder { draft: Some(Box::new(draft)) }
    }

    /// Whether the program dealt with it. Default `true`.
    pub fn handled(mut self, handled: bool) -> Self {
        if let Some(draft) = &mut self.draft {
            draft.on_exception(|exception| exception.handled = Some(handled));
        }
        self
    }

    /// A code, such as the number that an operating system or a database gives to the error.
    pub fn code(mut self, code: impl Display) -> Self {
        if let Some(draft) = &mut self.draft {
            let code = Keyword::formatted(format_args!("{code}"));
            draft.on_exception(|exception| exception.code = Some(code));
        }
        self
    }
}

impl MessageBuilder {
    pub(crate) fn new(place: Place, message: impl Into<LongText>) -> Self {
        if !place.is_recording() {
            return MessageBuilder { draft: None };
        }
        let mut draft = Draft::new(place);
        draft.event.log = Some(Box::new(ErrorLog {
            message: message.into(),
            level: Some(Keyword::from_static("error")),
            ..ErrorLog::default()
        }));
        MessageBuilder { draft: Some(Box::new(draft)) }
    }

    /// The message's template, placeholders as they are: what Kibana groups by. Without one, every text is a group of its own.
    pub fn param_message(mut self, template: impl Into<Keyword>) -> Self {
        if let Some(log) = self.log() {
            log.param_message = Some(template.into());
        }
        self
    }

    /// The severity. Default `error`; one below it, such as `warning` or `info`, leaves the outcome of span and transaction alone.
    pub fn level(mut self, level: impl Into<Keyword>) -> Self {
        if let Some(draft) = &mut self.draft {
            let level = level.into();
            draft.fails = is_error(&level);
            if let Some(log) = &mut draft.event.log {
                log.level = Some(level);
            }
        }
        self
    }

    /// The logger it came from.
    pub fn logger_name(mut self, name: impl Into<Keyword>) -> Self {
        if let Some(log) = self.log() {
            log.logger_name = Some(name.into());
        }
        self
    }

    fn log(&mut self) -> Option<&mut ErrorLog> {
        self.draft.as_mut()?.event.log.as_deref_mut()
    }
}

/// Whether a message of this level says that something failed. Unknown levels do.
fn is_error(level: &str) -> bool {
    let lesser = ["trace", "debug", "info", "notice", "warn", "warning"];
    !lesser.iter().any(|lesser| level.eq_ignore_ascii_case(lesser))
}

/// What is said of errors and messages alike.
macro_rules! common_methods {
    ($($builder:ident)*) => { $(
        impl $builder {
            /// Whether anything will be recorded.
            pub fn is_recording(&self) -> bool {
                self.draft.is_some()
            }

            /// The function that is to blame.
            pub fn culprit(mut self, culprit: impl Into<Keyword>) -> Self {
                if let Some(draft) = &mut self.draft {
                    draft.event.culprit = Some(culprit.into());
                }
                self
            }

            /// Adds an indexed label, or replaces the transaction's own. `.`, `*` and `"` in the key become `_`.
            pub fn label(mut self, key: impl Into<Keyword>, value: impl Into<LabelValue>) -> Self {
                if let Some(draft) = &mut self.draft {
                    draft.event.labels.insert(key.into(), value.into());
                }
                self
            }

            /// Adds an entry of custom context, or replaces the transaction's own: any JSON, not indexed.
            pub fn custom(mut self, key: &str, value: impl Into<Value>) -> Self {
                if let Some(draft) = &mut self.draft {
                    draft.set_custom(key, value.into());
                }
                self
            }

            /// Says who the user is, where it is not the transaction's.
            pub fn user(mut self, user: User) -> Self {
                if let Some(draft) = &mut self.draft {
                    draft.set_user(user);
                }
                self
            }

            /// It happened then, and not when this builder was made. A time in the future is taken as now.
            pub fn happened_at(mut self, time: SystemTime) -> Self {
                if let Some(draft) = &mut self.draft {
                    draft.event.timestamp = micros_since_epoch(time).min(draft.event.timestamp);
                }
                self
            }

            /// Whether it says where it was captured. Default `true`; the option `stack_trace_limit` says how far.
            pub fn stack_trace(mut self, captured: bool) -> Self {
                if let Some(draft) = &mut self.draft {
                    draft.origin = if captured { Origin::Here } else { Origin::Nowhere };
                }
                self
            }

            /// It says that it comes from there, and not from where it is captured; with `None`, from nowhere. For authors of
            /// integrations.
            pub fn captured_at(mut self, stack: Option<CapturedStack>) -> Self {
                if let Some(draft) = &mut self.draft {
                    draft.origin = stack.map_or(Origin::Nowhere, Origin::There);
                }
                self
            }

            /// Reports it. Returns its id, or `None` where nothing is recorded.
            pub fn capture(self) -> Option<ErrorId> {
                self.draft.map(|draft| draft.capture())
            }
        }

        impl std::fmt::Debug for $builder {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($builder)).field("recording", &self.is_recording()).finish_non_exhaustive()
            }
        }
    )* };
}

common_methods! { ErrorBuilder MessageBuilder }
