//! Cuts the texts of an event that may be long, and makes one that is too large for a line small enough, where that can be done.
//!
//! For the latter the longest parts are cut first, and no more than is needed. Knows sizes; which parts an event has is `parts`' knowledge, how
//! one is cut is `cut`'s.

mod cut;
mod parts;

use std::{fmt, io};

use elastic_apm_intake::{Line, MAX_EVENT_SIZE, WireEvent};

use self::parts::{PARTS, Part};

pub(super) use self::parts::HasParts;

/// How many characters a text, and how many items a list may have, from one round of cutting to the next.
///
/// Within a round the parts are cut in the order of [`PARTS`], until the line fits.
const ROUNDS: [usize; 11] = [100_000, 30_000, 10_000, 3_000, 1_000, 300, 100, 30, 10, 3, 0];

/// How much room the buffer of a line keeps once an event is through that was too large.
const KEPT_CAPACITY: usize = 2 * MAX_EVENT_SIZE;

/// What had to be cut, for the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The size of the line that was too long.
    bytes: usize,
    parts: Vec<Part>,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cut { bytes, parts } = self;
        write!(f, "an event of {bytes} bytes is more than the {MAX_EVENT_SIZE} the server takes; cut: ")?;
        for (number, part) in parts.iter().enumerate() {
            write!(f, "{}{}", if number > 0 { ", " } else { "" }, part.as_str())?;
        }
        Ok(())
    }
}

/// Cuts bodies, statements and messages to `limit` characters each.
pub(super) fn shorten_long_texts<E: HasParts>(event: &mut E, limit: usize) {
    for part in [Part::Body, Part::Statement, Part::Message] {
        event.cut(part, limit);
    }
}

/// Cuts `event`, whose line of `bytes` bytes is in `line`, until its line fits, and leaves that in `line`.
///
/// `None`, and an empty `line`, where it does not fit with everything cut that can be.
pub(super) fn cut<E: WireEvent + HasParts>(event: &mut E, bytes: usize, line: &mut Line) -> Option<Cut> {
    let mut cut = Cut { bytes, parts: Vec::new() };
    let fits = ROUNDS.into_iter().any(|limit| {
        PARTS.into_iter().any(|part| {
            if !event.cut(part, limit) {
                return false;
            }
            if !cut.parts.contains(&part) {
                cut.parts.push(part);
            }
            fits(event)
        })
    });
    if line.capacity() > KEPT_CAPACITY {
        *line = Line::new();
    }
    line.clear();
    if fits {
        line.write(event);
    }
    fits.then_some(cut)
}

/// Whether the line of `event` is short enough. Stops counting where it is not: there may be megabytes to come.
fn fits<E: WireEvent>(event: &E) -> bool {
    // Beside the event itself: `{"transaction":` and `}`, newline included.
    let around = E::KIND.len() + 6;
    serde_json::to_writer(Room(MAX_EVENT_SIZE - around), event).is_ok()
}

/// Takes a number of bytes and keeps none.
struct Room(usize);

impl io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
