use super::*;

const SAME: &str = "rustc 1.95.0";

fn recorded(own: u64) -> Recorded {
    Recorded { compiler: SAME.to_owned(), counts: vec![("span".to_owned(), Count { own, all: 2 * own })] }
}

fn judge(recorded: u64, own: u64) -> Verdict {
    self::recorded(recorded).judge("span", own, SAME)
}

#[test]
fn a_count_within_the_margin_is_the_same() {
    for own in [890, 1_000, 1_110] {
        assert_eq!(judge(1_000, own), Verdict::Same, "{own}");
    }
}

#[test]
fn a_count_above_the_margin_is_a_failure_that_names_the_bound() {
    assert_eq!(judge(1_000, 1_111), Verdict::Higher { at_most: 1_110 });
}

#[test]
fn a_few_instructions_more_are_no_failure_of_a_short_path() {
    assert_eq!(judge(20, 32), Verdict::Same);
    assert_eq!(judge(20, 33), Verdict::Higher { at_most: 32 });
}

#[test]
fn another_compiler_is_granted_more_and_not_anything() {
    let by_another = |own| recorded(1_000).judge("span", own, "rustc 1.99.0");

    assert_eq!(by_another(1_260), Verdict::Same);
    assert_eq!(by_another(1_261), Verdict::Higher { at_most: 1_260 });
}

#[test]
fn a_much_lower_count_is_no_failure_and_asks_for_a_new_record() {
    assert_eq!(judge(1_000, 889), Verdict::Lower);
}

#[test]
fn a_path_that_is_not_recorded_is_a_failure() {
    assert_eq!(recorded(1).judge("poll", 1, SAME), Verdict::Unknown);
}

#[test]
fn the_file_reads_back_as_it_was_written() {
    let recorded = recorded(1_000);

    assert_eq!(Recorded::parse(&recorded.render()).unwrap(), recorded);
}

#[test]
fn a_line_that_is_no_row_is_named() {
    let error = Recorded::parse("# hand-made\nspan\t12\n").unwrap_err();

    assert_eq!(error, "line 2: not a row: span\t12");
}

#[test]
fn the_file_in_the_repository_has_every_path_and_no_other() {
    let file = Recorded::parse(include_str!("../../recorded.tsv")).unwrap();

    let names: Vec<_> = file.counts.iter().map(|(name, _)| name.as_str()).collect();

    assert_eq!(names, crate::paths::PATHS.iter().map(|path| path.name).collect::<Vec<_>>());
}
