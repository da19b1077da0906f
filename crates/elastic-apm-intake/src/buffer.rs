//! The bytes of a line while it is written, and the kind of text that can be copied into it as it is.
//!
//! Longer than what was written, so that to write is to look at the length once and to store. Of JSON it knows what has to be escaped in a
//! text, and no more.

use std::io;

/// Bytes that are appended to.
pub(crate) struct Buffer {
    /// What was written, and zeros behind it.
    bytes: Vec<u8>,
    written: usize,
    /// How much room is made when there is no more, each time twice as much.
    step: usize,
}

impl Buffer {
    /// Goes on behind what is there already.
    pub(crate) fn behind(bytes: Vec<u8>) -> Self {
        let mut buffer = Buffer { written: bytes.len(), bytes, step: 512 };
        buffer.make_room(0);
        buffer
    }

    /// What was written, and what had been there.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.written);
        self.bytes
    }

    /// What was written since it was made or cleared, and what had been there.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.written).unwrap_or_default()
    }

    /// Forgets what was written, and keeps the room for as much.
    pub(crate) fn clear(&mut self) {
        self.written = 0;
    }

    /// How many bytes of memory it takes.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes room for at least so many bytes.
    #[cold]
    fn make_room(&mut self, bytes: usize) {
        self.bytes.resize(self.written + bytes.max(self.step), 0);
        self.step *= 2;
    }

    /// The next so many bytes, not yet counted as written; `None` where there is no room for them.
    #[inline(always)]
    fn next(&mut self, length: usize) -> Option<&mut [u8]> {
        self.bytes.get_mut(self.written..)?.get_mut(..length)
    }

    /// Appends bytes. Inlined, so that those of known length take no call.
    #[inline(always)]
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        match self.next(bytes.len()) {
            Some(next) => {
                next.copy_from_slice(bytes);
                self.written += bytes.len();
            }
            None => self.write_further(bytes),
        }
    }

    #[cold]
    fn write_further(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.write(bytes);
    }

    /// Appends text that has nothing to escape between quotes, and what separates it from the next. Inlined, so that text of known length
    /// takes no call.
    #[inline(always)]
    pub(crate) fn write_plain(&mut self, text: &[u8], separator: u8) {
        match self.next(text.len() + 3) {
            Some([open, next @ .., close, end]) => {
                (*open, *close, *end) = (b'"', b'"', separator);
                next.copy_from_slice(text);
                self.written += text.len() + 3;
            }
            _ => self.write_plain_further(text, separator),
        }
    }

    #[cold]
    fn write_plain_further(&mut self, text: &[u8], separator: u8) {
        self.make_room(text.len() + 3);
        self.write_plain(text, separator);
    }

    /// [`write_plain`](Self::write_plain) for any text, if there is nothing to escape in it; says whether there is not.
    pub(crate) fn write_quoted(&mut self, text: &[u8]) -> bool {
        match self.next(text.len() + 3) {
            Some([open, next @ .., close, comma]) => {
                (*open, *close, *comma) = (b'"', b'"', b',');
                let is_plain = copy_plain(text, next);
                if is_plain {
                    self.written += text.len() + 3;
                }
                is_plain
            }
            _ => self.write_quoted_further(text),
        }
    }

    #[cold]
    fn write_quoted_further(&mut self, text: &[u8]) -> bool {
        self.make_room(text.len() + 3);
        self.write_quoted(text)
    }

    /// The byte that was written last.
    #[inline(always)]
    pub(crate) fn last_mut(&mut self) -> Option<&mut u8> {
        self.bytes.get_mut(self.written.checked_sub(1)?)
    }
}

impl io::Write for &mut Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Buffer::write(self, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Not zero for a byte that has to be escaped: a quote, a backslash, anything below the space. Without comparisons, so that the compiler does
/// it for many bytes at a time.
const fn escape(byte: u8) -> u8 {
    b' '.saturating_sub(byte) | 1_u8.saturating_sub(byte ^ b'"') | 1_u8.saturating_sub(byte ^ b'\\')
}

/// Whether no byte has to be escaped.
#[inline]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    text.iter().fold(0, |found, byte| found | escape(*byte)) == 0
}

/// [`is_plain`] for eight bytes at a time.
#[inline]
const fn is_plain_word(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(bytes);
    // Subtracting borrows through the high bit of a byte that is too small. A borrow may run on into the bytes above,
    // which does not matter: one was found. Bytes that have the high bit themselves are parts of other characters.
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (control | quote | backslash) & !word & (ONES << 7) == 0
}

/// Copies text to a place of its length, and says whether it is plain. If it is not, what was copied is of no use.
///
/// Some bytes may be copied twice, which costs less than copying them one by one.
#[inline]
fn copy_plain(text: &[u8], place: &mut [u8]) -> bool {
    if let Some(last) = text.last_chunk::<16>() {
        // The last bytes are a chunk of their own, however many there are. What was found is looked at once, at the end.
        let mut found = last.map(escape);
        let chunks = text[..text.len() - 1].chunks_exact(16).filter_map(<[u8]>::first_chunk::<16>);
        for (chunk, place) in chunks.zip(place.chunks_exact_mut(16)) {
            for (found, byte) in found.iter_mut().zip(chunk) {
                *found |= escape(*byte);
            }
            put(place.first_chunk_mut(), *chunk);
        }
        put(place.last_chunk_mut(), *last);
        return found == [0; 16];
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        put(place.first_chunk_mut(), *first);
        put(place.last_chunk_mut(), *last);
        return is_plain_word(*first) & is_plain_word(*last);
    }
    if let (Some(&[a, b, c, d]), Some(&[e, f, g, h])) = (text.first_chunk(), text.last_chunk()) {
        put(place.first_chunk_mut(), [a, b, c, d]);
        put(place.last_chunk_mut(), [e, f, g, h]);
        return is_plain_word([a, b, c, d, e, f, g, h]);
    }
    let (Some(&first), Some(&middle), Some(&last)) = (text.first(), text.get(text.len() / 2), text.last())
    else {
        return true;
    };
    put(place.first_chunk_mut(), [first]);
    if let Some(place) = place.get_mut(text.len() / 2) {
        *place = middle;
    }
    put(place.last_chunk_mut(), [last]);
    is_plain_word([first, middle, last, b' ', b' ', b' ', b' ', b' '])
}

#[inline(always)]
fn put<const N: usize>(place: Option<&mut [u8; N]>, bytes: [u8; N]) {
    if let Some(place) = place {
        *place = bytes;
    }
}

#[cfg(test)]
mod tests;
