//! A request body as the service reads it, kept up to a limit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use elastic_apm_intake::LongText;

/// A place for the body of a request, filled while the service reads it. For authors of integrations.
///
/// Clones are the same place. It keeps as many characters as the option `long_field_max_length` says and forgets the rest; memory is
/// bounded whatever is read.
#[derive(Clone, Debug)]
pub struct CapturedBody {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    in_transactions: bool,
    in_errors: bool,
    is_form: bool,
    /// How many characters are sent.
    limit: usize,
    /// Nothing more is taken: full, or the transaction has ended.
    closed: AtomicBool,
    head: Mutex<Head>,
}

#[derive(Debug, Default)]
struct Head {
    bytes: Vec<u8>,
    characters: usize,
}

impl CapturedBody {
    /// A body of which `limit` characters are sent.
    pub(crate) fn new(content_type: &str, in_transactions: bool, in_errors: bool, limit: usize) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim_end();
        let is_form = essence.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let (closed, head) = (AtomicBool::new(false), Mutex::default());
        let shared = Shared { in_transactions, in_errors, is_form, limit, closed, head };
        CapturedBody { shared: Arc::new(shared) }
    }

    /// Adds what the service has just read. Ignored once the limit is reached or the transaction has ended.
    pub fn push(&self, read: &[u8]) {
        if self.shared.closed.load(Ordering::Relaxed) {
            return;
        }
        // One character more, so that a cut can be seen.
        let room = self.shared.limit + 1;
        let is_full = self.shared.head.lock().unwrap_or_else(PoisonError::into_inner).push(read, room);
        if is_full {
            self.close();
        }
    }

    /// Takes nothing more.
    pub(crate) fn close(&self) {
        self.shared.closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn in_transactions(&self) -> bool {
        self.shared.in_transactions
    }

    pub(crate) fn in_errors(&self) -> bool {
        self.shared.in_errors
    }

    /// Whether the body is a form in the encoding of URLs.
    pub(crate) fn is_form(&self) -> bool {
        self.shared.is_form
    }

    /// What was read so far, as far as it is sent; bytes that are no UTF-8 are replaced.
    pub(crate) fn text(&self) -> LongText {
        let head = self.shared.head.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = LongText::from(String::from_utf8_lossy(&head.bytes).into_owned());
        text.shorten_to(self.shared.limit);
        text
    }

    /// How much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.shared.head.lock().unwrap_or_else(PoisonError::into_inner).bytes.capacity()
    }
}

impl Head {
    /// Adds as much as fits into so many characters, and tells whether no more does.
    fn push(&mut self, read: &[u8], max_characters: usize) -> bool {
        // As many bytes as that can take.
        let max_bytes = 4 * max_characters;
        let room = max_bytes.saturating_sub(self.bytes.len());
        let mut taken = 0;
        for byte in &read[..read.len().min(room)] {
            // Bytes that continue a character open none.
            self.characters += usize::from(byte & 0b1100_0000 != 0b1000_0000);
            if self.characters > max_characters {
                break;
            }
            taken += 1;
        }
        self.bytes.extend_from_slice(&read[..taken]);
        taken < read.len() || self.bytes.len() == max_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 10_000;
    const MAX_BYTES: usize = 4 * (LIMIT + 1);

    fn body() -> CapturedBody {
        CapturedBody::new("text/plain", true, true, LIMIT)
    }

    #[test]
    fn it_keeps_what_is_sent_and_shows_that_there_was_more() {
        for character in ["x", "é", "€", "𝄞"] {
            for (read, sent) in [
                (LIMIT, character.repeat(LIMIT)),
                (LIMIT + 1, character.repeat(LIMIT - 1) + "…"),
                (3 * LIMIT, character.repeat(LIMIT - 1) + "…"),
            ] {
                let body = body();

                for chunk in character.repeat(read).as_bytes().chunks(7) {
                    body.push(chunk);
                }

                assert!(*body.text() == *sent, "{read} of {character}");
                assert!(body.bytes() <= 2 * MAX_BYTES);
            }
        }
    }

    #[test]
    fn it_keeps_as_much_as_the_option_says() {
        for limit in [1, 10, 100_000] {
            let body = CapturedBody::new("text/plain", true, true, limit);

            body.push("é".repeat(200_000).as_bytes());

            assert_eq!(body.text().chars().count(), limit);
            assert!(body.bytes() <= 8 * (limit + 1), "{} bytes for {limit} characters", body.bytes());
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_bounded_too() {
        for byte in [0x80, 0xff, 0] {
            let body = body();

            (0..100).for_each(|_| body.push(&[byte; 1_000]));

            assert!(body.bytes() <= 2 * MAX_BYTES && body.text().chars().count() == LIMIT, "{byte}");
        }
    }

    #[test]
    fn a_character_that_comes_in_two_parts_is_one() {
        let body = body();

        body.push(b"caf\xc3");
        body.push(b"\xa9 \xff!");

        assert_eq!(body.text(), "café \u{fffd}!");
    }

    #[test]
    fn what_is_read_after_the_end_is_not_kept() {
        let body = body();
        body.push(b"before");

        body.close();
        body.push(b" after");

        assert_eq!(body.text(), "before");
    }

    #[test]
    fn forms_are_told_by_their_content_type() {
        for (content_type, is_form) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-Urlencoded ; charset=utf-8", true),
            ("application/x-www-form-urlencoded-not", false),
            ("multipart/form-data", false),
            ("", false),
        ] {
            assert_eq!(CapturedBody::new(content_type, true, true, 1).is_form(), is_form, "{content_type}");
        }
    }
}
