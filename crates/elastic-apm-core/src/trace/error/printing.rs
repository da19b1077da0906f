//! Runs an error's own code: `Display`, `Debug` and `source`. It may panic, print without end, or report errors itself.
//!
//! A panic ends here; text is taken up to what the wire keeps; and errors that report themselves while they are printed do
//! so twice, not for ever. No lock is held meanwhile.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Debug, Display, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use elastic_apm_intake::LongText;

use super::type_path;

/// How many errors may be printed inside one another: one whose `Display` reports an error is still served.
const MAX_DEPTH: u8 = 2;
/// No path of a type is longer.
const MAX_PATH: usize = 256;
/// What stands where a message would, if printing it panicked.
const PANICKED: &str = "[panicked while it was printed]";

thread_local! {
    static DEPTH: Cell<u8> = const { Cell::new(0) };
}

/// Permission to run an error's code on this thread, until it is dropped.
pub(super) struct Printing(());

impl Printing {
    /// `None` inside of errors that are being printed inside one another.
    pub(super) fn begin() -> Option<Self> {
        // A thread that is going away has no counter any more, and prints unguarded.
        let depth = DEPTH.try_with(Cell::get).unwrap_or(0);
        if depth >= MAX_DEPTH {
            return None;
        }
        let _ = DEPTH.try_with(|counter| counter.set(depth + 1));
        Some(Printing(()))
    }

    /// What the error prints, `limit` characters of it and one more, so that a cut shows.
    pub(super) fn message<E: Display + ?Sized>(&self, error: &E, limit: usize) -> LongText {
        let mut start = Start { text: String::new(), room: limit.saturating_add(1) };
        if guard(|| write!(start, "{error}").is_ok()).is_none() {
            if !start.text.is_empty() {
                start.text.push(' ');
            }
            start.text.push_str(PANICKED);
        }
        LongText::from(start.text)
    }

    /// What the `Debug` form opens with: a path, and enough of what is behind it to tell whether it is one.
    ///
    /// Nothing more is formatted: the rest may be long, and that of some errors is a backtrace which would be worked out here.
    pub(super) fn opening<E: Debug + ?Sized>(&self, error: &E) -> String {
        let mut opening = Opening::default();
        // After a panic nothing is said: half a name could be anything.
        guard(|| write!(opening, "{error:?}").is_ok()).map_or_else(String::new, |_| opening.text)
    }

    /// What caused the error.
    pub(super) fn source<'a, E: Error + ?Sized>(&self, error: &'a E) -> Option<&'a (dyn Error + 'static)> {
        guard(|| error.source()).flatten()
    }
}

/// Whether this thread is running an error's code.
pub(super) fn is_going_on() -> bool {
    DEPTH.try_with(Cell::get).unwrap_or(0) > 0
}

impl Drop for Printing {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

fn guard<T>(code: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(code)).ok()
}

/// Keeps the start of a text and refuses the rest, so that what prints without end ends.
struct Start {
    text: String,
    room: usize,
}

impl Write for Start {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        match part.char_indices().nth(self.room) {
            Some((end, _)) => {
                self.text.push_str(&part[..end]);
                self.room = 0;
                Err(fmt::Error)
            }
            None => {
                self.text.push_str(part);
                self.room -= part.chars().count();
                Ok(())
            }
        }
    }
}

/// Keeps a path and the character behind it; behind a space, the one that follows that too.
#[derive(Default)]
struct Opening {
    text: String,
    behind_space: bool,
}

impl Write for Opening {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for character in part.chars() {
            if self.text.len() >= MAX_PATH {
                return Err(fmt::Error);
            }
            self.text.push(character);
            if self.behind_space || !(type_path::is_part(character) || character == ' ') {
                return Err(fmt::Error);
            }
            self.behind_space = character == ' ';
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_formatted_than_the_opening() {
        struct Inner;
        impl Debug for Inner {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("a backtrace would be resolved here")
            }
        }
        #[derive(Debug)]
        struct Tuple(Inner);
        #[derive(Debug)]
        #[expect(dead_code, reason = "read by Debug")]
        struct Fields {
            inner: Inner,
        }

        let printing = Printing::begin().unwrap();

        assert_eq!(printing.opening(&Fields { inner: Inner }), "Fields {");
        assert_eq!(printing.opening(&Tuple(Inner)), "Tuple(");
        assert_eq!(printing.opening("text"), "\"");
        assert_eq!(printing.opening(&format_args!("{}", "x".repeat(1000))).len(), MAX_PATH);
    }

    #[test]
    fn a_text_without_end_is_cut_one_character_beyond_what_is_kept() {
        struct Endless;
        impl Display for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    f.write_str("ää")?;
                }
            }
        }

        let message = Printing::begin().unwrap().message(&Endless, 100);

        assert_eq!(message.as_str().chars().count(), 101);
    }

    #[test]
    fn what_was_printed_before_a_panic_is_kept() {
        struct Panics(&'static str);
        impl Display for Panics {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)?;
                panic!("on purpose")
            }
        }
        let printing = Printing::begin().unwrap();

        assert_eq!(printing.message(&Panics("so far"), 100), "so far [panicked while it was printed]");
        assert_eq!(printing.message(&Panics(""), 100), PANICKED);
    }

    #[test]
    fn errors_are_printed_inside_one_another_only_so_deep() {
        let first = Printing::begin();
        let second = Printing::begin();
        let third = Printing::begin();
        assert_eq!((first.is_some(), second.is_some(), third.is_some()), (true, true, false));

        drop(second);

        assert!(Printing::begin().is_some());
    }
}
