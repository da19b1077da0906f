//! Lines on standard error: `[elastic-apm] WARN message`.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

use super::LogLevel;

#[derive(Debug)]
pub(super) struct Outlet;

impl Outlet {
    #[cfg(not(feature = "tracing"))]
    pub(super) fn new() -> Self {
        Self
    }

    /// Writes one line with one call, so that lines of several threads or processes do not mix.
    ///
    /// A closed or full standard error is ignored.
    pub(super) fn write(&self, level: LogLevel, message: fmt::Arguments<'_>) {
        let _ = write_all(line(level, message).as_bytes());
    }
}

/// Writes past the standard library's lock: a thread that holds it while another one forks holds it for ever in the child.
#[cfg(unix)]
fn write_all(line: &[u8]) -> io::Result<()> {
    use std::os::fd::AsFd as _;

    let descriptor = io::stderr().as_fd().try_clone_to_owned()?;
    std::fs::File::from(descriptor).write_all(line)
}

#[cfg(not(unix))]
fn write_all(line: &[u8]) -> io::Result<()> {
    io::stderr().lock().write_all(line)
}

/// Builds the line. Control characters are escaped: what a server answered must not forge lines.
fn line(level: LogLevel, message: fmt::Arguments<'_>) -> String {
    let mut line = format!("[elastic-apm] {} ", level.label());
    // The inner `String` never fails; a failing `Display` of an argument just ends the message early.
    let _ = write!(Escaped(&mut line), "{message}");
    line.push('\n');
    line
}

struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if c.is_control() && c != '\t' {
                self.0.extend(c.escape_default());
            } else {
                self.0.push(c);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_carries_prefix_level_and_message() {
        let line = line(LogLevel::Warning, format_args!("queue is full ({} events)", 4096));

        assert_eq!(line, "[elastic-apm] WARN queue is full (4096 events)\n");
    }

    #[test]
    fn control_characters_cannot_forge_a_line() {
        let line = line(LogLevel::Info, format_args!("answer: {}", "a\n[elastic-apm] ERROR b\u{1b}[31m"));

        assert_eq!(line, "[elastic-apm] INFO answer: a\\n[elastic-apm] ERROR b\\u{1b}[31m\n");
    }
}
