//! However a process leaves, short of being killed, what its default agent holds is sent first, and its exit code is its own.

use std::time::Duration;

use elastic_apm_integration_tests::certificate::SelfSigned;
use elastic_apm_integration_tests::child::{self, Ended};
use elastic_apm_integration_tests::fault_server::{Fault, FaultServer};

/// How long the agent holds up an exit at most, and what starting a process on a loaded machine may add.
const LONGEST_EXIT: Duration = Duration::from_secs(3);
const MARGIN: Duration = Duration::from_secs(2);

fn leave(way: &str, server: &FaultServer) -> Ended {
    let variables = [
        ("ELASTIC_APM_SERVER_URL", &*server.url()),
        ("ELASTIC_APM_SERVICE_NAME", "leaving"),
        ("ELASTIC_APM_SERVER_TIMEOUT", "30s"),
        ("ELASTIC_APM_VERIFY_SERVER_CERT", "false"),
    ];
    child::run(env!("CARGO_BIN_EXE_exit-case"), &[way], &variables)
}

#[track_caller]
fn assert_leaves(way: &str, code: i32) {
    let server = FaultServer::start();

    let ended = leave(way, &server);

    assert_eq!(ended.status.code(), Some(code), "{ended:#?}");
    assert_eq!(server.names_taken(), ["first", "second", "job"], "{ended:#?}");
}

#[test]
fn returning_from_main_with_the_agent_bound_sends() {
    assert_leaves("return-bound", 7);
}

#[test]
fn returning_from_main_with_the_agent_in_a_static_sends() {
    assert_leaves("return", 7);
}

#[test]
fn exit_with_the_agent_bound_in_main_sends() {
    assert_leaves("exit-bound", 3);
}

#[test]
fn exit_with_the_agent_in_a_static_sends() {
    assert_leaves("exit", 3);
}

#[test]
fn exit_in_another_thread_than_main_sends() {
    assert_leaves("exit-in-a-thread", 3);
}

#[test]
fn a_panic_of_main_with_the_agent_bound_sends() {
    assert_leaves("panic-bound", 101);
}

#[test]
fn a_panic_of_main_with_the_agent_in_a_static_sends() {
    assert_leaves("panic", 101);
}

#[test]
fn a_single_threaded_runtime_that_returns_sends() {
    assert_leaves("current-thread-return", 7);
}

#[test]
fn exit_inside_a_single_threaded_runtime_sends() {
    assert_leaves("current-thread-exit", 3);
}

#[test]
fn a_multi_threaded_runtime_that_returns_sends() {
    assert_leaves("multi-thread-return", 7);
}

#[test]
fn exit_in_a_task_of_a_multi_threaded_runtime_sends() {
    assert_leaves("multi-thread-exit", 3);
}

#[test]
fn a_panic_of_an_async_main_sends() {
    assert_leaves("multi-thread-panic", 101);
}

#[test]
fn an_async_main_with_the_agent_bound_sends() {
    assert_leaves("multi-thread-bound", 7);
}

#[test]
fn exit_while_other_threads_record_sends_what_came_before() {
    let server = FaultServer::start();

    let ended = leave("exit-while-recording", &server);

    assert_eq!(ended.status.code(), Some(3), "{ended:#?}");
    assert_eq!(server.names_taken()[..3], ["first", "second", "job"], "{ended:#?}");
}

#[test]
fn a_first_connection_over_tls_can_be_made_while_exiting() {
    let server = FaultServer::start_tls(SelfSigned::new().config);

    let ended = leave("exit", &server);

    assert_eq!(ended.status.code(), Some(3), "{ended:#?}");
    assert_eq!(server.names_taken(), ["first", "second", "job"], "{ended:#?}");
}

#[test]
fn a_server_that_refuses_holds_up_no_exit() {
    for (way, code) in [("return-bound", 7), ("exit", 3), ("panic", 101), ("multi-thread-exit", 3)] {
        let server = FaultServer::refusing();

        let ended = leave(way, &server);

        assert_eq!(ended.status.code(), Some(code), "{way}: {ended:#?}");
        assert!(ended.took < MARGIN, "{way}: {ended:#?}");
    }
}

#[test]
fn a_server_that_hangs_holds_up_an_exit_for_three_seconds_at_most() {
    for (way, code) in [("return-bound", 7), ("exit", 3)] {
        let server = FaultServer::start();
        server.always(Fault::Hang);

        let ended = leave(way, &server);

        assert_eq!(ended.status.code(), Some(code), "{way}: {ended:#?}");
        assert!(ended.took < LONGEST_EXIT + MARGIN, "{way}: {ended:#?}");
    }
}
