//! A program that panics in the way its argument names. Its parent watches what arrives.
//!
//! The agent is the process's default one, set up by the environment.

use std::panic::{set_hook, take_hook};
use std::thread;

use elastic_apm::{Agent, capture_span};

fn main() {
    let way = std::env::args().nth(1).unwrap_or_default();
    if way == "exit-in-the-hook-before" {
        set_hook(Box::new(|_| std::process::exit(9)));
    }
    let agent = Agent::builder().install();
    match way.as_str() {
        "main" | "exit-in-the-hook-before" => brew(),
        "transaction" => agent.tracer().transaction("job", "script").run_sync(|| {
            let _span = capture_span("step");
            brew();
        }),
        "thread" => {
            let _ = thread::spawn(brew).join();
        }
        "hook-on-top" => {
            let previous = take_hook();
            set_hook(Box::new(move |panic| {
                eprintln!("on top");
                previous(panic);
            }));
            brew();
        }
        "agent-dropped" => {
            drop(agent);
            brew();
        }
        unknown => panic!("no way to panic is called {unknown:?}"),
    }
}

#[inline(never)]
fn brew() {
    panic!("no water");
}
