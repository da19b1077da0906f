//! The values that code sets, before they meet the environment.
//!
//! The setters are generated, here and on any builder that holds a [`ConfigBuilder`], by `option_setters!`.

use std::path::PathBuf;
use std::time::Duration;

use elastic_apm_intake::SampleRate;

use super::choices::{CaptureBody, TraceContinuationStrategy};
use super::lists::Labels;
use super::network::{ServerUrl, ServerUrls};
use super::quantities::{ByteSize, GranularDuration};
use super::service_name::ServiceName;
use super::stack_traces::{StackTraceLimit, StackTraceMinDuration};
use super::text::Secret;
use super::value::Given;
use super::wildcard::WildcardList;
use crate::log::LogLevel;

/// Writes all setters into an `impl` block: `option_setters! { pub [config] }` for a type that keeps a
/// [`ConfigBuilder`] in its field `config`.
macro_rules! option_setters {
    ($vis:vis [$($path:ident)*]) => {
        $crate::config::for_each_option! { [$crate::config::builder::setters_of_rows] ($vis [$($path)*]) }
    };
}
pub(crate) use option_setters;

macro_rules! setters_of_rows {
    ($target:tt $( $section:ident { $( $(#[doc = $doc:literal])* $name:ident: $setter:ident($ty:ty) = $default:tt, $env:literal
        $(, in $min:literal ..= $max:literal)?; )* } )*
    ) => { $( $(
        $crate::config::builder::setter! { $setter $target $name
            $(#[doc = $doc])*
            #[doc = ""]
            #[doc = concat!(
                "Default: ", $crate::config::builder::default_in_words!($default), ".",
                $(" Taken from `", $min, "` to `", $max, "`.",)?
                "\n\n`", $env, "`, when set, wins over this call."
            )]
        }
    )* )* };
}
pub(crate) use setters_of_rows;

macro_rules! default_in_words {
    ("") => {
        "not set"
    };
    ($default:literal) => {
        concat!("`", $default, "`")
    };
}
pub(crate) use default_in_words;

/// One setter: the natural Rust type of each kind of option.
macro_rules! setter {
    (text ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, value: impl Into<String>) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::text(value));
            self
        }
    };
    (path ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, path: impl Into<::std::path::PathBuf>) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::path(path));
            self
        }
    };
    (flag ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, on: bool) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::value(on));
            self
        }
    };
    (duration ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, duration: ::std::time::Duration) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::value(duration));
            self
        }
    };
    (granular ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, duration: ::std::time::Duration) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::granular(duration));
            self
        }
    };
    (count ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, count: usize) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::value(count));
            self
        }
    };
    (frames ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, frames: impl Into<Option<usize>>) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::frames(frames.into()));
            self
        }
    };
    (threshold ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, duration: impl Into<Option<::std::time::Duration>>) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::threshold(duration.into()));
            self
        }
    };
    (size ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, bytes: usize) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::bytes(bytes));
            self
        }
    };
    (rate ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, rate: f64) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::text(rate.to_string()));
            self
        }
    };
    (level ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, level: $crate::log::LogLevel) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::value(level));
            self
        }
    };
    (body ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, events: $crate::config::CaptureBody) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::value(events));
            self
        }
    };
    (continuation ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, strategy: $crate::config::TraceContinuationStrategy) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::value(strategy));
            self
        }
    };
    (list ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, items: impl IntoIterator<Item = impl Into<String>>) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::list(items));
            self
        }
    };
    (urls ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(mut self, urls: impl IntoIterator<Item = impl Into<String>>) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::joined(urls));
            self
        }
    };
    (labels ($vis:vis [$($path:ident)*]) $name:ident $(#[$attr:meta])*) => {
        $(#[$attr])*
        $vis fn $name(
            mut self,
            labels: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
        ) -> Self {
            self.$($path.)* $name = Some($crate::config::builder::labels(labels));
            self
        }
    };
}
pub(crate) use setter;

// What the setters call, wherever they are written.

pub(crate) fn text<T>(text: impl Into<String>) -> Given<T> {
    Given::Text(text.into())
}

pub(crate) fn value<T>(value: T) -> Given<T> {
    Given::Value(value)
}

pub(crate) fn path(path: impl Into<PathBuf>) -> Given<Option<PathBuf>> {
    let path = path.into();
    Given::Value((!path.as_os_str().is_empty()).then_some(path))
}

pub(crate) fn granular(duration: Duration) -> Given<GranularDuration> {
    Given::Value(GranularDuration(duration))
}

pub(crate) fn bytes(bytes: usize) -> Given<ByteSize> {
    Given::Value(ByteSize::bytes(bytes))
}

pub(crate) fn frames(frames: Option<usize>) -> Given<StackTraceLimit> {
    Given::Value(StackTraceLimit::new(frames))
}

pub(crate) fn threshold(duration: Option<Duration>) -> Given<StackTraceMinDuration> {
    Given::Value(StackTraceMinDuration::new(duration))
}

pub(crate) fn list(items: impl IntoIterator<Item = impl Into<String>>) -> Given<WildcardList> {
    Given::Value(items.into_iter().map(Into::into).collect())
}

pub(crate) fn joined<T>(items: impl IntoIterator<Item = impl Into<String>>) -> Given<T> {
    let items: Vec<String> = items.into_iter().map(Into::into).collect();
    Given::Text(items.join(","))
}

pub(crate) fn labels<K: Into<String>, V: Into<String>>(
    labels: impl IntoIterator<Item = (K, V)>,
) -> Given<Labels> {
    Given::Value(labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
}

macro_rules! define_builder {
    ([] $( $section:ident { $( $(#[doc = $doc:literal])* $name:ident: $setter:ident($ty:ty) = $default:literal, $env:literal
        $(, in $min:literal ..= $max:literal)?; )* } )*
    ) => {
        /// The options that code has set so far.
        #[must_use]
        #[derive(Clone, Debug, Default)]
        pub(crate) struct ConfigBuilder {
            $( $( pub(crate) $name: Option<Given<$ty>>, )* )*
        }
    };
}

super::for_each_option! { [define_builder] [] }

#[cfg(test)]
impl ConfigBuilder {
    option_setters! { pub(crate) [] }
}
