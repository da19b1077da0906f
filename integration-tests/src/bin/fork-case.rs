//! A program that forks beside a running agent, in the way its argument names. Its parent watches what arrives.
//!
//! The agent is the process's default one, set up by the environment. Names of events begin with the process that recorded them.

use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use elastic_apm::{Agent, default_tracer};
use fork::{Fork, fork, waitpid};

/// How much the agent has been made to say.
static SAID: AtomicUsize = AtomicUsize::new(0);

const PATIENCE: Duration = Duration::from_secs(20);

fn main() {
    let way = std::env::args().nth(1).unwrap_or_default();
    let agent = Agent::builder().install();
    match way.as_str() {
        // What a daemon does: the parent is gone at once.
        "daemon" => match fork().expect("a child") {
            Fork::Parent(_) => drop(agent),
            Fork::Child => {
                record("child", 0..3);
                assert!(agent.flush(PATIENCE));
                record("child", 3..4);
                drop(agent);
            }
        },
        // What a server with several processes does; the parent has something in its queue meanwhile.
        "prefork" => {
            record("parent", 0..3);
            let children = ["one", "two"].map(|name| {
                in_child(|| {
                    record(name, 0..3);
                    // A child's child.
                    let grandchild = in_child(|| record(&format!("{name}'s child"), 0..3));
                    record(name, 3..6);
                    wait(grandchild);
                })
            });
            record("parent", 3..6);
            children.into_iter().for_each(wait);
        }
        // A child that records nothing has nothing to wait for.
        "idle" => {
            record("parent", 0..1);
            let start = Instant::now();
            wait(in_child(|| assert!(agent.flush(PATIENCE) && agent.stats().recorded() == 0)));
            eprintln!("idle child took {} ms", start.elapsed().as_millis());
        }
        // A child whose parent is in the middle of everything.
        "busy" => {
            for thread in 0..4 {
                thread::spawn(move || record(&format!("busy {thread}"), 0..));
            }
            for child in 0..20 {
                wait(in_child(|| record(&format!("child {child}"), 0..10)));
            }
            exit(0);
        }
        // A child whose parent's agent talks all the time: whoever holds its log at the time of the fork holds it for ever in the child.
        "chatty" => {
            for _ in 0..2 {
                thread::spawn(|| {
                    loop {
                        talk();
                    }
                });
            }
            for child in 0..10 {
                let said = SAID.load(Ordering::SeqCst);
                while SAID.load(Ordering::SeqCst) < said + 100 {
                    thread::yield_now();
                }
                wait(in_child(|| {
                    talk();
                    record(&format!("child {child}"), 0..10);
                }));
            }
            exit(0);
        }
        unknown => panic!("no way is called {unknown:?}"),
    }
}

/// Runs `work` in a child, which then exits; its agent is never dropped.
fn in_child(work: impl FnOnce()) -> i32 {
    match fork().expect("a child") {
        Fork::Parent(child) => child,
        Fork::Child => {
            work();
            exit(0);
        }
    }
}

fn wait(child: i32) {
    assert_eq!(waitpid(child).expect("a child that ended"), 0, "the child failed");
}

fn record(process: &str, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        default_tracer().transaction(format!("{process} {number}"), "script").start().end();
    }
}

/// Makes the agent explain something in its log.
fn talk() {
    let ended = default_tracer().begin_transaction("script");
    ended.discard();
    default_tracer().end_transaction("talk", "success");
    ended.set_name("too late");
    SAID.fetch_add(1, Ordering::SeqCst);
}
