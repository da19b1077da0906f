//! The command line: arguments in, a wish out.

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Run; with `once` only one round.
    Run { once: bool },
    /// Explain the arguments.
    Help,
}

pub(crate) const USAGE: &str = "\
Three traced services in one process: see what Elastic APM for Rust records.

Usage: quickstart [--once]

  --once      end after one round; the exit code says whether everything arrived
  -h, --help  print this

Without --once it keeps sending requests until Ctrl-C.

Events go to ELASTIC_APM_SERVER_URL if that is set, else to an APM Server on
127.0.0.1:8200, else to a dev server that this program starts. The other
ELASTIC_APM_* variables count as in any service, but ELASTIC_APM_SERVICE_NAME:
the three services have names of their own.
";

/// Reads the arguments, the program's name not among them. Gives back the first that is unknown.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Wish, String> {
    let mut wish = Wish::Run { once: false };
    for argument in arguments {
        match argument.as_str() {
            "--once" if wish != Wish::Help => wish = Wish::Run { once: true },
            "--once" => {}
            "-h" | "--help" => wish = Wish::Help,
            _ => return Err(argument),
        }
    }
    Ok(wish)
}

#[cfg(test)]
mod tests {
    use super::{USAGE, Wish, parse};

    fn parse_all(arguments: &[&str]) -> Result<Wish, String> {
        parse(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn help_wins_and_unknown_arguments_are_given_back() {
        assert_eq!(parse_all(&[]), Ok(Wish::Run { once: false }));
        assert_eq!(parse_all(&["--once"]), Ok(Wish::Run { once: true }));
        assert_eq!(parse_all(&["--help", "--once"]), Ok(Wish::Help));
        assert_eq!(parse_all(&["--once", "--twice"]), Err("--twice".to_owned()));
    }

    #[test]
    fn the_usage_fits_a_narrow_terminal() {
        assert!(USAGE.lines().all(|line| line.len() <= 80));
    }
}
