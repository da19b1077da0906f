use std::borrow::Cow;
use std::collections::HashSet;

use super::{FreeText, Keyword, LongText, Text};

fn written<const LIMIT: usize>(text: &Text<LIMIT>) -> String {
    serde_json::from_str(&serde_json::to_string(text).unwrap()).unwrap()
}

#[test]
fn text_and_optional_text_take_24_bytes() {
    assert_eq!(size_of::<Keyword>(), 24);
    assert_eq!(size_of::<Option<Keyword>>(), 24);
}

#[test]
fn literals_and_short_copies_stay_off_the_heap() {
    static LONG: Keyword = Keyword::from_static("a literal that is longer than what fits inline");

    assert_eq!(LONG.heap_bytes(), 0);
    assert_eq!(LONG.clone().heap_bytes(), 0);
    assert_eq!(Keyword::copied("exactly 24 bytes of text").heap_bytes(), 0);
    assert!(Keyword::copied("more than 24 bytes of text").heap_bytes() >= 26);
}

#[test]
fn text_at_the_limit_is_written_whole() {
    let ascii: Text<4> = "abcd".into();
    let emoji: Text<4> = "😀😀😀😀".into();

    assert_eq!(written(&ascii), "abcd");
    assert_eq!(written(&emoji), "😀😀😀😀");
}

#[test]
fn longer_text_ends_in_an_ellipsis_at_the_limit() {
    let ascii: Text<4> = "abcde".into();
    let emoji: Text<4> = "😀😀😀😀😀".into();
    let single: Text<1> = "ab".into();

    assert_eq!(written(&ascii), "abc…");
    assert_eq!(written(&emoji), "😀😀😀…");
    assert_eq!(written(&single), "…");
}

#[test]
fn the_named_limits_are_those_of_the_specification() {
    let huge = "é".repeat(200_000);

    assert_eq!(written(&Keyword::copied(&huge)).chars().count(), 1024);
    assert_eq!(written(&LongText::copied(&huge)).chars().count(), 100_000);
    assert_eq!(written(&FreeText::copied(&huge)), huge);
}

#[test]
fn a_text_can_be_shortened_further() {
    let shortened = |text: &str, limit| {
        let mut text = Keyword::copied(text);
        (text.shorten_to(limit), text.to_string())
    };

    assert_eq!(shortened("éé", 2), (false, "éé".to_owned()));
    assert_eq!(shortened("éééé", 2), (true, "é…".to_owned()));
    assert_eq!(shortened("ab", 0), (true, "…".to_owned()));
    assert_eq!(shortened("…", 0), (false, "…".to_owned()));
    assert_eq!(shortened("", 0), (false, String::new()));
}

#[test]
fn changing_the_limit_keeps_the_text() {
    let text: Text<2> = LongText::from_static("abcdef").into_limit();

    assert_eq!(text, "abcdef");
    assert_eq!(written(&text), "a…");
}

#[test]
fn reading_keeps_what_exceeds_the_limit() {
    let text: Text<2> = serde_json::from_str(r#""a\"b\u00e9c""#).unwrap();

    assert_eq!(text, "a\"béc");
}

#[test]
fn equal_text_is_equal_wherever_it_lives() {
    const CONTENT: &str = "a text that is longer than what fits inline";
    let everywhere = [
        Keyword::from_static(CONTENT),
        Keyword::copied(CONTENT),
        CONTENT.to_owned().into(),
        Cow::Borrowed(CONTENT).into(),
        Cow::<'static, str>::Owned(CONTENT.to_owned()).into(),
        Keyword::formatted(format_args!("{CONTENT}")),
    ];

    assert!(everywhere.iter().all(|text| *text == everywhere[0]));
    assert_eq!(everywhere.iter().collect::<HashSet<_>>().len(), 1);
    assert!(HashSet::from([everywhere[1].clone()]).contains(CONTENT));
}

#[test]
fn control_characters_survive_the_wire() {
    let text: Keyword = "\u{0}\u{1}\n\r\t\"\\\u{7f}\u{2028}".into();

    assert_eq!(written(&text), text.as_str());
}
