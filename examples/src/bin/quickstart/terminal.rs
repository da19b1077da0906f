//! What the terminal can show: how wide it is, whether it has colours, and a way to write that survives `| head`.

use std::io::{IsTerminal as _, Write as _, stdout};

/// The width where nobody can be asked.
const USUAL: usize = 100;

/// Columns to fill: `COLUMNS`, else the terminal's width, between 80 and 120.
pub(crate) fn width() -> usize {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    set.or_else(asked).unwrap_or(USUAL).clamp(80, 120)
}

/// Whether colours are welcome: on a terminal, unless `NO_COLOR` is set.
pub(crate) fn has_colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stdout().is_terminal() && !refused && !dumb
}

/// Writes a text and a line end; a reader that has gone away is no reason to fail.
pub(crate) fn say(text: impl AsRef<str>) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush());
}
