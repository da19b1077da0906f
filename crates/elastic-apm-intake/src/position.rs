//! Which field of a JSON text a position lies in.
//!
//! The parser says where it stopped, people ask for the name. Only ever called on the way to an error, with text that
//! the parser has already accepted up to that position.

use std::fmt::Write;

/// The part of the text before a position, lines counted from 1, columns in bytes.
pub(crate) fn before(text: &[u8], line: usize, column: usize) -> &[u8] {
    let mut start = 0;
    for _ in 1..line {
        match text[start..].iter().position(|byte| *byte == b'\n') {
            Some(newline) => start += newline + 1,
            None => break,
        }
    }
    &text[..text.len().min(start + column)]
}

/// An object or array that is still open.
enum Open<'a> {
    Object { key: Option<&'a [u8]>, at_key: bool },
    Array { index: usize, started: bool },
}

/// The path of what the text ends in: `span.stacktrace[2].lineno`. Empty at the top.
pub(crate) fn path(text: &[u8]) -> String {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b']') {
            if let Some(Open::Array { started, .. }) = open.last_mut() {
                *started = true;
            }
        }
        match byte {
            b'{' => open.push(Open::Object { key: None, at_key: true }),
            b'[' => open.push(Open::Array { index: 0, started: false }),
            b'}' | b']' => {
                open.pop();
            }
            b':' => {
                if let Some(Open::Object { at_key, .. }) = open.last_mut() {
                    *at_key = false;
                }
            }
            b',' => match open.last_mut() {
                Some(Open::Object { at_key, .. }) => *at_key = true,
                Some(Open::Array { index, .. }) => *index += 1,
                None => {}
            },
            b'"' => {
                let end = at + string_length(&text[at..]);
                if let Some(Open::Object { key, at_key: true }) = open.last_mut() {
                    *key = Some(&text[at..end]);
                }
                at = end + 1;
            }
            _ => {}
        }
    }
    render(&open)
}

/// Bytes up to the quote that closes a string.
fn string_length(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

fn render(open: &[Open<'_>]) -> String {
    /// Keys are the sender's: long ones are cut.
    const KEY: usize = 64;
    let mut path = String::new();
    for level in open {
        match level {
            Open::Object { key: Some(key), .. } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.extend(String::from_utf8_lossy(key).chars().take(KEY));
            }
            Open::Array { index, started: true } => {
                // Writing to a string cannot fail.
                let _ = write!(path, "[{index}]");
            }
            Open::Object { key: None, .. } | Open::Array { .. } => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::{before, path};

    #[test]
    fn the_path_leads_to_the_end_of_the_text() {
        let cases = [
            ("", ""),
            (r#"{"span":{"id":"x""#, "span.id"),
            (r#"{"span":{"id":"x","name":"#, "span.name"),
            (r#"{"span":{"id":"x"}"#, "span"),
            (r#"{"a":[{"b":1},{"c":"#, "a[1].c"),
            (r#"{"a":["#, "a"),
            (r#"{"a":[1"#, "a[0]"),
            (r#"{"a":[[1,2],[3"#, "a[1][0]"),
            (r#"{"a":[]"#, "a"),
            (r#"{"a":{"b":"\"}{[,","c":1"#, "a.c"),
            (r#"{"a": 1 , "b" : tru"#, "b"),
        ];

        for (text, expected) in cases {
            assert_eq!(path(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn positions_count_lines_and_bytes() {
        let text = "{\n\"é\":\n1}".as_bytes();

        assert_eq!(before(text, 1, 1), b"{");
        assert_eq!(before(text, 2, 4), "{\n\"é\"".as_bytes());
        assert_eq!(before(text, 9, 9), text);
    }

    #[test]
    fn torn_text_is_no_trouble() {
        for text in [r#"{"a\"#, r#"{"a"#, "]]]}}}", ",,,", "\"", ":", "\\"] {
            let _ = path(text.as_bytes());
        }
    }
}
