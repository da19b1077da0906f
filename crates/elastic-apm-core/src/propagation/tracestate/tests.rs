use super::*;

fn parse(values: &[&str]) -> Result<TraceState, TraceStateError> {
    TraceState::parse(values.iter().map(|value| value.as_bytes()))
}

fn joined(values: &[&str]) -> String {
    parse(values).unwrap().to_string()
}

fn rate(rate: f64) -> SampleRate {
    SampleRate::from_f64(rate).unwrap()
}

#[test]
fn several_headers_become_one_in_order() {
    let state = parse(&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"]).unwrap();

    assert_eq!(state.to_string(), "foo=1,bar=2,rojo=1,congo=2,baz=3");
    assert_eq!(state.to_header_value().unwrap(), "foo=1,bar=2,rojo=1,congo=2,baz=3");
}

#[test]
fn spaces_and_tabs_round_members_do_not_count() {
    assert_eq!(joined(&["foo=1 \t , \t bar=2, \t baz=3 \t"]), "foo=1,bar=2,baz=3");
    assert_eq!(joined(&[" \tfoo=1"]), "foo=1");
}

#[test]
fn empty_members_and_empty_headers_are_skipped() {
    assert_eq!(joined(&["", "foo=1", " \t", ",,bar=2, ,"]), "foo=1,bar=2");
}

#[test]
fn without_members_there_is_no_header() {
    for values in [&[][..], &[""], &["", " ,\t, "]] {
        let state = parse(values).unwrap();

        assert!(state.is_empty() && !state.has_es());
        assert_eq!(state.to_header_value(), None);
        assert_eq!(state.to_string(), "");
        assert_eq!(state, TraceState::default());
    }
}

#[test]
fn keys_begin_with_a_letter_or_digit_and_have_256_bytes_at_most() {
    for key in ["a", "0", "z9_-*/@", "foo@", "foo@@bar", "t@v", &"z".repeat(256)] {
        assert_eq!(joined(&[&format!("{key}=1")]), format!("{key}=1"));
    }
    for key in [
        "",
        "_a",
        "-a",
        "*a",
        "/a",
        "@a",
        "A",
        "aB",
        "a b",
        "a.b",
        "a ",
        "a\t",
        "a;b",
        "\u{e9}",
        &"z".repeat(257),
    ] {
        assert_eq!(parse(&[&format!("{key}=1")]), Err(TraceStateError::Key), "{key:?}");
    }
}

#[test]
fn values_are_1_to_256_printable_bytes_without_equal_sign() {
    let printable: String = (' '..='~').filter(|c| !matches!(c, ',' | '=')).collect();
    for value in ["1", "a b", &printable, &"v".repeat(256)] {
        assert_eq!(joined(&[&format!("a={value}")]), format!("a={value}"));
    }
    for value in ["", " ", "\t", "b=c", "=", "a\tb", "a\0b", "\u{7f}", "\u{e9}", &"v".repeat(257)] {
        assert_eq!(parse(&[&format!("a={value}")]), Err(TraceStateError::Value), "{value:?}");
    }
}

#[test]
fn leading_spaces_of_a_value_are_kept_and_trailing_ones_are_not() {
    assert_eq!(joined(&["a=  1  ,b=2"]), "a=  1,b=2");
}

#[test]
fn a_member_without_equal_sign_is_malformed() {
    assert_eq!(parse(&["a"]), Err(TraceStateError::Member));
}

#[test]
fn one_malformed_member_spoils_the_list() {
    assert_eq!(parse(&["foo=1", "bar=2,BAZ=3", "es=s:1"]), Err(TraceStateError::Key));
    assert_eq!(parse(&["foo=1,bar="]), Err(TraceStateError::Value));
}

#[test]
fn there_are_32_members_at_most() {
    let members = |count: usize| (0..count).map(|at| format!("k{at}=v,,")).collect::<String>();

    assert_eq!(joined(&[&members(32)]).split(',').count(), 32);
    assert_eq!(parse(&[&members(33)]), Err(TraceStateError::TooManyMembers));
    assert_eq!(parse(&[&members(20), &members(13)]), Err(TraceStateError::TooManyMembers));
}

#[test]
fn the_first_of_several_members_with_one_key_counts() {
    assert_eq!(joined(&["foo=1,bar=2,foo=3", "bar=4,baz=5"]), "foo=1,bar=2,baz=5");
    assert_eq!(parse(&["es=s:0.5,es=s:0.1"]).unwrap().sample_rate(), Some(rate(0.5)));
}

#[test]
fn long_lists_are_passed_on_whole() {
    let list = (0..32).map(|at| format!("k{at}={}", "v".repeat(256))).collect::<Vec<_>>().join(",");

    assert_eq!(joined(&[&list]), list);
}

#[test]
fn elastics_entry_is_passed_on_untouched_and_in_place() {
    for list in
        ["other=abc,es=s:0.25", "es=s:0.25,other=abc", "es=s:1.0", "es=s:0.50", "es=x:1", "es=s:2", "es=a"]
    {
        let state = parse(&[list]).unwrap();

        assert_eq!(state.to_string(), list);
        assert_eq!(state.to_header_value().unwrap(), list);
        assert!(state.has_es());
    }
}

#[test]
fn the_rate_is_read_from_elastics_entry() {
    for (list, expected) in [
        ("es=s:0.25,other=abc", Some(0.25)),
        ("a=b,es=s:1", Some(1.0)),
        ("es=s:1.0", Some(1.0)),
        ("es=s:0", Some(0.0)),
        ("es=x:y;s:0.5", Some(0.5)),
        ("es=s:0.5;x:y", Some(0.5)),
        ("es=s:.5", Some(0.5)),
        ("es=s:0.55555", Some(0.5556)),
        ("es=s:1.1", None),
        ("es=s:-0.5", None),
        ("es=s:+0.5", None),
        ("es=s:nan", None),
        ("es=s:inf", None),
        ("es=s:1e-3", None),
        ("es=s:", None),
        ("es=s:.", None),
        ("es=s:0.5.5", None),
        ("es=s", None),
        ("es=xs:1", None),
        ("other=s:0.5", None),
    ] {
        assert_eq!(parse(&[list]).unwrap().sample_rate().map(SampleRate::as_f64), expected, "{list}");
    }
}

#[test]
fn only_the_key_es_is_elastics() {
    assert!(parse(&["a=b,es=c"]).unwrap().has_es());
    assert!(!parse(&["es2=s:1,a@es=s:1,xes=s:1"]).unwrap().has_es());
}

#[test]
fn a_root_writes_its_rate_and_nothing_else() {
    for (number, text) in
        [(1.0, "es=s:1"), (0.0, "es=s:0"), (0.5, "es=s:0.5"), (0.55555, "es=s:0.5556"), (1e-9, "es=s:0.0001")]
    {
        let state = TraceState::for_root(rate(number));

        assert_eq!(state.to_string(), text);
        assert_eq!(state.to_header_value().unwrap(), text);
        assert_eq!(state.sample_rate(), Some(rate(number)));
        assert!(state.has_es() && !state.is_empty());
        assert_eq!(parse(&[text]).unwrap(), state);
    }
}

#[test]
fn it_is_small() {
    assert_eq!(size_of::<TraceState>(), 16);
}
