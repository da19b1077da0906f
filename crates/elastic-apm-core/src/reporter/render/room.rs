//! How much of an event's line names and values may take.

use elastic_apm_intake::Keyword;

/// What a pair costs in a line beside its texts.
const OVERHEAD: usize = 6;

/// What a byte becomes at most.
const LONGEST_ESCAPE: usize = 6;

/// What is left of a line's bytes.
pub(super) struct Room {
    /// `None` where everything fits however it is written, so that nothing need be counted.
    bytes: Option<usize>,
}

impl Room {
    /// So much room for pairs of so many bytes in all.
    pub(super) fn new(limit: usize, pairs: usize, bytes: usize) -> Self {
        let needed = pairs * OVERHEAD + bytes * LONGEST_ESCAPE;
        Room { bytes: (needed > limit).then_some(limit) }
    }

    /// Takes the room that a pair needs; `false` where there is not as much left.
    #[inline]
    pub(super) fn take(&mut self, name: &str, value: &str) -> bool {
        self.bytes.is_none() || self.take_counted(name, value)
    }

    #[cold]
    fn take_counted(&mut self, name: &str, value: &str) -> bool {
        let Some(bytes) = self.bytes else { return true };
        let needed = OVERHEAD + length_in_json(name) + length_in_json(value);
        let left = bytes.checked_sub(needed);
        self.bytes = Some(left.unwrap_or(bytes));
        left.is_some()
    }
}

/// How many bytes a text takes between its quotes, once cut.
fn length_in_json(text: &str) -> usize {
    let text = head(text);
    // Characters beyond ASCII are written as they are.
    let escapes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\t' => 1,
        0..0x20 => 5,
        _ => 0,
    });
    text.len() + escapes.sum::<usize>()
}

/// The characters of a text that are written.
pub(super) fn head(text: &str) -> &str {
    if text.len() <= Keyword::LIMIT {
        return text;
    }
    text.char_indices().nth(Keyword::LIMIT).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_what_it_takes_in_json() {
        for text in ["", "plain", "\"quoted\" \\ \t", "\u{1}\u{1f}\r\n", "żółć 𝄞", "\u{7f}\u{fffd}"] {
            let written = serde_json::to_string(text).unwrap().len() - 2;
            let taken = length_in_json(text);
            assert!((written..=written + 8).contains(&taken), "{text:?}: {taken} for {written}");
        }
    }

    #[test]
    fn what_is_cut_takes_nothing() {
        let long = "é".repeat(3_000);

        assert_eq!(length_in_json(&long), 2 * Keyword::LIMIT);
    }

    #[test]
    fn what_fits_however_it_is_written_is_not_counted() {
        let mut ample = Room::new(1_000, 1, 165);
        let mut short = Room::new(1_000, 1, 166);

        assert!((0..1_000).all(|_| ample.take("name", "value")));
        assert!(!(0..1_000).all(|_| short.take("name", "value")));
    }

    #[test]
    fn what_does_not_fit_leaves_room_for_what_does() {
        let mut room = Room::new(40, 4, 1_000);

        assert!(room.take("a", "1234567890"));
        assert!(!room.take("b", "1234567890123456789"));
        assert!(room.take("c", "1234567890"));
        assert!(!room.take("d", "1"));
    }
}
