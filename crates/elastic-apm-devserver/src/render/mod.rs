//! A trace as text, for a terminal. Pure: a trace in, a string out.

#[cfg(test)]
mod tests;
mod text;

use std::fmt::Write as _;

use self::text::{duration, fit, plain};
use crate::store::Trace;
use crate::waterfall::{ErrorRow, Row, Waterfall};

/// Below this many columns nothing readable can be drawn.
const NARROWEST: usize = 48;
const DURATION_COLUMNS: usize = 9;
/// Foreground colours of services, in order of appearance: cyan, green, magenta, yellow, blue.
const PALETTE: [u8; 5] = [36, 32, 35, 33, 34];
const RED: u8 = 31;

/// Draws a trace as a text waterfall of at most `width` columns (48 at the least), without colour.
///
/// A line for the trace, one for its services and their letters, then one per transaction and span: indented
/// name, letter, bar, duration. `✗` marks failures, `?` rows whose parent has not arrived; errors stand below the row
/// they were captured in. Control characters in names are replaced, so nothing that was sent can steer the terminal.
///
/// ```no_run
/// # async fn example(server: elastic_apm_devserver::RunningServer) {
/// if let Some(trace) = server.store().traces().first() {
///     println!("{}", elastic_apm_devserver::render_waterfall(trace, 100));
/// }
/// # }
/// ```
pub fn render_waterfall(trace: &Trace, width: usize) -> String {
    Canvas::new(trace, width, false).draw()
}

/// [`render_waterfall`] with ANSI colours: one per service, red for errors.
pub fn render_waterfall_in_colour(trace: &Trace, width: usize) -> String {
    Canvas::new(trace, width, true).draw()
}

struct Canvas {
    waterfall: Waterfall,
    name_columns: usize,
    bar_columns: usize,
    colour: bool,
    out: String,
}

impl Canvas {
    fn new(trace: &Trace, width: usize, colour: bool) -> Self {
        let width = width.max(NARROWEST);
        let name_columns = (width * 2 / 5).min(48);
        // Name, space, letter, space, bar, space, duration, space, mark.
        let bar_columns = width - name_columns - DURATION_COLUMNS - 6;
        Self { waterfall: trace.waterfall(), name_columns, bar_columns, colour, out: String::new() }
    }

    fn draw(mut self) -> String {
        self.head();
        let rows = std::mem::take(&mut self.waterfall.rows);
        let guides = guides(&rows);
        for (row, guide) in rows.iter().zip(&guides) {
            self.row(row, guide);
        }
        for error in std::mem::take(&mut self.waterfall.errors) {
            self.error(&error, "");
        }
        if rows.iter().any(|row| row.orphan) {
            self.line("? parent not received");
        }
        self.out
    }

    fn head(&mut self) {
        let summary = self.waterfall.summary.clone();
        let counts = [
            count(summary.transactions, "transaction"),
            count(summary.spans, "span"),
            count(summary.errors, "error"),
        ];
        let took = duration((summary.duration_ms * 1000.0) as u64);
        let state = if summary.missing_root { "root not received" } else { took.as_str() };
        let head = format!("trace {}  {}, {state}", summary.id, counts.join(", "));
        self.line(&head);
        let mut legend = String::new();
        for (index, service) in summary.services.iter().enumerate() {
            let mark = self.paint(&letter(index), palette(index));
            let _ = write!(legend, "{}{mark} {}", if index == 0 { "" } else { "   " }, plain(service));
        }
        self.line(&legend);
        self.line("");
    }

    fn row(&mut self, row: &Row, guide: &str) {
        let service = self.waterfall.summary.services.iter().position(|name| *name == row.service);
        let service = service.unwrap_or_default();
        let name = if row.name.is_empty() { "(no name)" } else { &row.name };
        let orphan = if row.orphan { "? " } else { "" };
        let label = fit(&format!("{guide}{orphan}{}", plain(name)), self.name_columns);
        let mark = if row.failed() { format!(" {}", self.paint("✗", RED)) } else { String::new() };
        let line = format!(
            "{label} {} {} {:>DURATION_COLUMNS$}{mark}",
            self.paint(&letter(service), palette(service)),
            self.paint(&self.bar(row), if row.failed() { RED } else { palette(service) }),
            duration(row.duration_us),
        );
        self.line(&line);
        for error in &row.errors {
            self.error(error, &" ".repeat((row.depth * 3).min(self.name_columns)));
        }
    }

    fn error(&mut self, error: &ErrorRow, indent: &str) {
        let kind = if error.event_type.is_empty() { "error" } else { &error.event_type };
        let text = format!("{indent}   ! {}: {}", plain(kind), plain(&error.message));
        let text = fit(&text, self.name_columns + self.bar_columns + DURATION_COLUMNS + 6);
        let text = self.paint(text.trim_end(), RED);
        self.line(&text);
    }

    /// Exactly `bar_columns` wide; even the shortest operation shows.
    fn bar(&self, row: &Row) -> String {
        let columns =
            |us: u64| (us as f64 * self.bar_columns as f64 / self.waterfall.extent_us as f64).round();
        let start = (columns(row.offset_us) as usize).min(self.bar_columns - 1);
        let length = columns(row.duration_us) as usize;
        let bar =
            if length == 0 { "▏".to_owned() } else { "█".repeat(length.min(self.bar_columns - start)) };
        let drawn = length.clamp(1, self.bar_columns - start);
        format!("{}{bar}{}", " ".repeat(start), " ".repeat(self.bar_columns - start - drawn))
    }

    fn paint(&self, text: &str, code: u8) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }
}

fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A to Z, then numbers.
fn letter(index: usize) -> String {
    match u8::try_from(index) {
        Ok(index @ 0..26) => char::from(b'A' + index).to_string(),
        _ => "+".to_owned(),
    }
}

fn palette(index: usize) -> u8 {
    PALETTE[index % PALETTE.len()]
}

/// The lines that lead from a parent to its children, one string per row.
fn guides(rows: &[Row]) -> Vec<String> {
    // From below it is easy to see whether another sibling follows.
    let mut follows: Vec<bool> = Vec::new();
    let mut last = vec![false; rows.len()];
    for (row, last) in rows.iter().zip(&mut last).rev() {
        follows.resize(row.depth + 1, false);
        *last = !std::mem::replace(&mut follows[row.depth], true);
    }
    let mut open: Vec<bool> = Vec::new();
    rows.iter()
        .zip(&last)
        .map(|(row, last)| {
            open.resize(row.depth, false);
            open.push(!last);
            let Some((own, above)) = open.get(1..).and_then(<[bool]>::split_last) else {
                return String::new();
            };
            let mut guide: String = above.iter().map(|open| if *open { "│  " } else { "   " }).collect();
            guide.push_str(if *own { "├─ " } else { "└─ " });
            guide
        })
        .collect()
}
