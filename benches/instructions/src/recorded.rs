//! The figures in the repository, and how far a count may be from them.
//!
//! Knows nothing of how anything is counted.

use std::fmt::Write as _;

use crate::count::Count;

/// The furthest a count may be from the recorded one: another patch of the compiler, or a small change elsewhere, moves it a little.
const MARGIN_PERCENT: u64 = 10;
/// The same where another compiler built it.
const OTHER_COMPILER_PERCENT: u64 = 25;
/// So many instructions are never a failure: of a short path they are more than the margin.
const GRANTED: u64 = 10;

/// What the record says of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Within the margin.
    Same,
    /// So much lower that it is worth a new record.
    Lower,
    /// A failure, and the highest count that would have passed.
    Higher { at_most: u64 },
    /// A failure: the record does not know the path.
    Unknown,
}

/// The recorded file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// The compiler, as it calls itself.
    pub(crate) compiler: String,
    /// Names of paths and their counts.
    pub(crate) counts: Vec<(String, Count)>,
}

const COMPILER: &str = "# compiler: ";
const HEADING: &str = "path\town\twith libc";

impl Recorded {
    /// Reads the file's text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut recorded = Recorded::default();
        for (number, line) in text.lines().enumerate() {
            if let Some(compiler) = line.strip_prefix(COMPILER) {
                compiler.clone_into(&mut recorded.compiler);
            } else if !line.is_empty() && !line.starts_with('#') && line != HEADING {
                let row = parse_row(line).ok_or_else(|| format!("line {}: not a row: {line}", number + 1))?;
                recorded.counts.push(row);
            }
        }
        Ok(recorded)
    }

    /// The file's text.
    pub(crate) fn render(&self) -> String {
        let mut text = format!(
            "# Instructions of one call on the application's thread (x86_64 Linux), less what it would take without the agent.\n\
             # Written by: cargo run --release --manifest-path benches/Cargo.toml -p bench-instructions -- record\n{COMPILER}{}\n{HEADING}\n",
            self.compiler
        );
        for (name, count) in &self.counts {
            let _ = writeln!(text, "{name}\t{}\t{}", count.own, count.all);
        }
        text
    }

    /// The recorded count of this path.
    pub(crate) fn get(&self, path: &str) -> Option<Count> {
        self.counts.iter().find(|(name, _)| name == path).map(|(_, count)| *count)
    }

    /// Compares a count of a program that this compiler built.
    ///
    /// Only the program's own instructions are judged. The C library's are the machine's: other versions and other processors
    /// copy and allocate by other code.
    pub(crate) fn judge(&self, path: &str, own: u64, compiler: &str) -> Verdict {
        let Some(recorded) = self.get(path).map(|count| count.own) else { return Verdict::Unknown };
        let percent = if compiler == self.compiler { MARGIN_PERCENT } else { OTHER_COMPILER_PERCENT };
        let margin = recorded * percent / 100 + GRANTED;
        if own > recorded + margin {
            Verdict::Higher { at_most: recorded + margin }
        } else if own + margin < recorded {
            Verdict::Lower
        } else {
            Verdict::Same
        }
    }
}

fn parse_row(line: &str) -> Option<(String, Count)> {
    let mut cells = line.split('\t');
    let (name, own, all) = (cells.next()?, cells.next()?.parse().ok()?, cells.next()?.parse().ok()?);
    cells.next().is_none().then(|| (name.to_owned(), Count { own, all }))
}

#[cfg(test)]
mod tests;
