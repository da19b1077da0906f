use super::*;

fn parse(header: &str) -> Baggage {
    Baggage::parse([header.as_bytes()])
}

#[test]
fn members_are_read_in_order_from_all_headers() {
    let baggage = Baggage::parse([b"a=1, b = 2".as_slice(), b"c=3;prop;ttl=5"]);

    assert_eq!(baggage.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2"), ("c", "3")]);
    assert_eq!(baggage.to_string(), "a=1,b=2,c=3;prop;ttl=5");
}

#[test]
fn values_are_decoded_when_read_and_encoded_when_sent() {
    let baggage = parse("user=Am%C3%A9lie%20P%2C%3B%25,equation=a=b");

    assert_eq!((baggage.get("user"), baggage.get("equation")), (Some("Amélie P,;%"), Some("a=b")));
    assert_eq!(baggage.to_string(), "user=Am%C3%A9lie%20P%2C%3B%25,equation=a=b");
}

#[test]
fn a_malformed_member_is_left_out_and_the_others_stay() {
    let bad = ["", "=1", "no value", "k ey=1", "k=a b", "k=\"a\"", "k=a\\b", "k=\u{e9}", "k=1;", "k=1;p q=2"];

    for bad in bad {
        let baggage = parse(&format!("a=1,{bad},z=2"));
        assert_eq!(baggage.iter().collect::<Vec<_>>(), [("a", "1"), ("z", "2")], "{bad:?}");
    }
}

#[test]
fn a_lone_percent_sign_and_bytes_that_are_no_text_are_taken_as_they_can_be() {
    assert_eq!(parse("a=100%").get("a"), Some("100%"));
    assert_eq!(parse("a=%FF%").get("a"), Some("\u{fffd}%"));
}

#[test]
fn the_last_of_several_members_with_one_key_counts() {
    assert_eq!(parse("a=1,b=2,a=3").to_string(), "a=3,b=2");
}

#[test]
fn no_more_travels_than_64_members_and_8192_bytes() {
    let many: Vec<String> = (0..70).map(|number| format!("k{number}=v")).collect();
    assert_eq!(parse(&many.join(",")).iter().count(), 64);

    let large = format!("a={},b={}", "x".repeat(8_000), "y".repeat(8_000));
    let baggage = parse(&large);
    assert_eq!((baggage.iter().count(), baggage.to_string().len()), (1, 8_002));
}

#[test]
fn what_cannot_be_set_changes_nothing_and_says_why() {
    let mut baggage = parse("a=1");

    assert_eq!(baggage.set("k ey", "1"), Err(BaggageError::Key));
    assert_eq!(baggage.set("", "1"), Err(BaggageError::Key));
    assert_eq!(baggage.set("a", &" ".repeat(2_731)), Err(BaggageError::Full));

    assert_eq!(baggage, parse("a=1"));
}

#[test]
fn a_copy_is_not_changed_with_the_original() {
    let mut baggage = parse("a=1,b=2");
    let copy = baggage.clone();

    baggage.set("a", "9").unwrap();
    assert!(baggage.remove("b") && !baggage.remove("b"));

    assert_eq!((baggage.to_string().as_str(), copy.to_string().as_str()), ("a=9", "a=1,b=2"));
}

#[test]
fn the_last_member_taken_away_leaves_nothing_to_send() {
    let mut baggage = parse("a=1");

    baggage.remove("a");

    assert_eq!((baggage.to_header_value(), baggage), (None, Baggage::default()));
}

#[test]
fn no_bytes_make_it_panic_and_what_is_kept_is_stable() {
    const ALPHABET: &[u8] = b"ab==;;,, %4%Fx\t\"\\\xc3\xa9\xff\0";
    let mut random = fastrand::Rng::with_seed(8_192);
    let mut kept = 0;

    for _ in 0..50_000 {
        let bytes: Vec<u8> =
            (0..random.usize(0..24)).filter_map(|_| random.choice(ALPHABET).copied()).collect();
        let baggage = Baggage::parse([&bytes[..]]);
        kept += usize::from(!baggage.is_empty());

        let header = baggage.to_header_value();
        assert_eq!(header.is_none(), baggage.is_empty(), "{bytes:?}");
        let again = Baggage::parse(header.as_ref().map(HeaderValue::as_bytes));
        assert_eq!(again, baggage, "{bytes:?}");
    }
    assert!(kept > 200, "{kept}");
}
