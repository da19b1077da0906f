use elastic_apm::{capture_span, transaction};

#[capture_span(nmae = "typo")]
fn span() {}

#[transaction(nmae = "typo")]
fn job() {}

fn main() {}
