use elastic_apm::capture_span;

const NAME: &str = "work";

#[capture_span(name = NAME)]
fn work() {}

#[capture_span(name = format!("work {id}"))]
fn varies(id: u64) {}

#[capture_span(name = 7)]
fn number() {}

#[capture_span(name)]
fn nothing() {}

#[capture_span(name = "")]
fn empty() {}

#[capture_span("work")]
fn without_a_key() {}

fn main() {}
