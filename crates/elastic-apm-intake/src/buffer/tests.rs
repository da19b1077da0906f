use super::{Buffer, is_plain};

fn is_plain_byte(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

/// What is in a buffer after a text was written that may be refused.
fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = Buffer::behind(b"before".to_vec());
    let is_plain = buffer.write_quoted(text);
    let bytes = buffer.into_bytes();
    if is_plain {
        return Some(bytes);
    }
    assert_eq!(bytes, b"before");
    None
}

#[test]
fn text_is_copied_exactly_if_json_needs_no_escape() {
    for length in 1..=50 {
        let letters: Vec<u8> = (0..length).map(|at| b'A' + at % 20).collect();
        for at in 0..letters.len() {
            for byte in 0..=255 {
                let mut text = letters.clone();
                text[at] = byte;

                let expected = [b"before\"", &text[..], b"\","].concat();
                assert_eq!(
                    quoted(&text),
                    is_plain_byte(byte).then_some(expected),
                    "{byte} at {at} of {length}"
                );
                assert_eq!(is_plain(&text), is_plain_byte(byte));
            }
        }
    }
    assert_eq!(quoted(b"").as_deref(), Some(&b"before\"\","[..]));
}

#[test]
fn a_plain_byte_beside_one_that_is_not_changes_nothing() {
    for first in 0..=255 {
        for second in 0..=255 {
            for text in
                [&[first, second][..], &[first, second, b'a', b'b'], &[b'a'; 9], &[first, second].repeat(9)]
            {
                let expected = text.iter().all(|byte| is_plain_byte(*byte));
                assert_eq!((quoted(text).is_some(), is_plain(text)), (expected, expected), "{text:?}");
            }
        }
    }
}

#[test]
fn what_is_written_is_there_wherever_the_room_ends() {
    for before in 480..520 {
        let mut buffer = Buffer::behind(Vec::new());
        buffer.write(&vec![b'b'; before]);
        buffer.write_plain(b"plain", b':');
        assert!(buffer.write_quoted("a text of more than a few bytes".as_bytes()));
        buffer.write(&[b'l'; 3_000]);
        *buffer.last_mut().unwrap() = b'.';

        let expected = [
            "b".repeat(before),
            "\"plain\":\"a text of more than a few bytes\",".to_owned(),
            "l".repeat(2_999),
            ".".to_owned(),
        ];
        assert_eq!(String::from_utf8(buffer.into_bytes()).unwrap(), expected.concat());
    }
}
