use super::*;

#[test]
fn lines_above_the_level_are_not_written() {
    let log = AgentLog::recording();

    log.set_level(LogLevel::Warning);
    log.error(format_args!("1"));
    log.warn(format_args!("2"));
    log.info(format_args!("3"));
    log.debug(format_args!("4"));
    log.log(LogLevel::Trace, format_args!("5"));

    assert_eq!(log.recorded(), ["ERROR 1", "WARN 2"]);
}

#[test]
fn the_level_is_shared_by_all_clones() {
    let log = AgentLog::recording();
    let clone = log.clone();

    clone.set_level(LogLevel::Off);
    log.log(LogLevel::Error, format_args!("silent"));
    log.log(LogLevel::Off, format_args!("silent"));

    assert!(log.recorded().is_empty());
    assert!(!log.enabled(LogLevel::Critical));
    assert_eq!(log.level(), LogLevel::Off);
}

#[test]
fn a_call_made_while_logging_is_dropped() {
    struct Nested<'a>(&'a AgentLog);
    impl fmt::Display for Nested<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.error(format_args!("inner"));
            f.write_str("outer")
        }
    }
    let log = AgentLog::recording();

    log.info(format_args!("{}", Nested(&log)));
    log.info(format_args!("after"));

    assert_eq!(log.recorded(), ["INFO outer", "INFO after"]);
}

#[test]
fn a_panic_while_logging_goes_no_further_and_does_not_silence_the_thread() {
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("broken Display")
        }
    }
    let log = AgentLog::recording();

    log.info(format_args!("{Panics}"));
    log.info(format_args!("after"));

    assert_eq!(log.recorded(), ["INFO after"]);
}
