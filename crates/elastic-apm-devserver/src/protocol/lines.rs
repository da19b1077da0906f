//! Cuts a byte stream into lines of bounded length; knows nothing of JSON.

/// What the splitter hands over for one line, its `\n` already removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A line within the limit; it may be empty.
    Whole(&'a [u8]),
    /// The line was longer than allowed: its first bytes. The rest is skipped up to the next `\n`.
    TooLong(&'a [u8]),
}

/// Collects chunks of any size and gives out lines, never holding more than `limit` bytes.
#[derive(Debug)]
pub(crate) struct LineSplitter {
    /// Largest line in bytes, its `\n` included.
    limit: usize,
    partial: Vec<u8>,
    skipping: bool,
}

impl LineSplitter {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, partial: Vec::new(), skipping: false }
    }

    /// Takes the next chunk and calls `each` for every line that ends in it or outgrows the limit in it.
    pub(crate) fn push(&mut self, mut chunk: &[u8], mut each: impl FnMut(Line<'_>)) {
        while !chunk.is_empty() {
            let newline = chunk.iter().position(|byte| *byte == b'\n');
            let (head, rest) = match newline {
                Some(at) => (&chunk[..at], &chunk[at + 1..]),
                None => (chunk, &chunk[chunk.len()..]),
            };
            self.take(head, newline.is_some(), &mut each);
            chunk = rest;
        }
    }

    /// The last line when the stream ended without `\n`; empty when there is none.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.partial
    }

    fn take(&mut self, head: &[u8], ended: bool, each: &mut impl FnMut(Line<'_>)) {
        if self.skipping {
            self.skipping = !ended;
            return;
        }
        if self.partial.len() + head.len() >= self.limit {
            let room = self.limit - self.partial.len();
            self.partial.extend_from_slice(&head[..room]);
            each(Line::TooLong(&self.partial));
            self.partial.clear();
            self.skipping = !ended;
        } else if ended && self.partial.is_empty() {
            each(Line::Whole(head));
        } else {
            self.partial.extend_from_slice(head);
            if ended {
                each(Line::Whole(&self.partial));
                self.partial.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, LineSplitter};

    fn split(limit: usize, chunks: &[&str]) -> (Vec<String>, String) {
        let mut splitter = LineSplitter::new(limit);
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.push(chunk.as_bytes(), |line| {
                lines.push(match line {
                    Line::Whole(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    Line::TooLong(bytes) => format!("TOO LONG {}", String::from_utf8_lossy(bytes)),
                });
            });
        }
        (lines, String::from_utf8_lossy(&splitter.finish()).into_owned())
    }

    #[test]
    fn lines_are_cut_at_newlines_and_empty_ones_kept() {
        let (lines, rest) = split(10, &["a\n\nbc\nd"]);

        assert_eq!((lines, rest.as_str()), (vec!["a".into(), String::new(), "bc".into()], "d"));
    }

    #[test]
    fn a_line_may_span_any_number_of_chunks() {
        let (lines, rest) = split(10, &["ab", "c", "", "d", "\ne", "f\n"]);

        assert_eq!((lines, rest.as_str()), (vec!["abcd".to_owned(), "ef".to_owned()], ""));
    }

    #[test]
    fn the_newline_counts_towards_the_limit() {
        let (lines, _) = split(4, &["abc\nabcd\nx\n"]);

        assert_eq!(lines, ["abc", "TOO LONG abcd", "x"]);
    }

    #[test]
    fn a_long_line_is_reported_once_and_its_rest_skipped() {
        let (lines, rest) = split(4, &["abc", "defgh", "ijk", "lm\nok\n"]);

        assert_eq!((lines, rest.as_str()), (vec!["TOO LONG abcd".to_owned(), "ok".to_owned()], ""));
    }

    #[test]
    fn a_long_line_without_newline_leaves_nothing_behind() {
        let (lines, rest) = split(4, &["abcdef"]);

        assert_eq!((lines, rest.as_str()), (vec!["TOO LONG abcd".to_owned()], ""));
    }
}
