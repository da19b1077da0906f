use super::*;

impl WildcardMatcher {
    fn matches_text(&self, text: &str) -> bool {
        self.matches(&Text::new(text))
    }
}

#[test]
fn patterns_match_as_elastics_cases_say() {
    let Some(text) = crate::config::spec_data("json-specs/wildcard_matcher_tests.json") else { return };
    let groups: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut cases = 0;

    for (group, patterns) in groups.as_object().unwrap() {
        for (pattern, texts) in patterns.as_object().unwrap() {
            for (text, expected) in texts.as_object().unwrap() {
                let matches = WildcardMatcher::new(pattern).matches_text(text);

                assert_eq!(matches, expected.as_bool().unwrap(), "{group}: {pattern:?} on {text:?}");
                cases += 1;
            }
        }
    }
    println!("wildcard_matcher_tests.json: {cases} cases ran");
    assert!(cases >= 86, "{cases}");
}

#[test]
fn nothing_but_the_star_is_special() {
    assert!(WildcardMatcher::new("a?[b]\\.").matches_text("A?[B]\\."));
    assert!(!WildcardMatcher::new("a.c").matches_text("abc"));
}

#[test]
fn no_character_is_used_twice() {
    assert!(!WildcardMatcher::new("aba*aba").matches_text("ababa"));
    assert!(WildcardMatcher::new("aba*aba").matches_text("abaaba"));
    assert!(!WildcardMatcher::new("*ab*ba*").matches_text("aba"));
    assert!(WildcardMatcher::new("*ab*ba*").matches_text("abba"));
}

#[test]
fn the_empty_pattern_matches_the_empty_text_alone() {
    assert!(WildcardMatcher::new("").matches_text(""));
    assert!(!WildcardMatcher::new("").matches_text("a"));
    assert!(WildcardMatcher::new("*").matches_text("") && WildcardMatcher::new("*").matches_text("a"));
}

#[test]
fn letter_case_is_folded_beyond_ascii() {
    assert!(WildcardMatcher::new("*\u{dc}BER*").matches_text("Dar\u{fc}ber"));
    assert!(WildcardMatcher::new("\u{fc}*").matches_text("\u{dc}ber"));
    assert!(!WildcardMatcher::new("(?-i)*\u{dc}ber").matches_text("\u{fc}ber"));
    assert!(!WildcardMatcher::new("*\u{fc}*").matches_text("u"));
}

#[test]
fn overlapping_beginnings_of_a_needle_are_found() {
    for (pattern, text) in
        [("*aab*", "aaab"), ("*abcabd*", "abcabcabd"), ("*aaa*", "aaXaaa"), ("*abab*c*", "abaababc")]
    {
        assert!(WildcardMatcher::new(pattern).matches_text(text), "{pattern} on {text}");
    }
    assert!(!WildcardMatcher::new("*aab*").matches_text("ababab"));
}

#[test]
fn a_hostile_text_takes_linear_time() {
    let matcher = WildcardMatcher::new(&format!("{}b", "*a".repeat(200)));
    let text = "a".repeat(200_000);

    assert!(!matcher.matches_text(&text));
    assert!(!WildcardMatcher::new(&format!("*{}b*", "a".repeat(10_000))).matches_text(&text));
}

#[test]
fn it_agrees_with_the_definition_on_all_short_patterns_and_texts() {
    fn by_definition(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|skip| by_definition(rest, &text[skip..])),
            Some((c, rest)) => {
                text.split_first().is_some_and(|(t, text)| t == c && by_definition(rest, text))
            }
        }
    }
    fn words(alphabet: &str, longest: u32) -> Vec<String> {
        let longer = |words: &Vec<String>| -> Vec<String> {
            words.iter().flat_map(|word| alphabet.chars().map(move |c| format!("{word}{c}"))).collect()
        };
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..longest {
            last = longer(&last);
            all.extend_from_slice(&last);
        }
        all
    }
    let texts = words("ab", 6);

    for pattern in words("ab*", 5) {
        let matcher = WildcardMatcher::new(&pattern);
        for text in &texts {
            let expected = by_definition(pattern.as_bytes(), text.as_bytes());
            assert_eq!(matcher.matches_text(text), expected, "{pattern:?} on {text:?}");
        }
    }
}

#[test]
fn a_list_matches_when_any_of_its_patterns_does() {
    let list: WildcardList = ["a*", "*z"].into_iter().map(WildcardMatcher::new).collect();

    assert!(list.matches_any("abc") && list.matches_any("xyz"));
    assert!(!list.matches_any("bcd") && !WildcardList::default().matches_any(""));
    assert_eq!(list.to_string(), "a*,*z");
}

#[test]
fn of_several_patterns_that_match_the_first_is_named_without_its_flag() {
    let list: WildcardList = ["(?-i)GET /a/*", "GET /*", "*"].map(String::from).into_iter().collect();

    assert_eq!(list.first_match("GET /a/b"), Some("GET /a/*"));
    assert_eq!(list.first_match("get /a/b"), Some("GET /*"));
    assert_eq!(list.first_match(""), Some("*"));
    assert_eq!(WildcardList::default().first_match("x"), None);
}
