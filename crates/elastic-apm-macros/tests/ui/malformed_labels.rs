use elastic_apm::capture_span;

#[capture_span(labels = tenant)]
fn no_list(tenant: &str) {}

#[capture_span(labels(tenant))]
fn no_value(tenant: &str) {}

#[capture_span(labels(user.id = 1))]
fn dotted() {}

#[capture_span(labels(7 = 1))]
fn number_as_key() {}

fn main() {}
