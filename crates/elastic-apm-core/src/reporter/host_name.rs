//! Learns the full name of the machine before the first event is sent, so that all are of one host.
//!
//! A resolver can hang. Then the name that the kernel knows has to do: for good, since a host that changes its name midway is two.

use std::time::Duration;

use elastic_apm_intake::Metadata;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::log::AgentLog;
use crate::metadata::{HostLookup, qualified};
use crate::queue::Queue;

/// The longest wait. A resolver that has not answered by then lost a packet, and will not for seconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// Puts the full name in the place of the short one, where there is one and nobody has configured another.
///
/// Events stay in `queue` meanwhile; once an eighth of it is full they matter more.
pub(super) async fn learn(metadata: &mut Metadata, lookup: HostLookup, queue: &Queue, log: &AgentLog) {
    let Some(system) = metadata.system.as_mut().filter(|system| system.configured_hostname.is_none()) else {
        return;
    };
    let short = system.detected_hostname.clone().filter(|name| !name.contains('.'));
    let (Some(short), Some(ask)) = (short, lookup.0) else { return };
    let name = short.clone();
    let asked = spawn_blocking(move || ask(&name));
    let canonical = tokio::select! {
        biased;
        answer = asked => answer.ok().flatten(),
        () = queue.wait(false) => None,
        () = sleep(PATIENCE) => {
            log.debug(format_args!("the resolver does not answer: the host stays {short:?}"));
            None
        }
    };
    if let Some(name) = canonical.and_then(|canonical| qualified(&short, &canonical)) {
        log.info(format_args!("the full name of the host is {name:?}"));
        system.detected_hostname = Some(name);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use elastic_apm_intake::{Keyword, System};

    use super::*;
    use crate::record::Record;
    use crate::testing::RecordingAgent;

    fn metadata(detected: &'static str, configured: Option<&'static str>) -> Metadata {
        let system = System {
            detected_hostname: Some(detected.into()),
            configured_hostname: configured.map(Keyword::from),
            ..System::default()
        };
        Metadata { system: Some(system), ..Metadata::default() }
    }

    fn queue() -> Queue {
        Queue::new(2, 1 << 20)
    }

    async fn learned(mut metadata: Metadata, lookup: fn(&str) -> Option<String>, queue: &Queue) -> String {
        learn(&mut metadata, HostLookup(Some(lookup)), queue, &AgentLog::recording()).await;
        metadata.system.unwrap().detected_hostname.unwrap().to_string()
    }

    fn in_example_com(name: &str) -> Option<String> {
        Some(format!("{name}.example.com"))
    }

    fn never(_: &str) -> Option<String> {
        std::thread::sleep(Duration::from_secs(60));
        None
    }

    /// Runs `test` on a runtime as the reporter's, which leaves behind what hangs.
    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test);
        runtime.shutdown_background();
    }

    #[test]
    fn the_full_name_takes_the_place_of_the_short_one() {
        run(async {
            assert_eq!(learned(metadata("web-1", None), in_example_com, &queue()).await, "web-1.example.com");
        });
    }

    #[test]
    fn what_is_no_full_name_of_this_machine_is_ignored() {
        run(async {
            for lookup in
                [|_: &str| None, |_: &str| Some("localhost".to_owned()), |_: &str| panic!("on purpose")]
            {
                assert_eq!(learned(metadata("web-1", None), lookup, &queue()).await, "web-1");
            }
        });
    }

    #[test]
    fn nobody_is_asked_for_a_name_that_is_full_or_configured() {
        run(async {
            let asked = |_: &str| -> Option<String> { std::process::abort() };

            assert_eq!(learned(metadata("web-1.here", None), asked, &queue()).await, "web-1.here");
            assert_eq!(learned(metadata("web-1", Some("mine")), asked, &queue()).await, "web-1");
        });
    }

    #[test]
    fn a_resolver_that_hangs_is_not_waited_for() {
        run(async {
            let start = Instant::now();

            assert_eq!(learned(metadata("web-1", None), never, &queue()).await, "web-1");

            assert!(start.elapsed() >= PATIENCE && start.elapsed() < Duration::from_secs(30));
        });
    }

    #[test]
    fn a_queue_that_fills_up_does_not_wait() {
        run(async {
            let queue = queue();
            queue.push(Record::Metricset(Box::default()));

            assert_eq!(learned(metadata("web-1", None), never, &queue).await, "web-1");
        });
    }

    #[test]
    fn the_first_request_says_the_full_name_already() {
        let agent = RecordingAgent::with(|builder| builder.host_lookup(HostLookup(Some(in_example_com))));
        let kernel = gethostname::gethostname().into_string().unwrap().trim().to_lowercase();
        let expected = if kernel.contains('.') { kernel } else { kernel + ".example.com" };

        agent.tracer().transaction("job", "script").start().end();

        let system = agent.events().metadata.unwrap().system.unwrap();
        assert_eq!(system.detected_hostname.as_deref(), Some(&*expected));
    }
}
