//! However a process leaves, short of being killed, what its default agent holds is sent first, and its exit code is its own.

use std::time::Duration;

use elastic_apm_integration_tests::certificate::SelfSigned;
use elastic_apm_integration_tests::child::{self, Ended};
use elastic_apm_integration_tests::fault_server::{Fault, FaultServer};

/// How long the agent holds up an exit at most, and what starting a process on a loaded machine may add.
const LONGEST_EXIT: Duration = Duration::from_secs(3);
const MARGIN: Duration = Duration::from_secs(2);

/// How to leave, and the exit code; none where the program aborts once the agent is dropped.
const WAYS: [(&str, Option<i32>); 7] = [
    ("drop", None),
    ("return", Some(7)),
    ("return-static", Some(7)),
    ("panic", Some(101)),
    ("panic-static", Some(101)),
    ("exit", Some(3)),
    ("exit-static", Some(3)),
];

/// Runs the program that leaves at the place and in the way that `arguments` name.
fn leave(arguments: &[&str], server: &FaultServer) -> Ended {
    let variables = [
        ("ELASTIC_APM_SERVER_URL", &*server.url()),
        ("ELASTIC_APM_SERVICE_NAME", "leaving"),
        ("ELASTIC_APM_SERVER_TIMEOUT", "30s"),
        ("ELASTIC_APM_VERIFY_SERVER_CERT", "false"),
    ];
    child::run(env!("CARGO_BIN_EXE_exit-case"), arguments, &variables)
}

#[track_caller]
fn assert_code(ended: &Ended, code: Option<i32>) {
    match code {
        Some(code) => assert_eq!(ended.status.code(), Some(code), "{ended:#?}"),
        None => assert!(!ended.status.success(), "{ended:#?}"),
    }
}

#[track_caller]
fn assert_leaves(arguments: &[&str], code: Option<i32>) {
    let server = FaultServer::start();

    let ended = leave(arguments, &server);

    assert_code(&ended, code);
    assert_eq!(server.names_taken(), ["first", "second", "job"], "{arguments:?}: {ended:#?}");
}

#[test]
fn without_tokio_every_way_out_sends() {
    for (way, code) in WAYS {
        assert_leaves(&["without-tokio", way], code);
    }
}

#[test]
fn around_a_current_thread_runtime_every_way_out_sends() {
    for (way, code) in WAYS {
        assert_leaves(&["around", "current-thread", way], code);
    }
}

#[test]
fn around_a_multi_thread_runtime_every_way_out_sends() {
    for (way, code) in WAYS {
        assert_leaves(&["around", "multi-thread", way], code);
    }
}

#[test]
fn inside_a_current_thread_runtime_every_way_out_sends() {
    for (way, code) in WAYS {
        assert_leaves(&["inside", "current-thread", way], code);
    }
}

#[test]
fn inside_a_multi_thread_runtime_every_way_out_sends() {
    for (way, code) in WAYS {
        assert_leaves(&["inside", "multi-thread", way], code);
    }
}

#[test]
fn in_a_task_of_either_runtime_every_way_out_sends() {
    for flavor in ["current-thread", "multi-thread"] {
        for (way, code) in WAYS {
            // Its panic ends the task, after which `main` returns.
            let code = if way.starts_with("panic") { Some(7) } else { code };
            assert_leaves(&["task", flavor, way], code);
        }
    }
}

#[test]
fn exit_in_another_thread_than_main_sends() {
    assert_leaves(&["without-tokio", "exit-in-a-thread-static"], Some(3));
    assert_leaves(&["without-tokio", "exit-in-a-thread"], Some(3));
}

#[test]
fn exit_while_other_threads_record_sends_what_came_before() {
    let server = FaultServer::start();

    let ended = leave(&["without-tokio", "exit-while-recording-static"], &server);

    assert_eq!(ended.status.code(), Some(3), "{ended:#?}");
    assert_eq!(server.names_taken()[..3], ["first", "second", "job"], "{ended:#?}");
}

#[test]
fn a_first_connection_over_tls_can_be_made_while_exiting() {
    let server = FaultServer::start_tls(SelfSigned::new().config);

    let ended = leave(&["without-tokio", "exit-static"], &server);

    assert_eq!(ended.status.code(), Some(3), "{ended:#?}");
    assert_eq!(server.names_taken(), ["first", "second", "job"], "{ended:#?}");
}

#[test]
fn a_server_that_refuses_holds_up_no_exit() {
    for (way, code) in WAYS {
        let server = FaultServer::refusing();

        let ended = leave(&["inside", "multi-thread", way], &server);

        assert_code(&ended, code);
        assert!(ended.took < MARGIN, "{way}: {ended:#?}");
    }
}

#[test]
fn a_server_that_is_known_to_be_down_holds_up_no_exit() {
    let server = FaultServer::refusing();

    let ended = leave(&["without-tokio", "exit-knowing-the-server-is-down"], &server);

    assert_eq!(ended.status.code(), Some(3), "{ended:#?}");
    assert!(ended.took < MARGIN, "{ended:#?}");
}

#[test]
fn a_server_that_hangs_holds_up_an_exit_for_three_seconds_at_most() {
    for (way, code) in [("return", 7), ("exit-static", 3), ("panic", 101)] {
        let server = FaultServer::start();
        server.always(Fault::Hang);

        let ended = leave(&["inside", "current-thread", way], &server);

        assert_eq!(ended.status.code(), Some(code), "{way}: {ended:#?}");
        assert!(ended.took < LONGEST_EXIT + MARGIN, "{way}: {ended:#?}");
    }
}
