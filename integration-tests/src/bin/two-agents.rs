//! A program that installs two agents: its parent watches which of them is the default, and what the second one says.

use elastic_apm::{Agent, default_tracer};

fn main() {
    let first = Agent::builder().service_name("first").install();
    let second = Agent::builder().service_name("second").install();
    record("while both live");
    second.tracer().transaction("the second's own", "script").start().end();
    drop(second);
    record("after the second was dropped");
    drop(first);
    record("after both were dropped");
    let third = Agent::builder().service_name("third").install();
    record("after a third was installed");
    drop(third);
}

fn record(name: &'static str) {
    default_tracer().transaction(name, "script").start().end();
}
