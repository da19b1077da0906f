use elastic_apm::capture_span;

struct Tenant;

#[capture_span(labels(tenant = tenant))]
fn work(tenant: &Tenant) {}

fn main() {}
