use super::*;

const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn parse(value: &str) -> Result<TraceParent, TraceParentError> {
    TraceParent::parse(value.as_bytes())
}

/// The valid header with the bytes at `at` replaced.
fn with(at: usize, bytes: &str) -> String {
    let mut value = VALID.to_owned();
    value.replace_range(at..at + bytes.len(), bytes);
    value
}

#[test]
fn a_valid_header_reads_and_prints_as_itself() {
    let parent = parse(VALID).unwrap();

    assert_eq!(parent.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(parent.parent_id().to_string(), "b7ad6b7169203331");
    assert_eq!(parent.flags(), 1);
    assert!(parent.is_sampled());
    assert_eq!(parent.to_string(), VALID);
    assert_eq!(&parent.to_header(), VALID.as_bytes());
    assert_eq!(parent.to_header_value(), VALID);
    assert_eq!(VALID.parse(), Ok(parent));
}

#[test]
fn spaces_and_tabs_around_it_do_not_count() {
    assert_eq!(parse(&format!(" \t{VALID}\t ")), parse(VALID));
    assert_eq!(parse(&format!("\n{VALID}")), Err(TraceParentError::Separator));
    assert_eq!(parse(&format!("{VALID}\n")), Err(TraceParentError::Length));
    assert_eq!(parse(&format!("\u{a0}{VALID}")), Err(TraceParentError::Separator));
}

#[test]
fn version_00_has_exactly_55_bytes() {
    assert_eq!(parse(""), Err(TraceParentError::Length));
    assert_eq!(parse(" \t "), Err(TraceParentError::Length));
    assert_eq!(parse(&VALID[..54]), Err(TraceParentError::Length));
    assert_eq!(parse(&format!("{VALID}-")), Err(TraceParentError::Length));
    assert_eq!(parse(&format!("{VALID}-00")), Err(TraceParentError::Length));
    assert_eq!(parse(&format!("{VALID}0")), Err(TraceParentError::Length));
}

#[test]
fn later_versions_may_go_on_behind_a_hyphen() {
    for value in [with(0, "01"), with(0, "cc"), with(0, "fe"), with(0, "cc") + "-", with(0, "cc") + "-more"] {
        assert_eq!(parse(&value), parse(VALID), "{value}");
    }
    assert_eq!(parse(&(with(0, "cc") + ".more")), Err(TraceParentError::Length));
    assert_eq!(parse(&(with(0, "cc") + "0")), Err(TraceParentError::Length));
}

#[test]
fn version_ff_is_rejected() {
    assert_eq!(parse(&with(0, "ff")), Err(TraceParentError::Version));
    assert_eq!(parse(&(with(0, "ff") + "-more")), Err(TraceParentError::Version));
}

#[test]
fn every_separator_is_a_hyphen_in_its_place() {
    for at in [2, 35, 52] {
        for wrong in ["_", "0", " ", "+"] {
            assert_eq!(parse(&with(at, wrong)), Err(TraceParentError::Separator), "{at} {wrong:?}");
        }
    }
}

#[test]
fn every_digit_is_lower_case_hex() {
    let fields = [
        (0..2, TraceParentError::Version),
        (3..35, TraceParentError::TraceId),
        (36..52, TraceParentError::ParentId),
        (53..55, TraceParentError::Flags),
    ];
    for (positions, error) in fields {
        for at in positions {
            for wrong in ["A", "F", "g", "G", "+", "-", ".", "x", "\0", "/", ":", "`", "@"] {
                assert_eq!(parse(&with(at, wrong)), Err(error), "{at} {wrong:?}");
            }
        }
    }
}

#[test]
fn bytes_beyond_ascii_are_rejected_without_a_panic() {
    let mut value = VALID.as_bytes().to_vec();
    for at in 0..value.len() {
        let before = std::mem::replace(&mut value[at], 0xff);
        assert!(TraceParent::parse(&value).is_err(), "{at}");
        value[at] = before;
    }
}

#[test]
fn zero_trace_id_is_rejected() {
    assert_eq!(parse(&with(3, &"0".repeat(32))), Err(TraceParentError::TraceId));
    assert!(parse(&with(3, &("0".repeat(31) + "1"))).is_ok());
}

#[test]
fn zero_parent_id_is_rejected() {
    assert_eq!(parse(&with(36, &"0".repeat(16))), Err(TraceParentError::ParentId));
    assert!(parse(&with(36, &("0".repeat(15) + "1"))).is_ok());
}

#[test]
fn only_the_flags_sampled_and_random_survive() {
    for flags in 0..=0xff_u8 {
        let parent = parse(&with(53, &format!("{flags:02x}"))).unwrap();

        assert_eq!(parent.flags(), flags & 3);
        assert_eq!(parent.is_sampled(), flags & 1 == 1);
        assert_eq!(parent.to_string(), with(53, &format!("{:02x}", flags & 3)));
    }
}

#[test]
fn version_00_is_printed_whatever_was_read() {
    assert_eq!(parse(&(with(0, "cc") + "-more")).unwrap().to_string(), VALID);
}

#[test]
fn the_next_caller_keeps_trace_and_flags() {
    let parent = parse(&with(53, "03")).unwrap().with_parent(SpanId::from_bytes([1; 8]));

    assert_eq!(parent.to_string(), "00-0af7651916cd43dd8448eb211c80319c-0101010101010101-03");
}

#[test]
fn a_new_one_announces_sampled_or_nothing() {
    let (trace_id, parent_id) = (TraceId::from_bytes([0xab; 16]), SpanId::from_bytes([0xcd; 8]));

    for (sampled, flags) in [(true, "01"), (false, "00")] {
        let printed = TraceParent::new(trace_id, parent_id, sampled).to_string();
        assert_eq!(printed, format!("00-{}-{}-{flags}", "ab".repeat(16), "cd".repeat(8)));
        assert_eq!(parse(&printed), Ok(TraceParent::new(trace_id, parent_id, sampled)));
    }
}

#[test]
fn the_binary_form_has_its_fields_behind_their_numbers() {
    let parent: TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap();

    let binary = parent.to_binary();

    assert_eq!((binary[0], binary[1], binary[18], binary[27], binary[28]), (0, 0, 1, 2, 1));
    assert_eq!(&binary[2..18], parent.trace_id().as_bytes());
    assert_eq!(&binary[19..27], parent.parent_id().as_bytes());
}

#[test]
fn a_malformed_binary_form_names_its_part() {
    let parent: TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap();
    let changed = |range: std::ops::Range<usize>, to: u8| {
        let mut binary = parent.to_binary();
        binary[range].fill(to);
        TraceParent::from_binary(&binary)
    };

    assert_eq!(TraceParent::from_binary(&parent.to_binary()[..28]), Err(TraceParentError::Length));
    assert_eq!(changed(0..1, 0xff), Err(TraceParentError::Version));
    assert_eq!(changed(18..19, 7), Err(TraceParentError::Separator));
    assert_eq!(changed(2..18, 0), Err(TraceParentError::TraceId));
    assert_eq!(changed(19..27, 0), Err(TraceParentError::ParentId));
    assert_eq!(changed(28..29, 0xff).map(|parent| parent.flags()), Ok(3));
}
