//! A request body as the service reads it, kept up to a limit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use elastic_apm_intake::LongText;

/// One character more than is sent, so that a cut can be seen.
const MAX_CHARACTERS: usize = LongText::LIMIT + 1;
/// As many bytes as that can take.
const MAX_BYTES: usize = 4 * MAX_CHARACTERS;

/// A place for the body of a request, filled while the service reads it. For authors of integrations.
///
/// Clones are the same place. It keeps the first 10,000 characters and forgets the rest; memory is bounded whatever is read.
#[derive(Clone, Debug)]
pub struct CapturedBody {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    in_transactions: bool,
    in_errors: bool,
    is_form: bool,
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
    pub(crate) fn new(content_type: &str, in_transactions: bool, in_errors: bool) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim_end();
        let is_form = essence.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let (closed, head) = (AtomicBool::new(false), Mutex::default());
        CapturedBody { shared: Arc::new(Shared { in_transactions, in_errors, is_form, closed, head }) }
    }

    /// Adds what the service has just read. Ignored once the limit is reached or the transaction has ended.
    pub fn push(&self, read: &[u8]) {
        if self.shared.closed.load(Ordering::Relaxed) {
            return;
        }
        let is_full = self.shared.head.lock().unwrap_or_else(PoisonError::into_inner).push(read);
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

    /// What was read so far; bytes that are no UTF-8 are replaced.
    pub(crate) fn text(&self) -> String {
        let head = self.shared.head.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&head.bytes).into_owned()
    }

    /// How much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.shared.head.lock().unwrap_or_else(PoisonError::into_inner).bytes.capacity()
    }
}

impl Head {
    /// Adds as much as there is room for, and tells whether there is no more.
    fn push(&mut self, read: &[u8]) -> bool {
        let room = MAX_BYTES - self.bytes.len();
        let mut taken = 0;
        for byte in &read[..read.len().min(room)] {
            // Bytes that continue a character open none.
            self.characters += usize::from(byte & 0b1100_0000 != 0b1000_0000);
            if self.characters > MAX_CHARACTERS {
                break;
            }
            taken += 1;
        }
        self.bytes.extend_from_slice(&read[..taken]);
        taken < read.len() || self.bytes.len() == MAX_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> CapturedBody {
        CapturedBody::new("text/plain", true, true)
    }

    #[test]
    fn it_keeps_one_character_more_than_is_sent() {
        for character in ["x", "é", "€", "𝄞"] {
            let body = body();
            let all = character.repeat(30_000);

            for chunk in all.as_bytes().chunks(7) {
                body.push(chunk);
            }

            assert_eq!(body.text(), character.repeat(MAX_CHARACTERS), "{character}");
            assert!(body.bytes() <= 2 * MAX_BYTES);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_bounded_too() {
        for byte in [0x80, 0xff, 0] {
            let body = body();

            (0..100).for_each(|_| body.push(&[byte; 1_000]));

            assert!(body.bytes() <= 2 * MAX_BYTES, "{byte}");
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
            assert_eq!(CapturedBody::new(content_type, true, true).is_form(), is_form, "{content_type}");
        }
    }
}
