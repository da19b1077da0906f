//! The command line: arguments in, settings out.

use std::fmt;

use elastic_apm_devserver::{DEFAULT_ADDRESS, DEFAULT_MAX_BYTES, DEFAULT_VERSION, DevServer};

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Serve with these settings.
    Serve(DevServer),
    /// Print this and leave.
    Print(String),
}

/// What is wrong with the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UsageError {
    Unknown(String),
    MissingValue(String),
    NotASize(String),
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(argument) => write!(f, "unknown argument `{argument}` (see --help)"),
            Self::MissingValue(flag) => write!(f, "`{flag}` needs a value"),
            Self::NotASize(value) => write!(f, "`{value}` is not a number of bytes, such as 67108864 or 64m"),
        }
    }
}

impl std::error::Error for UsageError {}

/// Reads the arguments, the program's name not among them.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, UsageError> {
    let mut server = DevServer::builder();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let (flag, inline) = match argument.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (argument.clone(), None),
        };
        let mut value =
            || inline.clone().or_else(|| arguments.next()).ok_or(UsageError::MissingValue(flag.clone()));
        server = match flag.as_str() {
            "-h" | "--help" => return Ok(Command::Print(help())),
            "--address" => server.address(value()?),
            "--secret-token" => server.secret_token(value()?),
            "--api-key" => server.api_key(value()?),
            "--max-bytes" => server.max_bytes(bytes(&value()?)?),
            "--version" => match value() {
                Ok(version) => server.version(version),
                // The usual meaning of the bare flag.
                Err(_) => return Ok(Command::Print(format!("{} {}", NAME, env!("CARGO_PKG_VERSION")))),
            },
            _ => return Err(UsageError::Unknown(argument)),
        };
    }
    Ok(Command::Serve(server))
}

const NAME: &str = env!("CARGO_PKG_NAME");

fn help() -> String {
    format!(
        "{NAME} {}: a local stand-in for APM Server with a waterfall page

Usage: {NAME} [options]

  --address HOST:PORT   where to listen (default {DEFAULT_ADDRESS})
  --secret-token TOKEN  ask agents for this secret token
  --api-key ID:KEY      ask agents for this API key, plain or in base64
  --max-bytes SIZE      how much to keep, the oldest traces go first (default {}m)
  --version VERSION     the APM Server version to stand in for (default {DEFAULT_VERSION});
                        without a value: print this program's version
  -h, --help            print this",
        env!("CARGO_PKG_VERSION"),
        DEFAULT_MAX_BYTES / (1024 * 1024),
    )
}

/// A number of bytes, with an optional `k`, `m` or `g` for powers of 1024.
fn bytes(text: &str) -> Result<usize, UsageError> {
    let refused = || UsageError::NotASize(text.to_owned());
    let (digits, unit) = match text.to_ascii_lowercase().chars().last() {
        Some('k') => (&text[..text.len() - 1], 1024),
        Some('m') => (&text[..text.len() - 1], 1024 * 1024),
        Some('g') => (&text[..text.len() - 1], 1024 * 1024 * 1024),
        _ => (text, 1),
    };
    let number: usize = digits.parse().map_err(|_| refused())?;
    number.checked_mul(unit).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::{Command, UsageError, bytes, parse};

    fn parse_all(arguments: &[&str]) -> Result<Command, UsageError> {
        parse(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn values_follow_or_are_joined() {
        for arguments in [&["--address", "127.0.0.1:1"][..], &["--address=127.0.0.1:1"], &[]] {
            assert!(matches!(parse_all(arguments), Ok(Command::Serve(_))), "{arguments:?}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(parse_all(&["--adress=x"]).unwrap_err(), UsageError::Unknown("--adress=x".into()));
        assert_eq!(parse_all(&["--api-key"]).unwrap_err(), UsageError::MissingValue("--api-key".into()));
        assert_eq!(parse_all(&["--max-bytes", "-1"]).unwrap_err(), UsageError::NotASize("-1".into()));
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!([bytes("5"), bytes("5k"), bytes("2M"), bytes("1g")], [5, 5120, 2 << 20, 1 << 30].map(Ok));
        assert!(bytes("").is_err() && bytes("m").is_err() && bytes("99999999999g").is_err());
    }

    #[test]
    fn a_bare_version_flag_prints_the_own_version() {
        assert!(matches!(parse_all(&["--version"]), Ok(Command::Print(_))));
        assert!(matches!(parse_all(&["--version", "7.17.0"]), Ok(Command::Serve(_))));
    }
}
