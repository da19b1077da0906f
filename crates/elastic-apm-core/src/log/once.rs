//! Says each of a few things once.

use std::fmt;

use super::AgentLog;

/// How many different things are remembered. Beyond it everything counts as said.
const REMEMBERED: usize = 16;

/// Warns of each thing once and repeats it at level debug, such as the reasons for which a server refuses events.
#[derive(Debug)]
pub(crate) struct OnceLog {
    log: AgentLog,
    said: Vec<String>,
}

impl OnceLog {
    /// A log in which nothing has been said.
    pub(crate) fn new(log: AgentLog) -> Self {
        Self { log, said: Vec::new() }
    }

    /// Says `message`; as a warning if it is the first about `subject`.
    pub(crate) fn warn(&mut self, subject: &str, message: fmt::Arguments<'_>) {
        if self.said.len() >= REMEMBERED || self.said.iter().any(|said| said == subject) {
            return self.log.debug(message);
        }
        self.said.push(subject.to_owned());
        self.log.warn(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subject_is_a_warning_once() {
        let log = AgentLog::recording();
        let mut once = OnceLog::new(log.clone());

        once.warn("a", format_args!("a 1"));
        once.warn("a", format_args!("a 2"));
        once.warn("b", format_args!("b 1"));

        assert_eq!(log.recorded(), ["WARN a 1", "DEBUG a 2", "WARN b 1"]);
    }

    #[test]
    fn endlessly_many_subjects_are_not_endlessly_many_warnings() {
        let log = AgentLog::recording();
        let mut once = OnceLog::new(log.clone());

        for number in 0..100 {
            once.warn(&number.to_string(), format_args!("{number}"));
        }

        assert_eq!(log.recorded().iter().filter(|line| line.starts_with("WARN")).count(), REMEMBERED);
    }
}
