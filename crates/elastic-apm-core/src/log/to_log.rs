//! Lines as records of the `log` facade, target `elastic_apm`.

use std::fmt;

use super::LogLevel;

#[derive(Debug)]
pub(super) struct Outlet;

impl Outlet {
    pub(super) fn new() -> Self {
        Self
    }

    pub(super) fn write(&self, level: LogLevel, message: fmt::Arguments<'_>) {
        let level = match level {
            LogLevel::Off | LogLevel::Critical | LogLevel::Error => ::log::Level::Error,
            LogLevel::Warning => ::log::Level::Warn,
            LogLevel::Info => ::log::Level::Info,
            LogLevel::Debug => ::log::Level::Debug,
            LogLevel::Trace => ::log::Level::Trace,
        };
        ::log::log!(target: super::TARGET, level, "{message}");
    }
}
