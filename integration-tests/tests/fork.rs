//! Processes that fork beside a running agent: each reports what it has recorded itself, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use elastic_apm_integration_tests::child::{self, Ended};
use elastic_apm_integration_tests::fault_server::{FaultServer, Received};

fn run(way: &str, server: &FaultServer) -> Ended {
    run_with(way, "info", server)
}

fn run_with(way: &str, log_level: &str, server: &FaultServer) -> Ended {
    let variables = [
        ("ELASTIC_APM_LOG_LEVEL", log_level),
        ("ELASTIC_APM_SERVER_URL", &*server.url()),
        ("ELASTIC_APM_SERVICE_NAME", "forking"),
        ("ELASTIC_APM_SERVER_TIMEOUT", "30s"),
        ("ELASTIC_APM_METRICS_INTERVAL", "0s"),
    ];
    let ended = child::run(env!("CARGO_BIN_EXE_fork-case"), &[way], &variables);
    assert!(ended.status.success(), "{ended:#?}");
    ended
}

/// The numbers of the events that each process has sent under its id, by the process that their names begin with.
fn by_process(received: &[Received]) -> BTreeMap<String, (BTreeSet<u64>, Vec<usize>)> {
    let mut processes: BTreeMap<String, (BTreeSet<u64>, Vec<usize>)> = BTreeMap::new();
    for request in received {
        let pid = request.documents()[0]["metadata"]["process"]["pid"].as_u64().expect("a pid");
        for name in request.names() {
            let (process, number) = name.rsplit_once(' ').expect("a process and a number");
            let (pids, numbers) = processes.entry(process.to_owned()).or_default();
            pids.insert(pid);
            numbers.push(number.parse().expect("a number"));
        }
    }
    processes
}

/// The ids of all traces; fails if one is there twice.
fn traces(received: &[Received]) -> BTreeSet<String> {
    let documents = received.iter().flat_map(|request| request.documents().split_off(1));
    let ids: Vec<String> = documents
        .map(|document| document["transaction"]["trace_id"].as_str().expect("an id").to_owned())
        .collect();
    let distinct: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(distinct.len(), ids.len(), "two processes made the same id");
    distinct
}

#[test]
fn a_daemon_reports_after_its_parent_is_gone() {
    let server = FaultServer::start();

    let ended = run("daemon", &server);

    let received = server.wait_for_events(4);
    let processes = by_process(&received);
    assert_eq!(processes.keys().collect::<Vec<_>>(), ["child"], "{ended:#?}");
    assert_eq!(processes["child"].1, [0, 1, 2, 3]);
}

#[test]
fn each_process_reports_what_it_recorded_under_its_own_id_and_nothing_twice() {
    let server = FaultServer::start();

    let ended = run("prefork", &server);

    let received = server.received();
    let processes = by_process(&received);
    let mut pids: BTreeSet<u64> = BTreeSet::new();
    for (process, events) in [("parent", 6), ("one", 6), ("two", 6), ("one's child", 3), ("two's child", 3)] {
        let (own, numbers) =
            processes.get(process).unwrap_or_else(|| panic!("nothing from {process}: {ended:#?}"));
        assert_eq!(*numbers, (0..events).collect::<Vec<_>>(), "{process}");
        assert_eq!(own.len(), 1, "{process}");
        pids.extend(own);
    }
    assert_eq!((processes.len(), pids.len()), (5, 5));
    assert_eq!(traces(&received).len(), 24);
}

#[test]
fn a_child_that_records_nothing_waits_for_nothing() {
    let server = FaultServer::start();

    let ended = run("idle", &server);

    let took = ended.stderr.split("idle child took ").nth(1).and_then(|rest| rest.split(' ').next());
    let took: u64 = took.and_then(|took| took.parse().ok()).expect("how long it took");
    // An agent that is never dropped waits three seconds at exit for a thread that is not there.
    assert!(took < 2_500, "{ended:#?}");
    assert_eq!(server.names_taken(), ["parent 0"]);
}

#[test]
fn a_child_of_a_parent_in_the_middle_of_everything_loses_nothing_of_its_own() {
    let server = FaultServer::start();

    let ended = run("busy", &server);

    let received = server.received();
    let processes = by_process(&received);
    for child in 0..20 {
        let sent = processes.get(&format!("child {child}"));
        let (pids, numbers) = sent.unwrap_or_else(|| panic!("nothing from child {child}: {ended:#?}"));
        assert_eq!((pids.len(), numbers.clone()), (1, (0..10).collect::<Vec<_>>()), "child {child}");
    }
    let busy = (0..4).map(|thread| &processes[&format!("busy {thread}")].0);
    assert_eq!(
        busy.flatten().collect::<BTreeSet<_>>().len(),
        1,
        "the parent's events are the parent's alone"
    );
    traces(&received);
}

#[test]
fn a_child_of_a_parent_whose_agent_talks_is_not_struck_dumb() {
    let server = FaultServer::start();

    run_with("chatty", "debug", &server);

    let processes = by_process(&server.received());
    for child in 0..10 {
        let numbers = processes.get(&format!("child {child}")).map(|(_, numbers)| numbers.clone());
        assert_eq!(numbers, Some((0..10).collect()), "child {child}");
    }
}
