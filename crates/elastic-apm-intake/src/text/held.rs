//! Where the characters of a text are: in the program, in the text itself, or on the heap.
//!
//! Knows nothing of limits. What is written as a literal in the program is never copied.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use compact_str::CompactString;

/// The characters of a text, in 24 bytes.
#[derive(Clone)]
pub(super) enum Held {
    Literal(&'static str),
    /// Up to 24 bytes inline, more on the heap.
    Own(CompactString),
}

impl Held {
    /// Bytes that are held on the heap.
    #[inline]
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Held::Own(text) if text.is_heap_allocated() => text.capacity(),
            _ => 0,
        }
    }
}

impl Default for Held {
    #[inline]
    fn default() -> Self {
        Held::Literal("")
    }
}

impl Deref for Held {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match self {
            Held::Literal(text) => text,
            Held::Own(text) => text,
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

// The same text is equal wherever it is.

impl PartialEq for Held {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Held {}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(other)
    }
}

impl Hash for Held {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
