//! Where an agent may be built, used and dropped: anywhere, and many at once.

use std::thread;
use std::time::Duration;

use elastic_apm::{DropReason, capture_span};
use elastic_apm_integration_tests::fault_server::FaultServer;

use crate::support::{PATIENCE, agent_of, names_once, numbered, record, record_numbered, settled};

#[test]
fn an_agent_needs_no_runtime() {
    let server = FaultServer::start();
    assert!(tokio::runtime::Handle::try_current().is_err());

    let agent = agent_of(&server).build();
    record_numbered(&agent, 0..1);
    let delivered = agent.flush(PATIENCE);

    assert!(delivered);
}

#[tokio::test]
async fn an_agent_may_be_built_and_dropped_in_a_single_threaded_runtime() {
    let server = FaultServer::start();

    let agent = agent_of(&server).build();
    agent.tracer().transaction("job", "script").run(async { tokio::task::yield_now().await }).await;
    drop(agent);

    assert_eq!(server.names_taken(), ["job"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_may_be_dropped_in_a_task_of_a_runtime() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();

    let task = tokio::spawn(async move {
        agent.tracer().transaction("job", "script").run(async { tokio::task::yield_now().await }).await;
        drop(agent);
    });
    task.await.expect("the task does not panic");

    assert_eq!(server.names_taken(), ["job"]);
}

#[test]
fn an_agent_outlives_the_runtime_that_it_was_built_in() {
    let server = FaultServer::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");

    let agent = runtime.block_on(async { agent_of(&server).build() });
    record_numbered(&agent, 0..1);
    drop(runtime);
    record_numbered(&agent, 1..2);
    let delivered = agent.flush(PATIENCE);

    assert!(delivered);
    assert_eq!(server.names_taken(), numbered(0..2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_may_be_built_used_and_dropped_where_blocking_is_allowed() {
    let server = FaultServer::start();
    let builder = agent_of(&server);

    let delivered = tokio::task::spawn_blocking(|| {
        let agent = builder.build();
        record_numbered(&agent, 0..3);
        let flushed = agent.flush(PATIENCE);
        record_numbered(&agent, 3..4);
        drop(agent);
        flushed
    });

    assert!(delivered.await.expect("the task does not panic"));
    assert_eq!(server.names_taken(), numbered(0..4));
}

#[test]
fn an_agent_works_under_a_runtime_that_is_not_tokio() {
    let server = FaultServer::start();

    let delivered = smol::block_on(async {
        let agent = agent_of(&server).build();
        let tasks: Vec<_> = (0..4)
            .map(|number| {
                let job = agent.tracer().transaction(number.to_string(), "script");
                smol::spawn(job.run(async {
                    capture_span("step").set_name("step of a task");
                    smol::Timer::after(Duration::from_millis(1)).await;
                }))
            })
            .collect();
        for task in tasks {
            task.await;
        }
        agent.flush_async(PATIENCE).await
    });

    let mut names = server.names_taken();
    names.sort_unstable();
    assert!(delivered);
    assert_eq!(names[..4], numbered(0..4));
    assert_eq!(names[4..], ["step of a task"; 4]);
}

#[test]
fn a_hundred_agents_serve_a_hundred_threads() {
    let server = FaultServer::start();

    thread::scope(|scope| {
        for number in 0..100 {
            let server = &server;
            scope.spawn(move || {
                let agent = agent_of(server).service_name(format!("service-{number}")).build();
                for event in 0..20 {
                    record(&agent.tracer(), format!("{number}/{event}"));
                }
                assert!(agent.shutdown(PATIENCE), "agent {number}");
                assert_eq!(settled(&agent.stats(), DropReason::AfterShutdown), (20, 0));
            });
        }
    });

    let received = server.received();
    assert_eq!(names_once(&received).len(), 2_000);
    for request in &received {
        let service = request.documents()[0]["metadata"]["service"]["name"].clone();
        let service = service.as_str().and_then(|name| name.strip_prefix("service-")).map(str::to_owned);
        assert!(request.names().iter().all(|name| name.split('/').next() == service.as_deref()));
    }
}
